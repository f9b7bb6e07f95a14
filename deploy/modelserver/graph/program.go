// Package graph turns a frozen TensorFlow graph into a program: its constants decoded, every shape known and checked, the
// buffers planned. It supports the operations of image classifiers, float32 in NHWC order, and refuses everything else.
package graph

import (
	"slices"

	"snaptask/deploy/modelserver/nn"
)

// Program is a graph ready to run, one element of a batch at a time. It is immutable; any number of frames may run it.
type Program struct {
	Input, Output []int // shapes of one element, without the batch dimension: [H,W,3] and [classes]
	steps         []*step
	buffers       []int // sizes in elements
	result        *tensor
}

// tensor is a value that a step computes, or the input.
type tensor struct {
	shape    []int // without the batch
	size     int   // its elements
	producer *step // nil for the input
	buffer   int   // index of the frame's buffer that holds it; input for the input
	lastUse  int   // the last step that reads it
}

// input is the buffer number of the caller's buffer with the input.
const input = -1

// step is one layer.
type step struct {
	inputs []*tensor
	output *tensor
	finish nn.Finish
	takes  fusion
	build  func(nn.Finish) layer // nil once built
	run    layer
}

// fusion is an operation that a step applies to its sums, so that it needs no layer of its own.
type fusion int

const (
	nothing fusion = iota
	limits
	biasAndLimits
)

// layer computes dst from src.
type layer func(team *nn.Team, dst []float32, src [][]float32)

// plan builds the layers and shares buffers among tensors that are not needed at the same time.
func (p *Program) plan(budget *budget) error {
	for i, s := range p.steps {
		s.run, s.build = s.build(s.finish), nil
		for _, t := range s.inputs {
			t.lastUse = i
		}
	}
	p.result.lastUse = len(p.steps)
	var free []int
	for i, s := range p.steps {
		s.output.buffer = p.takeBuffer(&free, s.output.size)
		for _, t := range slices.Compact(slices.Clone(s.inputs)) {
			if t.lastUse == i && t.buffer != input {
				free = append(free, t.buffer)
			}
		}
	}
	for _, size := range p.buffers {
		if err := budget.spend(size); err != nil {
			return err
		}
	}
	return nil
}

// takeBuffer takes the smallest free buffer that is large enough, or else the largest one, which it enlarges, or a new one.
func (p *Program) takeBuffer(free *[]int, need int) int {
	best := -1
	for i, b := range *free {
		switch {
		case best < 0:
			best = i
		case p.buffers[(*free)[best]] < need && p.buffers[b] > p.buffers[(*free)[best]],
			p.buffers[b] >= need && p.buffers[b] < p.buffers[(*free)[best]]:
			best = i
		}
	}
	if best < 0 {
		p.buffers = append(p.buffers, need)
		return len(p.buffers) - 1
	}
	b := (*free)[best]
	*free = slices.Delete(*free, best, best+1)
	p.buffers[b] = max(p.buffers[b], need)
	return b
}

// Frame is the memory of one prediction at a time.
type Frame struct {
	program *Program
	team    *nn.Team
	buffers [][]float32
	sources [][]float32
}

// NewFrame returns a frame that shares the work of each layer among this many goroutines.
func (p *Program) NewFrame(goroutines int) *Frame {
	f := &Frame{program: p, team: nn.NewTeam(goroutines), buffers: make([][]float32, len(p.buffers))}
	for i, size := range p.buffers {
		f.buffers[i] = make([]float32, size)
	}
	return f
}

// Run returns the output for one element, whose length must be the product of Program.Input. The next run overwrites it.
func (f *Frame) Run(element []float32) []float32 {
	for _, s := range f.program.steps {
		f.sources = f.sources[:0]
		for _, t := range s.inputs {
			f.sources = append(f.sources, f.values(t, element))
		}
		s.run(f.team, f.values(s.output, element), f.sources)
	}
	return f.values(f.program.result, element)
}

func (f *Frame) values(t *tensor, element []float32) []float32 {
	if t.buffer == input {
		return element
	}
	return f.buffers[t.buffer][:t.size]
}
