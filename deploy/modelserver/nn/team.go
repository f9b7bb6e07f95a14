// Package nn computes the layers of a convolutional network, one image at a time, on float32 tensors in row-major
// order: [H,W,C] for images and feature maps, [C] for vectors. Layers write into buffers that the caller owns.
package nn

import (
	"sync"
	"sync/atomic"
)

// Team shares the work of one layer among goroutines and reuses their scratch memory. It runs one prediction at a time.
type Team struct {
	members []scratch
}

// scratch is one member's own memory.
type scratch struct {
	patches   []float32 // patches of the image as rows of a matrix
	positions []int     // where the taps of a depthwise filter read
	weights   []int     // and which weights they use
}

// NewTeam returns a team of size goroutines, at least one.
func NewTeam(size int) *Team { return &Team{members: make([]scratch, max(size, 1))} }

// each calls work for the items 0..n-1 in any order and returns when all are done.
func (t *Team) each(n int, work func(own *scratch, item int)) {
	if len(t.members) == 1 || n == 1 {
		for i := range n {
			work(&t.members[0], i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for m := range t.members[:min(n, len(t.members))] {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(&t.members[m], int(i))
			}
		})
	}
	group.Wait()
}
