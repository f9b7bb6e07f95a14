package picture

import (
	"context"
	"runtime"
	"time"

	"snaptask/functions/internal/fault"
)

// gateUnit is the smallest share of memory that a gate gives out, in bytes.
const gateUnit = 8 << 20

// workingMemory is what Decode holds beside the decoder's memory, in bytes: the reduced picture and a band of rows.
const workingMemory = 16 << 20

// largeMemory is from where on a decode's memory, in bytes, is collected before it counts as free. That costs a few
// milliseconds, against a second for decoding such a picture.
const largeMemory = MaxMemory / 8

// gate lets decodes in as long as their memory fits, in the order they came.
type gate struct {
	turn   chan struct{} // held by the one who is gathering units
	units  chan struct{}
	atOnce int // the most that may be inside
}

// decoders is the process's one gate. Twice as many decodes as there are processors keep these busy; more would only
// make all of them slower.
var decoders = newGate(MaxMemory, 2*runtime.GOMAXPROCS(0))

func newGate(memory, atOnce int) *gate {
	return &gate{
		turn:   make(chan struct{}, 1),
		units:  make(chan struct{}, memory/gateUnit),
		atOnce: atOnce,
	}
}

// enter waits for room for a decode that needs memory bytes, and gives the function that frees it. When ctx ends first,
// the fault is Unavailable.
func (g *gate) enter(ctx context.Context, memory int) (release func(), err error) {
	busy := func() error {
		return &fault.Error{
			Kind: fault.Unavailable, Code: "busy",
			Message:    "Too many pictures are being read at the moment. Please try again.",
			RetryAfter: 2 * time.Second,
			Cause:      ctx.Err(),
		}
	}
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, busy()
	}
	defer func() { <-g.turn }()
	wanted := min(max(ceilDiv(memory+workingMemory, gateUnit), ceilDiv(cap(g.units), g.atOnce)), cap(g.units))
	for held := range wanted {
		select {
		case g.units <- struct{}{}:
		case <-ctx.Done():
			g.leave(held)
			return nil, busy()
		}
	}
	return func() {
		if memory >= largeMemory {
			// The collector would let the next large picture in beside the remains of this one.
			runtime.GC()
		}
		g.leave(wanted)
	}, nil
}

func (g *gate) leave(units int) {
	for range units {
		<-g.units
	}
}
