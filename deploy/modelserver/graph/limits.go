package graph

import (
	"errors"
	"fmt"

	pb "snaptask/functions/tensorflowpb"
)

// Bounds on what a model may allocate. EfficientNetV2-S at 384 needs 21 million weights and 4 million elements in its
// largest tensor.
const (
	maxNodes    = 20_000
	maxElements = 16 << 20 // of one tensor
	maxBudget   = 96 << 20 // of all constants, weights and buffers together
)

// budget bounds the memory of a model, in elements of 4 bytes.
type budget struct{ spent int }

func (b *budget) spend(elements int) error {
	if b.spent += elements; b.spent > maxBudget {
		return fmt.Errorf("the model needs more than %d MiB", maxBudget*4>>20)
	}
	return nil
}

// fullShape returns the sizes of a shape that has no open dimensions, and their product.
func fullShape(s *pb.TensorShapeProto) (shape []int, count int, err error) {
	if s.GetUnknownRank() {
		return nil, 0, errors.New("its shape is unknown")
	}
	shape = make([]int, len(s.GetDim()))
	for i, d := range s.GetDim() {
		if d.GetSize() < 0 || d.GetSize() > maxElements {
			return nil, 0, fmt.Errorf("dimension %d of its shape is %d", i, d.GetSize())
		}
		shape[i] = int(d.GetSize())
	}
	count, err = product(shape)
	return shape, count, err
}

// product returns the number of elements of a tensor.
func product(shape []int) (int, error) {
	if len(shape) > 8 {
		return 0, fmt.Errorf("it has %d dimensions", len(shape))
	}
	count := 1
	for _, size := range shape {
		if count *= size; count > maxElements {
			return 0, fmt.Errorf("a tensor of shape %v is too large", shape)
		}
	}
	return count, nil
}
