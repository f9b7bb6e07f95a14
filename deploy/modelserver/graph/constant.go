package graph

import (
	"encoding/binary"
	"fmt"
	"math"

	pb "snaptask/functions/tensorflowpb"
)

// constant is a tensor that is part of the model.
type constant struct {
	shape  []int
	floats []float32 // of a float or half tensor; nil for others
	ints   []int64   // of an int32 or int64 tensor; nil for others
}

// maxFill limits tensors whose elements are not all listed, so that a few bytes can't allocate much memory.
const maxFill = 1 << 20

// newConstant decodes a float, half, int32 or int64 tensor.
func newConstant(t *pb.TensorProto, budget *budget) (*constant, error) {
	shape, count, err := fullShape(t.GetTensorShape())
	if err != nil {
		return nil, err
	}
	if err := budget.spend(count); err != nil {
		return nil, err
	}
	c := &constant{shape: shape}
	content := t.GetTensorContent()
	switch t.GetDtype() {
	case pb.DataType_DT_FLOAT:
		c.floats, err = elements(count, content, 4, func(b []byte) float32 {
			return math.Float32frombits(binary.LittleEndian.Uint32(b))
		}, t.GetFloatVal())
	case pb.DataType_DT_HALF:
		halves := make([]float32, len(t.GetHalfVal()))
		for i, bits := range t.GetHalfVal() {
			halves[i] = halfToFloat(uint16(bits))
		}
		c.floats, err = elements(count, content, 2, func(b []byte) float32 {
			return halfToFloat(binary.LittleEndian.Uint16(b))
		}, halves)
	case pb.DataType_DT_INT32:
		values := make([]int64, len(t.GetIntVal()))
		for i, v := range t.GetIntVal() {
			values[i] = int64(v)
		}
		c.ints, err = elements(count, content, 4, func(b []byte) int64 {
			return int64(int32(binary.LittleEndian.Uint32(b)))
		}, values)
	case pb.DataType_DT_INT64:
		c.ints, err = elements(count, content, 8, func(b []byte) int64 {
			return int64(binary.LittleEndian.Uint64(b))
		}, t.GetInt64Val())
	default:
		err = fmt.Errorf("constants of type %v are not supported", t.GetDtype())
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// elements decodes content, or else returns the listed values; the last one is repeated for those that are missing.
func elements[T any](count int, content []byte, size int, decode func([]byte) T, listed []T) ([]T, error) {
	switch {
	case len(content) > 0:
		if len(content) != count*size {
			return nil, fmt.Errorf("its shape needs %d bytes, but it has %d", count*size, len(content))
		}
		values := make([]T, count)
		for i := range values {
			values[i] = decode(content[i*size:])
		}
		return values, nil
	case count == 0:
		return []T{}, nil
	case len(listed) == 0 || len(listed) > count:
		return nil, fmt.Errorf("its shape needs %d values, but it has %d", count, len(listed))
	case len(listed) < count && count > maxFill:
		return nil, fmt.Errorf("its shape needs %d values, but it has only %d", count, len(listed))
	}
	values := make([]T, count)
	for i := range values {
		values[i] = listed[min(i, len(listed)-1)]
	}
	return values, nil
}

// halfToFloat widens an IEEE 754 binary16 number: 1 sign, 5 exponent and 10 fraction bits.
func halfToFloat(bits uint16) float32 {
	sign := uint32(bits&0x8000) << 16
	exponent, fraction := uint32(bits>>10&0x1f), uint32(bits&0x3ff)
	switch exponent {
	case 0: // zero and subnormals: fraction * 2^-24
		value := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(value) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
