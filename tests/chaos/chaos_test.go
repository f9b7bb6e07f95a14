// Package chaos kills the application's processes, and pauses its database and cuts it off, at random while people use it, and checks that
// no acknowledged change is lost, that what is refused was not done, and that nothing of what was deleted remains. `make chaos` runs it for longer.
package chaos

import (
	"flag"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/workload"
)

var (
	seconds = flag.Int("seconds", 12, "how long people work while processes are killed")
	seed    = flag.Uint64("seed", 3, "of all random choices")
)

func TestNothingIsLostWhenProcessesAreKilled(t *testing.T) {
	t.Parallel()
	a := application.Start(t, application.NewState(t))
	k := &killer{t: t, application: a, random: rand.New(rand.NewPCG(*seed, 0))}
	run(t, a, 3, func(*workload.Workload) {
		until := time.Now().Add(time.Duration(*seconds) * time.Second)
		var group sync.WaitGroup
		group.Go(func() { sweepAndKill(t, a, until, rand.New(rand.NewPCG(*seed, 1000))) })
		group.Go(func() { k.work(until) })
		group.Wait()
	})
	require.NotZero(t, k.kills)
}

// TestEveryAnswerIsClearWhenOnlyTheDatabaseIsKilled kills the database twice, but no function.
func TestEveryAnswerIsClearWhenOnlyTheDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	a := application.Start(t, application.NewState(t))
	k := &killer{t: t, application: a}
	w := run(t, a, 2, func(*workload.Workload) {
		for range 2 {
			time.Sleep(time.Second)
			require.NotZero(t, k.kill(application.Database))
			require.Eventually(t, func() bool { return !a.Ready() }, 5*time.Second, time.Millisecond, "the gateway does not notice")
			a.WaitReady(t)
		}
		time.Sleep(time.Second)
	})
	require.NotZero(t, w.Answers()[http.StatusServiceUnavailable])
	for status, n := range w.Answers() {
		require.True(t, status != workload.Lost, "%d answers were lost", n)
	}
}

// run runs users' work while disturb runs, and compares the acknowledged changes with the stored data.
func run(t *testing.T, a *application.Application, users int, disturb func(*workload.Workload)) *workload.Workload {
	o := workload.Options{Client: a.Client, Seed: *seed, Users: users, Windows: 3, Recovery: application.Recovery}
	w := workload.Run(t, o, disturb, func() {
		a.WaitReady(t)
		output, err := sweep(t.Context(), a, time.Second)
		require.NoError(t, err, output)
	})
	requireNoOrphans(t, a)
	return w
}
