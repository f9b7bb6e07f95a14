package picture

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"snaptask/functions/internal/fault"
)

// workingMemory is what Decode holds beside the decoder's memory, in bytes: the reduced picture and a band of rows.
const workingMemory = 16 << 20

// largeMemory is the size of a decode, in bytes, whose memory is collected before it counts as free. That takes a few
// milliseconds, against a second for decoding such a picture.
const largeMemory = MaxMemory / 8

// gate admits decodes in the order they came, as long as their memory fits.
type gate struct {
	memory *semaphore.Weighted // in bytes
	total  int                 // bytes
	share  int                 // the least that a decode counts for, in bytes
}

// decoders is the process's one gate. Twice as many decodes as there are processors keep these busy; more would only
// make all of them slower.
var decoders = newGate(MaxMemory, 2*runtime.GOMAXPROCS(0))

func newGate(memory, atOnce int) *gate {
	return &gate{semaphore.NewWeighted(int64(memory)), memory, ceilDiv(memory, atOnce)}
}

// enter waits for room for a decode that needs memory bytes, and returns the function that frees it. When ctx ends first,
// the fault is Unavailable.
func (g *gate) enter(ctx context.Context, memory int) (release func(), err error) {
	wanted := int64(min(max(memory+workingMemory, g.share), g.total))
	if err := g.memory.Acquire(ctx, wanted); err != nil {
		return nil, &fault.Error{
			Kind: fault.Unavailable, Code: "busy",
			Message:    "Too many photos are being read at the moment. Please try again.",
			RetryAfter: 2 * time.Second,
			Cause:      err,
		}
	}
	return func() {
		if memory >= largeMemory {
			// Otherwise the next large picture would come in beside the remains of this one.
			runtime.GC()
		}
		g.memory.Release(wanted)
	}, nil
}
