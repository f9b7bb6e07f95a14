package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"snaptask/tests/application"
)

// sweep runs housekeeping's sweep once, as a CronJob does. An image without a task counts as an orphan once it is older than an age.
func sweep(ctx context.Context, a *application.Application, orphanAge time.Duration) (output string, err error) {
	return a.Housekeeping(ctx, []string{"ORPHAN_AGE=" + orphanAge.String()}, "sweep")
}

// sweepAndKill runs sweeps until a time and kills some of them.
func sweepAndKill(t *testing.T, a *application.Application, until time.Time, random *rand.Rand) {
	done, failed, killed := 0, 0, 0
	for time.Now().Before(until) {
		limit := 30 * time.Second
		if random.IntN(3) == 0 {
			limit = time.Duration(random.IntN(400)) * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		switch _, err := sweep(ctx, a, time.Minute); { // longer than predict-image may take
		case err == nil:
			done++
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			killed++
		default:
			failed++ // while a server is unavailable
		}
		cancel()
		time.Sleep(time.Duration(500+random.IntN(3000)) * time.Millisecond)
	}
	t.Logf("sweeps: %d done, %d failed while a server was unavailable, %d killed", done, failed, killed)
}
