package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
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
		return sideBySide(1, rivals, theirPut, function, put), nil
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

// modelCPU is what EfficientNetV2-S itself takes for one picture on a core of the kind this project was measured on.
const modelCPU = 200 * time.Millisecond

// besideTheModel adds what our part costs as a share of what the model that is meant for production costs.
func besideTheModel(run func(context.Context, *bench, benchCase) (caseResult, error)) func(context.Context, *bench, benchCase) (caseResult, error) {
	return func(ctx context.Context, b *bench, c benchCase) (caseResult, error) {
		done, err := run(ctx, b, c)
		for _, one := range done.Contenders {
			if one.Name == ourName {
				done.Figures = append(done.Figures, atMost(10, 100*one.CPU/milliseconds(modelCPU), "%", "CPU on top of the %d ms of EfficientNetV2-S", modelCPU.Milliseconds()))
			}
		}
		return done, err
	}
}
