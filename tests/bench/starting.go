package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"snaptask/deploy/local/port"
)

// starting is the case of a process's first answer: from just before exec to the end of an answer that took a look
// into the database.
func starting(ctx context.Context, b *bench, _ benchCase) (caseResult, error) {
	var done caseResult
	who, err := b.add(ctx, "starter")
	if err != nil {
		return done, err
	}
	if _, err := b.addOurs(ctx, who.ourID, 20); err != nil {
		return done, err
	}
	if _, err := b.addOthers(ctx, who.otherID, 20); err != nil {
		return done, err
	}
	function := func(name string) func() (*program, error) {
		return func() (*program, error) { return b.execFunction(name, name+"-started", b.dsn(), nil) }
	}
	flask := func() (*program, error) {
		number, err := port.Free()
		if err != nil {
			return nil, err
		}
		return launch(b.folder, "flask-started", "127.0.0.1:"+strconv.Itoa(number), b.baselineEnv(number), b.python, b.baselineProgram())
	}
	starters := []struct {
		name   string
		launch func() (*program, error)
		sent   []byte
		status int
		most   float64 // milliseconds
		times  []float64
	}{
		{name: "get-tasks", launch: function("get-tasks"), sent: request(http.MethodGet, "/", who.ourToken, "", nil), status: 200, most: 30},
		{name: "predict-image", launch: function("predict-image"), most: 30, status: 404,
			sent: request(http.MethodPut, "/?id="+uuid.Must(uuid.NewV7()).String(), who.ourToken, "", nil)},
		{name: flaskName, launch: flask, sent: request(http.MethodGet, "/get-tasks", who.otherToken, "", nil), status: 200},
	}
	rounds := 4 * b.repetitions
	for range rounds {
		for i := range starters {
			took, err := first(ctx, starters[i].launch, starters[i].sent, starters[i].status)
			if err != nil {
				return done, fmt.Errorf("%s: %w", starters[i].name, err)
			}
			starters[i].times = append(starters[i].times, milliseconds(took))
		}
	}
	for _, s := range starters {
		done.Figures = append(done.Figures, atMost(s.most, median(s.times), "ms", "%s, median of %d starts", s.name, rounds))
	}
	done.Figures = append(done.Figures, atMost(0, median(starters[2].times)/median(starters[0].times), "times as long", "%s beside get-tasks", flaskName))
	return done, nil
}

// first starts a process, asks it until it answers, and ends it.
func first(ctx context.Context, start func() (*program, error), sent []byte, status int) (time.Duration, error) {
	began := time.Now()
	p, err := start()
	if err != nil {
		return 0, err
	}
	defer p.stop()
	c := connection{address: p.address}
	defer c.close()
	for {
		a, err := c.do(sent)
		took := time.Since(began)
		switch {
		case err == nil && a.status != status:
			return 0, fmt.Errorf("answer %d instead of %d: %.300s", a.status, status, a.body)
		case err == nil:
			return took, nil
		case took > startTimeout || ctx.Err() != nil:
			return 0, errors.Join(err, ctx.Err(), errors.New(p.tail()))
		}
		if err := p.alive(); err != nil {
			return 0, err
		}
		time.Sleep(200 * time.Microsecond)
	}
}
