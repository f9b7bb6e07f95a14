package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// predicting is a case of attaching a photo to a task and having it recognised, one at a time.
func predicting(kind photo) func(context.Context, *scene, *people) ([]contender, error) {
	return func(ctx context.Context, s *scene, p *people) ([]contender, error) {
		picture, err := kind.jpeg(s.root)
		if err != nil {
			return nil, err
		}
		who, err := p.add(ctx, "photographer-"+kind.name)
		if err != nil {
			return nil, err
		}
		ours, err := s.addOurs(ctx, who.ourID, 1)
		if err != nil {
			return nil, err
		}
		theirs, err := s.addOthers(ctx, who.otherID, 1)
		if err != nil {
			return nil, err
		}
		rivals, err := s.rivals(ctx)
		if err != nil {
			return nil, err
		}
		function, err := s.function(ctx, "predict-image")
		if err != nil {
			return nil, err
		}
		put := request(http.MethodPut, "/?id="+ours[0].String(), who.ourToken, "image/jpeg", picture)
		theirPut := request(http.MethodPut, "/predict-image?id="+theirs[0].String(), who.otherToken, "image/jpeg", picture)
		once := func(p *program, sent []byte) func(context.Context, int) ([]script, error) {
			return func(context.Context, int) ([]script, error) {
				return callers(1, p.address, func() []byte { return sent }, succeeds), nil
			}
		}
		var first []string
		for _, check := range []struct {
			of   *program
			sent []byte
		}{{rivals[0], theirPut}, {rivals[1], theirPut}, {function, put}} {
			labels, err := labelsOf(check.of, check.sent)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", check.of.name, err)
			}
			if first == nil {
				first = labels
			} else if fmt.Sprint(labels) != fmt.Sprint(first) {
				return nil, fmt.Errorf("%s gives the labels %q instead of %q", check.of.name, labels, first)
			}
		}
		return []contender{
			{flaskName, rivals[0], once(rivals[0], theirPut)},
			{gunicornName, rivals[1], once(rivals[1], theirPut)},
			{ourName, function, once(function, put)},
		}, nil
	}
}

// labelsOf sends a picture and gives the ten labels that came back.
func labelsOf(p *program, sent []byte) ([]string, error) {
	c := connection{address: p.address}
	defer c.close()
	a, err := c.do(sent)
	if err != nil {
		return nil, err
	}
	if err := succeeds(a); err != nil {
		return nil, err
	}
	var task struct{ Labels []string }
	if err := json.Unmarshal(a.body, &task); err != nil {
		return nil, err
	}
	if len(task.Labels) != 10 {
		return nil, fmt.Errorf("%d labels instead of ten", len(task.Labels))
	}
	return task.Labels, nil
}
