package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// clients is how many call at once where the case doesn't say otherwise, each sending its next call when it has the
// answer to the last.
const clients = 16

// script is what one client of a load does.
type script interface {
	// call does the next call and says what kind of answer it got; false, nil when there is nothing left to do.
	call() (more bool, err error)
	close()
}

// measured is one repetition of a load.
type measured struct {
	calls     int
	took      time.Duration
	latencies []time.Duration // ascending
}

func (m measured) rate() float64 { return float64(m.calls) / m.took.Seconds() }

// load lets every client call until the time is over. The first error ends it.
func load(ctx context.Context, duration time.Duration, all []script) (measured, error) {
	var (
		mu    sync.Mutex
		m     measured
		fault error
		group sync.WaitGroup
	)
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	began := time.Now()
	for _, client := range all {
		group.Go(func() {
			defer client.close()
			latencies := make([]time.Duration, 0, 4096)
			for ctx.Err() == nil {
				sent := time.Now()
				more, err := client.call()
				if err != nil {
					mu.Lock()
					defer mu.Unlock()
					if fault == nil {
						fault = err
					}
					cancel()
					return
				}
				if !more {
					break
				}
				latencies = append(latencies, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			m.latencies = append(m.latencies, latencies...)
		})
	}
	group.Wait()
	m.took = time.Since(began)
	m.calls = len(m.latencies)
	slices.Sort(m.latencies)
	return m, fault
}

// caller is a script of HTTP calls.
type caller struct {
	connection
	next func() []byte      // the next request; nil at the end
	fits func(answer) error // whether the answer is as it should be, looked at for each
}

func (c *caller) call() (bool, error) {
	next := c.next()
	if next == nil {
		return false, nil
	}
	a, err := c.do(next)
	if err != nil {
		return false, err
	}
	return true, c.fits(a)
}

// callers makes n clients of one server that share what next gives, which must be safe for that.
func callers(n int, address string, next func() []byte, fits func(answer) error) []script {
	all := make([]script, n)
	for i := range all {
		all[i] = &caller{connection{address: address}, next, fits}
	}
	return all
}

// succeeds refuses every answer but 200.
func succeeds(a answer) error {
	if a.status != 200 {
		return fmt.Errorf("answer %d: %.300s", a.status, a.body)
	}
	return nil
}
