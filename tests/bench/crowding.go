package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// crowd is how many clients send a photo at once.
const crowd = 64

// crowding is the case of far more large photos than predict-image takes at once: it is to refuse in good order what is
// too much, and to stay within the memory that stack.yml gives it.
func crowding(ctx context.Context, b *bench, _ benchCase) (caseResult, error) {
	var done caseResult
	const name = "predict-image"
	limit, err := b.stack[name].MemoryLimit()
	if err != nil {
		return done, err
	}
	picture, err := large.jpeg(b.root)
	if err != nil {
		return done, err
	}
	who, err := b.add(ctx, "crowd")
	if err != nil {
		return done, err
	}
	tasks, err := b.addOurs(ctx, who.ourID, crowd)
	if err != nil {
		return done, err
	}
	p, err := b.execFunction(name, name+"-crowded", b.dsn(), nil)
	if err != nil {
		return done, err
	}
	defer p.stop()
	if err := p.ready(ctx, "/_/health"); err != nil {
		return done, err
	}
	var served, refused atomic.Int64
	lasting, cancel := context.WithTimeout(ctx, max(3*b.duration, 8*time.Second))
	defer cancel()
	fits := func(a answer) error {
		seconds, err := strconv.Atoi(a.retryAfter)
		switch {
		case a.status == 200:
			served.Add(1)
		case a.status == 503 && err == nil:
			refused.Add(1)
			select { // as a client does that was asked to
			case <-time.After(time.Duration(seconds) * time.Second):
			case <-lasting.Done():
			}
		default:
			return fmt.Errorf("answer %d, Retry-After %q: %.300s", a.status, a.retryAfter, a.body)
		}
		return nil
	}
	var all []script
	for _, task := range tasks {
		sent := request(http.MethodPut, "/?id="+task.String(), who.ourToken, "image/jpeg", picture)
		all = append(all, &caller{connection{address: p.address}, func() []byte { return sent }, fits})
	}
	if _, err := load(lasting, time.Minute, all); err != nil {
		return done, errors.Join(err, p.alive())
	}
	if err := errors.Join(p.alive(), ctx.Err()); err != nil {
		return done, err
	}
	if served.Load() == 0 {
		return done, errors.New("no photo was recognised")
	}
	most, err := peak(p.pid)
	if err != nil {
		return done, err
	}
	if _, err := labelsOf(p, request(http.MethodPut, "/?id="+tasks[0].String(), who.ourToken, "image/jpeg", picture)); err != nil {
		return done, fmt.Errorf("after the crowd has gone: %w", err)
	}
	done.Figures = []figure{
		atMost(float64(limit)/megabyte, float64(most)/megabyte, "MB", "most memory at any time (its limit in stack.yml)"),
		atMost(0, float64(served.Load()), "photos", "recognised"),
		atMost(0, float64(refused.Load()), "photos", "refused with 503 and Retry-After"),
	}
	return done, nil
}
