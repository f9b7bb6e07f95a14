// Package workload uses Snaptask as several concurrent users do, wherever it runs, records every acknowledged write, and compares the
// records with what the application returns.
package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// Options describe a workload.
type Options struct {
	Client   client.Client
	Seed     uint64        // of all choices and of the users' names
	Users    int           // besides those who register and delete their accounts
	Windows  int           // of each user, at the same time
	Recovery time.Duration // how long the application may take to recover from a fault
}

// Workload is a running workload.
type Workload struct {
	*answers
	Options
	t      *testing.T
	photos []image
	users  []*user
}

// Run lets users work while disturb runs, which starts shortly after them. Then it calls sweep, which must wait until everything works
// and run housekeeping's sweep, and fails the test if anything that was acknowledged is lost.
func Run(t *testing.T, o Options, disturb func(*Workload), sweep func()) *Workload {
	t.Helper()
	w := &Workload{answers: &answers{counts: map[answerKind]int{}}, Options: o, t: t, photos: loadPhotos(t)}
	for i := range o.Users {
		u := &user{w, scenario.SignIn(t, o.Client, fmt.Sprintf("user-%d-%d", o.Seed, i)), nil}
		for range o.Windows {
			u.windows = append(u.windows, &window{user: u, random: w.random(uint64(1 + len(w.users)*o.Windows + len(u.windows)))})
		}
		w.users = append(w.users, u)
	}
	defer func() { t.Logf("seed %d, answers by status (0: lost)\n%s", o.Seed, w.answers) }()
	w.during(disturb)
	Pause(t.Context(), maxDelay) // for writes that are in progress although their answers were lost
	sweep()
	tasks, images := 0, 0
	for _, u := range w.users {
		listed, withImage := u.check()
		tasks, images = tasks+listed, images+withImage
	}
	t.Logf("compared: %d tasks, %d of them with an image", tasks, images)
	require.NotZero(t, tasks)
	require.NotZero(t, images)
	return w
}

// during lets everybody work while disturb runs, and then finish their current calls.
func (w *Workload) during(disturb func(*Workload)) {
	ctx, stop := context.WithCancel(w.t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	for _, u := range w.users {
		for _, window := range u.windows {
			group.Go(func() { window.work(ctx) })
		}
	}
	group.Go(func() { w.comeAndLeave(ctx, w.random(1001)) })
	Pause(ctx, time.Second)
	disturb(w)
}

func (w *Workload) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.Seed, stream)) }

// Pause waits for a duration or until ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
