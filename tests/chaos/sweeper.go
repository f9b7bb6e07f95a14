package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"time"

	"snaptask/tests/crowd"
)

// Ages from which on a picture without a task counts as left behind: under load more than predict-image may take, and at
// the end, when nobody uploads anything.
const (
	orphanAge     = time.Minute
	lastOrphanAge = time.Second
)

// sweep runs housekeeping once, as a CronJob does. Its error tells what it said.
func (a *application) sweep(ctx context.Context, age time.Duration) error {
	command := exec.CommandContext(ctx, a.process.Path, "housekeeping", "sweep")
	command.Env = append(os.Environ(), "SNAPTASK_STATE="+a.state, "ORPHAN_AGE="+age.String())
	said, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("the sweep: %w\n%s", err, said)
	}
	return nil
}

// sweepAgain sweeps until ctx ends, and kills some of the sweeps half-way.
func sweepAgain(ctx context.Context, a *application, found *crowd.Report, random *rand.Rand) {
	done, failed, killed := 0, 0, 0
	for ctx.Err() == nil {
		limit := 30 * time.Second
		if random.IntN(3) == 0 {
			limit = time.Duration(random.IntN(400)) * time.Millisecond
		}
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		switch err := a.sweep(once, orphanAge); {
		case err == nil:
			done++
		case errors.Is(once.Err(), context.DeadlineExceeded):
			killed++
		default:
			failed++ // while a server is away
		}
		cancel()
		crowd.Pause(ctx, time.Duration(500+random.IntN(3000))*time.Millisecond)
	}
	found.Fact("sweeps under load: %d done, %d failed while something was away, %d killed", done, failed, killed)
}
