package main

import (
	"context"
	"os"
	"time"
)

// idling is the case of functions that nobody calls: what their processes hold, and how large their programs are, which
// are all that their images have besides certificates.
func idling(ctx context.Context, b *bench, c benchCase) (caseResult, error) {
	var done caseResult
	var started []*program
	for _, name := range c.needs {
		p, err := b.execFunction(name, name+"-idle", b.dsn(), nil)
		if err != nil {
			return done, err
		}
		defer p.stop()
		if err := p.ready(ctx, "/_/health"); err != nil {
			return done, err
		}
		started = append(started, p)
	}
	select {
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
	}
	var largest float64
	for i, name := range c.needs {
		held, err := memoryOf(started[i].pid)
		if err != nil {
			return done, err
		}
		info, err := os.Stat(b.built[name])
		if err != nil {
			return done, err
		}
		size := float64(info.Size()) / megabyte
		largest = max(largest, size)
		done.Figures = append(done.Figures, atMost(15, float64(held.RSS)/megabyte, "MB", "%s (program of %s MB)", name, number(size)))
	}
	done.Figures = append(done.Figures, atMost(20, largest, "MB", "largest program"))
	return done, nil
}
