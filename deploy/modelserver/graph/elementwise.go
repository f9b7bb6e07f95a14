package graph

import (
	"errors"
	"fmt"
	"slices"

	"snaptask/deploy/modelserver/nn"
	pb "snaptask/functions/tensorflowpb"
)

func (c *compiler) biasAdd(n *pb.NodeDef, in []result) (result, error) {
	k, err := weights(in[1], 1)
	if err != nil {
		return result{}, err
	}
	if x := in[0].tensor; x == nil || x.shape[len(x.shape)-1] != k.shape[0] {
		return result{}, fmt.Errorf("its input does not fit a bias of the shape %v", k.shape)
	}
	return c.shift(n, in[0].tensor, k.floats)
}

func (c *compiler) add(n *pb.NodeDef, in []result) (result, error) {
	if in[0].tensor == nil {
		in[0], in[1] = in[1], in[0]
	}
	a, b := in[0].tensor, in[1].tensor
	if b == nil {
		return c.shiftBy(n, a, in[1].constant, 1)
	}
	if !slices.Equal(a.shape, b.shape) {
		return result{}, fmt.Errorf("its inputs have the shapes %v and %v", a.shape, b.shape)
	}
	return c.step(a.shape, limits, func(finish nn.Finish) layer {
		return func(_ *nn.Team, dst []float32, src [][]float32) { nn.Add(dst, src[0], src[1], finish) }
	}, a, b)
}

func (c *compiler) sub(n *pb.NodeDef, in []result) (result, error) {
	a, b := in[0].tensor, in[1].tensor
	if b == nil {
		return c.shiftBy(n, a, in[1].constant, -1)
	}
	if a == nil || !slices.Equal(a.shape, b.shape) {
		return result{}, errors.New("only a constant or a tensor of the same shape can be subtracted from a tensor")
	}
	return c.step(a.shape, nothing, func(nn.Finish) layer {
		return func(_ *nn.Team, dst []float32, src [][]float32) { nn.Subtract(dst, src[0], src[1]) }
	}, a, b)
}

func (c *compiler) relu6(n *pb.NodeDef, in []result) (result, error) {
	x := in[0].tensor
	if x == nil {
		return result{}, errors.New("its input is a constant")
	}
	if s := c.fusable(n, x, limits); s != nil {
		s.finish.Low, s.finish.High = 0, 6
		return result{tensor: x}, nil
	}
	r, err := c.shift(n, x, nil)
	if err == nil {
		r.tensor.producer.finish.Low, r.tensor.producer.finish.High = 0, 6
	}
	return r, err
}

// shiftBy adds sign times a constant to x. The constant has one element, or one for each channel.
func (c *compiler) shiftBy(n *pb.NodeDef, x *tensor, k *constant, sign float32) (result, error) {
	if x == nil || k == nil || k.floats == nil {
		return result{}, errors.New("it needs a tensor and a float constant")
	}
	last := x.shape[len(x.shape)-1]
	if len(k.floats) != 1 && (len(k.floats) != last || k.shape[len(k.shape)-1] != last) || len(k.shape) > len(x.shape)+1 {
		return result{}, fmt.Errorf("a constant of the shape %v does not fit a tensor of %v", k.shape, x.shape)
	}
	values := make([]float32, len(k.floats))
	for i, v := range k.floats {
		values[i] = sign * v
	}
	return c.shift(n, x, values)
}

// shift adds a bias to x: in the layer that computes x if possible, else as a layer of its own.
func (c *compiler) shift(n *pb.NodeDef, x *tensor, bias []float32) (result, error) {
	if s := c.fusable(n, x, biasAndLimits); s != nil && len(bias) == x.shape[len(x.shape)-1] {
		s.finish.Bias = bias
		return result{tensor: x}, nil
	}
	r, err := c.step(x.shape, limits, func(finish nn.Finish) layer {
		return func(_ *nn.Team, dst []float32, src [][]float32) { nn.Shift(dst, src[0], finish) }
	}, x)
	if err == nil {
		r.tensor.producer.finish.Bias = bias
	}
	return r, err
}
