package housekeeping

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// after returns a server that is ready after d.
func after(d time.Duration) func(context.Context) error {
	start := time.Now().Add(d)
	return func(context.Context) error {
		if time.Now().Before(start) {
			return errors.New("refused")
		}
		return nil
	}
}

func TestCommandWaitsForItsServers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		wait(t.Context(), after(3*time.Second), after(5*time.Second))
		require.Equal(t, 5*time.Second, time.Since(began))
	})
}

func TestCommandDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		wait(t.Context(), after(0), after(time.Hour))
		require.Equal(t, patience, time.Since(began))
	})
}

func TestServersAreReady(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.NoError(t, f.db.Ready(t.Context()))
	require.NoError(t, f.pictures.Ready(t.Context()))
	require.Error(t, testbed.StoreAt(t, "u:p@tcp("+testbed.DeadAddress+")/d").Ready(t.Context()))
	require.Error(t, testbed.NoBucket(t).Ready(t.Context()))
}
