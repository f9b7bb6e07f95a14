package picture

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/functions/internal/fault"
)

func TestGateNeverHoldsMoreThanItsMemory(t *testing.T) {
	t.Parallel()
	const decodes, most = 4 * gateUnit, 2
	g := newGate(2*decodes+2*workingMemory, 100)
	var inside, peak atomic.Int32
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			release, err := g.enter(t.Context(), decodes)
			if err != nil {
				t.Error(err)
				return
			}
			now := inside.Add(1)
			for old := peak.Load(); now > old && !peak.CompareAndSwap(old, now); old = peak.Load() {
			}
			time.Sleep(time.Millisecond)
			inside.Add(-1)
			release()
		})
	}
	all.Wait()
	require.EqualValues(t, most, peak.Load())
	require.Empty(t, g.units)
}

func TestGateLetsInNoMoreThanAtOnce(t *testing.T) {
	t.Parallel()
	g := newGate(MaxMemory, 3)
	for range 3 {
		_, err := g.enter(t.Context(), 1)
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := g.enter(ctx, 1)
	require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
}

func TestGateGivesBackWhatAWaiterGathered(t *testing.T) {
	t.Parallel()
	g := newGate(10*gateUnit, 100)
	release, err := g.enter(t.Context(), 6*gateUnit)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = g.enter(ctx, 8*gateUnit)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, g.units, 8)
	release()
	require.Empty(t, g.units)
}

func TestGateLetsTheLargestPictureIn(t *testing.T) {
	t.Parallel()
	release, err := newGate(MaxMemory, 1).enter(t.Context(), MaxMemory)
	require.NoError(t, err)
	release()
}

// Not parallel: it counts the collections of the whole process.
func TestLargeDecodesAreCollectedBeforeTheNext(t *testing.T) {
	g := newGate(MaxMemory, 1)
	var before, after runtime.MemStats
	release, err := g.enter(t.Context(), largeMemory)
	require.NoError(t, err)
	runtime.ReadMemStats(&before)
	release()
	runtime.ReadMemStats(&after)
	require.Greater(t, after.NumForcedGC, before.NumForcedGC)
}
