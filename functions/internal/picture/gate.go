package picture

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"snaptask/functions/internal/fault"
	"snaptask/functions/telemetry"
)

// workingMemory is the memory that Decode needs besides the decoder's, in bytes: the reduced picture and a band of rows.
const workingMemory = 16 << 20

// largeMemory is the size of a decode, in bytes, from which its memory is collected before it counts as free. That takes a
// few milliseconds, compared to a second for decoding such a picture.
const largeMemory = MaxMemory / 8

// gate admits decodes in order of arrival, as long as their memory fits.
type gate struct {
	memory *semaphore.Weighted // in bytes
	total  int                 // bytes
	share  int                 // the minimum that a decode counts for, in bytes

	waiting, working atomic.Int64 // decodes
}

// decoders is the gate of the process. Twice as many decodes as processors keep these busy; more would only slow them all
// down.
var decoders = newGate(MaxMemory, 2*runtime.GOMAXPROCS(0))

func init() {
	telemetry.Gauge("decode_turns", "Photos that wait for the memory of a decode, and those that are decoded.", "state", func() map[string]float64 {
		return map[string]float64{"waiting": float64(decoders.waiting.Load()), "working": float64(decoders.working.Load())}
	})
}

func newGate(memory, atOnce int) *gate {
	return &gate{memory: semaphore.NewWeighted(int64(memory)), total: memory, share: ceilDiv(memory, atOnce)}
}

// enter waits for room for a decode that needs memory bytes, and returns the function that frees it. When ctx ends first,
// the fault is Unavailable.
func (g *gate) enter(ctx context.Context, memory int) (release func(), err error) {
	wanted := int64(min(max(memory+workingMemory, g.share), g.total))
	if err := g.wait(ctx, wanted); err != nil {
		return nil, busy(err)
	}
	g.working.Add(1)
	return func() {
		g.working.Add(-1)
		if memory >= largeMemory {
			// Otherwise the next large picture would be allocated on top of this one's garbage.
			runtime.GC()
		}
		g.memory.Release(wanted)
	}, nil
}

func (g *gate) wait(ctx context.Context, memory int64) error {
	_, waited := telemetry.Begin(ctx, telemetry.Wait, "wait for a decode")
	g.waiting.Add(1)
	err := g.memory.Acquire(ctx, memory)
	g.waiting.Add(-1)
	waited(err)
	return err
}

// busy returns the fault of a picture for which there was no time. cause is the error of a context.
func busy(cause error) error {
	return &fault.Error{
		Kind: fault.Unavailable, Code: "busy",
		Message:    "Too many photos are being read at the moment. Please try again.",
		RetryAfter: 2 * time.Second,
		Cause:      cause,
	}
}
