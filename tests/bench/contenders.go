package main

import (
	"context"
	"fmt"
	"strconv"

	"snaptask/deploy/local/port"
)

// running gives the program of this name that runs already, or nil.
func (s *scene) running(name string) *program {
	for _, p := range s.programs {
		if p.name == name {
			return p
		}
	}
	return nil
}

// rivals are the other design, under Flask's own server and under gunicorn.
func (s *scene) rivals(ctx context.Context) ([2]*program, error) {
	var both [2]*program
	for i, name := range []string{"flask", "gunicorn"} {
		both[i] = s.running(name)
		if both[i] == nil {
			var err error
			if both[i], err = s.startBaseline(ctx, name, name == "gunicorn"); err != nil {
				return both, err
			}
		}
	}
	return both, nil
}

// function is one of ours, as its image runs it.
func (s *scene) function(ctx context.Context, name string) (*program, error) {
	if p := s.running(name); p != nil {
		return p, nil
	}
	return s.startFunction(ctx, name, s.dsn())
}

// recorded gives the statement that a function sends to the database for a request, by way of a process that is asked
// once.
func (s *scene) recorded(ctx context.Context, name string, sent []byte) (string, error) {
	r, through, err := record(s.dsn())
	if err != nil {
		return "", err
	}
	defer r.listener.Close()
	p, err := s.execFunction(name, name+"-recorded", through, nil)
	if err != nil {
		return "", err
	}
	defer p.stop()
	if err := p.ready(ctx, "/_/health"); err != nil {
		return "", err
	}
	c := connection{address: p.address}
	defer c.close()
	a, err := c.do(sent)
	if err != nil {
		return "", err
	}
	if err := succeeds(a); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return r.statement()
}

// trivial is a handler that does nothing, behind the functions' server.
func (s *scene) trivial(ctx context.Context) (*program, error) {
	const name = "trivial"
	if p := s.running(name); p != nil {
		return p, nil
	}
	calls, err := port.Free()
	if err != nil {
		return nil, err
	}
	metrics, err := port.Free()
	if err != nil {
		return nil, err
	}
	p, err := launch(s.folder, name, fmt.Sprintf("127.0.0.1:%d", calls),
		[]string{"PORT=" + strconv.Itoa(calls), "METRICS_PORT=" + strconv.Itoa(metrics)}, s.self, "trivial")
	if err != nil {
		return nil, err
	}
	s.programs = append(s.programs, p)
	return p, p.ready(ctx, "/_/health")
}
