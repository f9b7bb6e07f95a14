package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// listing is a case of reading one user's list of n tasks.
func listing(user string, n int, target string) func(context.Context, *scene, *people) ([]contender, error) {
	return func(ctx context.Context, s *scene, p *people) ([]contender, error) {
		who, err := p.add(ctx, user)
		if err != nil {
			return nil, err
		}
		if _, err := s.addOurs(ctx, who.ourID, n); err != nil {
			return nil, err
		}
		if _, err := s.addOthers(ctx, who.otherID, n); err != nil {
			return nil, err
		}
		rivals, err := s.rivals(ctx)
		if err != nil {
			return nil, err
		}
		theirs := request(http.MethodGet, "/get-tasks", who.otherToken, "", nil)
		ours := request(http.MethodGet, target, who.ourToken, "", nil)
		statement, err := s.recorded(ctx, "get-tasks", ours)
		if err != nil {
			return nil, err
		}
		function, err := s.function(ctx, "get-tasks")
		if err != nil {
			return nil, err
		}
		for _, check := range []struct {
			of   *program
			sent []byte
		}{{rivals[0], theirs}, {rivals[1], theirs}, {function, ours}} {
			if err := listHas(check.of, check.sent, n); err != nil {
				return nil, fmt.Errorf("%s: %w", check.of.name, err)
			}
		}
		alone, err := s.trivial(ctx)
		if err != nil {
			return nil, err
		}
		return append(sideBySide(clients, rivals, theirs, function, ours),
			contender{databaseName, nil, func(ctx context.Context, _ int) ([]script, error) {
				return bareLoop(ctx, s.pool, clients, func() string { return statement })
			}},
			contender{serverName, alone, repeating(clients, alone, ours)},
		), nil
	}
}

// sideBySide are the rivals and the function, each with n clients that send it the same request again and again.
func sideBySide(n int, rivals [2]*program, theirs []byte, function *program, ours []byte) []contender {
	return []contender{
		{flaskName, rivals[0], repeating(n, rivals[0], theirs)},
		{gunicornName, rivals[1], repeating(n, rivals[1], theirs)},
		{ourName, function, repeating(n, function, ours)},
	}
}

// repeating prepares n clients that all send the same request again and again.
func repeating(n int, p *program, sent []byte) func(context.Context, int) ([]script, error) {
	return func(context.Context, int) ([]script, error) {
		return callers(n, p.address, func() []byte { return sent }, succeeds), nil
	}
}

// listHas is nil when the answer is the list of n tasks that were put there.
func listHas(p *program, sent []byte, n int) error {
	c := connection{address: p.address}
	defer c.close()
	a, err := c.do(sent)
	if err != nil {
		return err
	}
	if err := succeeds(a); err != nil {
		return err
	}
	var tasks []struct{ ID, Title, Body, DueDate string }
	if err := json.Unmarshal(a.body, &tasks); err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, t := range tasks {
		if t.Title != taskTitle || t.Body != taskBody || t.DueDate != dueDate {
			return fmt.Errorf("a task that nobody made: %+v", t)
		}
		ids[t.ID] = true
	}
	if len(tasks) != n || len(ids) != n {
		return fmt.Errorf("%d tasks, %d of them different, instead of %d", len(tasks), len(ids), n)
	}
	return nil
}
