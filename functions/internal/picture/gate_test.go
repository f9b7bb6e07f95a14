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
	"snaptask/functions/telemetry"
)

func requireAllFree(t *testing.T, g *gate) {
	t.Helper()
	require.True(t, g.memory.TryAcquire(int64(g.total)))
	g.memory.Release(int64(g.total))
}

func TestGateNeverHoldsMoreThanItsMemory(t *testing.T) {
	t.Parallel()
	const decode, most = 32 << 20, 2
	g := newGate(most*(decode+workingMemory), 100)
	var inside, peak atomic.Int32
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			release, err := g.enter(t.Context(), decode)
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
	requireAllFree(t, g)
}

func TestGateBoundsConcurrentDecodes(t *testing.T) {
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

func TestGateIsFreeWhenAWaiterGivesUp(t *testing.T) {
	t.Parallel()
	g := newGate(80<<20, 100)
	release, err := g.enter(t.Context(), 48<<20)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = g.enter(ctx, 64<<20)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	release()
	requireAllFree(t, g)
}

func TestGateAdmitsTheLargestPicture(t *testing.T) {
	t.Parallel()
	release, err := newGate(MaxMemory, 1).enter(t.Context(), MaxMemory)
	require.NoError(t, err)
	release()
}

// Not parallel: it counts the garbage collections of the whole process.
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

func TestWaitForTheGateIsMeasured(t *testing.T) {
	t.Parallel()
	g := newGate(MaxMemory, 1)
	release, err := g.enter(t.Context(), 1)
	require.NoError(t, err)
	ctx, call := telemetry.Start(t.Context(), "predict-image", "")
	entered := make(chan func(), 1)
	go func() {
		release, _ := g.enter(ctx, 1)
		entered <- release
	}()
	require.Eventually(t, func() bool { return g.waiting.Load() == 1 }, 5*time.Second, time.Millisecond)
	require.EqualValues(t, 1, g.working.Load())
	time.Sleep(20 * time.Millisecond)
	release()
	release = <-entered
	require.EqualValues(t, 0, g.waiting.Load())
	require.EqualValues(t, 1, g.working.Load())
	release()
	require.EqualValues(t, 0, g.working.Load())
	fields := call.Fields()
	require.Len(t, fields, 1)
	require.Equal(t, "wait_ms", fields[0].Key)
	require.GreaterOrEqual(t, fields[0].Value.Float64(), 20.0)
}
