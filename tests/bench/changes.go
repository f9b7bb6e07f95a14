package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
)

// draft is the task that is created again and again.
var draft = fmt.Appendf(nil, `{"title": %q, "body": %q, "dueDate": %q}`, taskTitle, taskBody, dueDate)

// creating is the case of creating tasks.
func creating(ctx context.Context, s *scene, p *people) ([]contender, error) {
	who, err := p.add(ctx, "creator")
	if err != nil {
		return nil, err
	}
	rivals, err := s.rivals(ctx)
	if err != nil {
		return nil, err
	}
	const mediaType = "application/json"
	theirs := request(http.MethodPost, "/create-task", who.otherToken, mediaType, draft)
	ours := request(http.MethodPost, "/", who.ourToken, mediaType, draft)
	id := uuid.Must(uuid.NewV7())
	chosen := strings.Replace(string(draft), "{", fmt.Sprintf(`{"id": %q, `, id), 1)
	statement, err := s.recorded(ctx, "create-task", request(http.MethodPost, "/", who.ourToken, mediaType, []byte(chosen)))
	if err != nil {
		return nil, err
	}
	function, err := s.function(ctx, "create-task")
	if err != nil {
		return nil, err
	}
	for _, check := range []struct {
		of       *program
		sent     []byte
		database string
	}{{rivals[0], theirs, baselineDatabase}, {rivals[1], theirs, baselineDatabase}, {function, ours, ourDatabase}} {
		if err := s.creates(ctx, check.of, check.sent, check.database); err != nil {
			return nil, fmt.Errorf("%s: %w", check.of.name, err)
		}
	}
	replaceable, err := newTemplate(statement, id)
	if err != nil {
		return nil, err
	}
	return append(sideBySide(clients, rivals, theirs, function, ours),
		contender{databaseName, nil, func(ctx context.Context, _ int) ([]script, error) {
			return bareLoop(ctx, s.pool, clients, func() string { return replaceable.with(uuid.Must(uuid.NewV7())) })
		}},
	), nil
}

// creates is nil when the request adds one task to the database and the answer names it.
func (s *scene) creates(ctx context.Context, p *program, sent []byte, database string) error {
	count := func() (n int, err error) {
		return n, s.pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+database+".tasks").Scan(&n)
	}
	before, err := count()
	if err != nil {
		return err
	}
	c := connection{address: p.address}
	defer c.close()
	a, err := c.do(sent)
	if err != nil {
		return err
	}
	if err := succeeds(a); err != nil {
		return err
	}
	var made struct{ ID string }
	if err := json.Unmarshal(a.body, &made); err != nil || uuid.Validate(made.ID) != nil {
		return fmt.Errorf("the answer names no task: %.200s", a.body)
	}
	if after, err := count(); err != nil || after != before+1 {
		return fmt.Errorf("%d tasks became %d (%v)", before, after, err)
	}
	return nil
}

// deleting is the case of deleting tasks that have no picture.
func deleting(ctx context.Context, s *scene, p *people) ([]contender, error) {
	who, err := p.add(ctx, "deleter")
	if err != nil {
		return nil, err
	}
	rivals, err := s.rivals(ctx)
	if err != nil {
		return nil, err
	}
	first, err := s.addOurs(ctx, who.ourID, 1)
	if err != nil {
		return nil, err
	}
	ours := func(id uuid.UUID) []byte {
		return request(http.MethodDelete, "/?id="+id.String(), who.ourToken, "", nil)
	}
	theirs := func(id uuid.UUID) []byte {
		return request(http.MethodDelete, "/delete-task?id="+id.String(), who.otherToken, "", nil)
	}
	statement, err := s.recorded(ctx, "delete-task", ours(first[0]))
	if err != nil {
		return nil, err
	}
	replaceable, err := newTemplate(statement, first[0])
	if err != nil {
		return nil, err
	}
	function, err := s.function(ctx, "delete-task")
	if err != nil {
		return nil, err
	}
	addOurs := func(ctx context.Context, n int) ([]uuid.UUID, error) { return s.addOurs(ctx, who.ourID, n) }
	addOthers := func(ctx context.Context, n int) ([]uuid.UUID, error) { return s.addOthers(ctx, who.otherID, n) }
	for _, check := range []struct {
		of   *program
		sent func(uuid.UUID) []byte
		add  func(context.Context, int) ([]uuid.UUID, error)
	}{{rivals[0], theirs, addOthers}, {rivals[1], theirs, addOthers}, {function, ours, addOurs}} {
		if err := deletes(ctx, check.of, check.sent, check.add); err != nil {
			return nil, fmt.Errorf("%s: %w", check.of.name, err)
		}
	}
	return []contender{
		{flaskName, rivals[0], using(rivals[0], addOthers, theirs)},
		{gunicornName, rivals[1], using(rivals[1], addOthers, theirs)},
		{ourName, function, using(function, addOurs, ours)},
		{databaseName, nil, func(ctx context.Context, n int) ([]script, error) {
			ids, err := addOurs(ctx, n)
			if err != nil {
				return nil, err
			}
			next := oneByOne(ids)
			return bareLoop(ctx, s.pool, clients, func() string {
				if id, ok := next(); ok {
					return replaceable.with(id)
				}
				return ""
			})
		}},
	}, nil
}

// using prepares clients that use up tasks that are added for them.
func using(p *program, add func(context.Context, int) ([]uuid.UUID, error), sent func(uuid.UUID) []byte) func(context.Context, int) ([]script, error) {
	return func(ctx context.Context, n int) ([]script, error) {
		ids, err := add(ctx, n)
		if err != nil {
			return nil, err
		}
		next := oneByOne(ids)
		return callers(clients, p.address, func() []byte {
			if id, ok := next(); ok {
				return sent(id)
			}
			return nil
		}, succeeds), nil
	}
}

// oneByOne gives each id once, whoever asks.
func oneByOne(ids []uuid.UUID) func() (uuid.UUID, bool) {
	var taken atomic.Int64
	return func() (uuid.UUID, bool) {
		i := taken.Add(1) - 1
		if i >= int64(len(ids)) {
			return uuid.UUID{}, false
		}
		return ids[i], true
	}
}

// deletes is nil when the request removes its task, and once more finds none.
func deletes(ctx context.Context, p *program, sent func(uuid.UUID) []byte, add func(context.Context, int) ([]uuid.UUID, error)) error {
	ids, err := add(ctx, 1)
	if err != nil {
		return err
	}
	c := connection{address: p.address}
	defer c.close()
	for _, wanted := range []int{200, 404} {
		a, err := c.do(sent(ids[0]))
		if err != nil {
			return err
		}
		if a.status != wanted {
			return fmt.Errorf("answer %d instead of %d: %.300s", a.status, wanted, a.body)
		}
	}
	return nil
}

// template is a recorded statement in which one id stands for any other.
type template []string

func newTemplate(statement string, id uuid.UUID) (template, error) {
	parts := strings.Split(statement, escaped(id[:]))
	if len(parts) < 2 {
		return nil, fmt.Errorf("the statement that was recorded does not name the task: %q", statement)
	}
	return parts, nil
}

func (t template) with(id uuid.UUID) string { return strings.Join(t, escaped(id[:])) }
