//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

// contender does a case's work: either a program that answers requests, or the database alone.
type contender struct {
	name     string
	program  *program                // the measured process; nil for the database alone
	requests []*fasthttp.Request     // sent to the program repeatedly: client i sends the one at i modulo their number
	database func(i int) client      // opens client i of the database alone
	clients  int                     // concurrent ones, each sending its next call after the last answer
	ids      func(n int) []uuid.UUID // prepares n calls, unmeasured, and returns an id for each; nil if all calls are the same
}

// client sends calls one after another.
type client struct {
	call  func(id uuid.UUID) error // id is uuid.Nil if all calls are the same
	ids   <-chan uuid.UUID         // of its calls; nil if all are the same
	close func()
}

// measure runs a case. It measures all contenders in turn, repeatedly, so that whatever slows the machine affects all of them.
func (b *bench) measure(c benchCase) caseResult {
	began := readBusyness()
	done := caseResult{Name: c.name, Title: c.title}
	if c.contenders != nil {
		done.Contenders = b.rounds(c.contenders(b))
	}
	for _, t := range c.targets {
		done.Figures = append(done.Figures, t.check(done.Contenders))
	}
	if c.figures != nil {
		done.Figures = append(done.Figures, c.figures(b, done.Contenders)...)
	}
	done.Elsewhere = began.elsewhere()
	return done
}

// rounds measures each contender once per round, after a warm-up round, and returns the medians over the rounds.
func (b *bench) rounds(all []contender) (done []contenderResult) {
	samples := make([][]sample, len(all))
	calls := make([]int, len(all)) // the most that the next repetition may make
	for round := range b.repetitions + 1 {
		for k := range all {
			i := (k + round) % len(all)
			var one sample
			if round == 0 {
				one = b.repeat(all[i], b.duration/3, 300)
			} else {
				one = b.repeat(all[i], b.duration, calls[i])
				samples[i] = append(samples[i], one)
			}
			calls[i] = int(1.3*one.rate()*b.duration.Seconds()) + 100
		}
	}
	for i, one := range all {
		done = append(done, summary(one.name, samples[i]))
	}
	return done
}

// sample is one repetition of one contender.
type sample struct {
	took      time.Duration
	latencies []time.Duration // ascending, one for each call
	cpu       time.Duration
	database  time.Duration // CPU of the database
	memory    memory
}

func (s sample) rate() float64 { return float64(len(s.latencies)) / s.took.Seconds() }

func (b *bench) repeat(c contender, duration time.Duration, calls int) sample {
	ids := make([]chan uuid.UUID, c.clients)
	if c.ids != nil {
		for i := range ids {
			ids[i] = make(chan uuid.UUID, calls)
		}
		for k, id := range c.ids(calls) {
			ids[k%c.clients] <- id
		}
		for i := range ids {
			close(ids[i])
		}
	}
	var all []client
	for i := range c.clients {
		var one client
		if c.program != nil {
			one = c.program.client(c.requests[i%len(c.requests)], succeeds)
		} else {
			one = c.database(i)
		}
		defer one.close()
		one.ids = ids[i]
		all = append(all, one)
	}
	used := func() (program, database time.Duration) {
		if c.program != nil {
			program = cpu(c.program.pid)
		}
		return program, cpu(b.database.PID())
	}
	program, database := used()
	s, err := load(b.ctx, duration, all)
	if err == nil && len(s.latencies) == 0 {
		err = errors.New("no call was answered in time")
	}
	if err != nil {
		check(fmt.Errorf("%s: %w", c.name, err))
	}
	s.cpu, s.database = used()
	s.cpu, s.database = s.cpu-program, s.database-database
	if c.program != nil {
		s.memory = memoryOf(c.program.pid)
		_ = os.Truncate(c.program.log, 0) // a line for each request
	}
	return s
}

// load lets every client call until the time is over or its ids are used up. The first error ends it.
func load(ctx context.Context, duration time.Duration, all []client) (sample, error) {
	var (
		mu    sync.Mutex
		s     sample
		group sync.WaitGroup
	)
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	began := time.Now()
	for _, one := range all {
		group.Go(func() {
			latencies := make([]time.Duration, 0, 4096)
			for ctx.Err() == nil {
				id, more := uuid.Nil, true
				if one.ids != nil {
					id, more = <-one.ids
				}
				if !more {
					break
				}
				sent := time.Now()
				if err := one.call(id); err != nil {
					fail(err)
					break
				}
				latencies = append(latencies, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			s.latencies = append(s.latencies, latencies...)
		})
	}
	group.Wait()
	s.took = time.Since(began)
	slices.Sort(s.latencies)
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return s, err
	}
	return s, nil
}
