package graph

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"snaptask/deploy/modelserver/nn"
	pb "snaptask/functions/tensorflowpb"
)

// operations maps each operation to the number of its inputs and its compiler.
var operations = map[string]struct {
	inputs  int
	compile func(*compiler, *pb.NodeDef, []result) (result, error)
}{
	"Const":                 {0, (*compiler).constant},
	"Cast":                  {1, (*compiler).cast},
	"Conv2D":                {2, (*compiler).conv2D},
	"DepthwiseConv2dNative": {2, (*compiler).depthwise},
	"MatMul":                {2, (*compiler).matMul},
	"BiasAdd":               {2, (*compiler).biasAdd},
	"AddV2":                 {2, (*compiler).add},
	"Sub":                   {2, (*compiler).sub},
	"Relu6":                 {1, (*compiler).relu6},
	"Mean":                  {2, (*compiler).mean},
}

func (c *compiler) compile(n *pb.NodeDef) (result, error) {
	op, known := operations[n.GetOp()]
	switch {
	case n.GetOp() == "Placeholder":
		return result{}, errors.New("it is not the signature's input")
	case !known:
		return result{}, errors.New("this operation is not supported")
	}
	names := dataInputs(n)
	if len(names) != op.inputs {
		return result{}, fmt.Errorf("it has %d inputs instead of %d", len(names), op.inputs)
	}
	if t, ok := n.GetAttr()["T"]; ok && t.GetType() != pb.DataType_DT_FLOAT {
		return result{}, fmt.Errorf("its type is %v; only DT_FLOAT is supported", t.GetType())
	}
	if format := n.GetAttr()["data_format"].GetS(); len(format) > 0 && string(format) != "NHWC" {
		return result{}, fmt.Errorf("its data format is %q; only NHWC is supported", format)
	}
	inputs := make([]result, len(names))
	for i, name := range names {
		source, err := c.node(name)
		if err != nil {
			return result{}, err
		}
		inputs[i] = c.done[source.GetName()]
	}
	return op.compile(c, n, inputs)
}

func (c *compiler) constant(n *pb.NodeDef, _ []result) (result, error) {
	value := n.GetAttr()["value"].GetTensor()
	if value == nil {
		return result{}, errors.New("it has no value")
	}
	k, err := newConstant(value, c.budget)
	return result{constant: k}, err
}

func (c *compiler) cast(n *pb.NodeDef, in []result) (result, error) {
	to := n.GetAttr()["DstT"].GetType()
	if in[0].constant == nil || in[0].constant.floats == nil || to != pb.DataType_DT_FLOAT {
		return result{}, errors.New("only half constants are cast, to float")
	}
	return in[0], nil
}

func (c *compiler) mean(n *pb.NodeDef, in []result) (result, error) {
	x, axes := in[0].tensor, in[1].constant
	if x == nil || len(x.shape) != 3 || axes == nil || !slices.Equal(axes.ints, []int64{1, 2}) {
		return result{}, errors.New("only the mean over axes 1 and 2 of a tensor with 4 dimensions is supported")
	}
	shape := []int{x.shape[2]}
	if n.GetAttr()["keep_dims"].GetB() {
		shape = []int{1, 1, x.shape[2]}
	}
	return c.step(shape, nothing, func(nn.Finish) layer {
		return func(_ *nn.Team, dst []float32, src [][]float32) { nn.Mean(dst, src[0]) }
	}, x)
}

// step adds a layer to the program.
func (c *compiler) step(shape []int, takes fusion, build func(nn.Finish) layer, inputs ...*tensor) (result, error) {
	size, err := product(shape)
	if err != nil {
		return result{}, err
	}
	s := &step{inputs: inputs, finish: nn.NewFinish(), takes: takes, build: build}
	s.output = &tensor{shape: shape, size: size, producer: s}
	c.program.steps = append(c.program.steps, s)
	return result{tensor: s.output}, nil
}

// fusable returns the step that computes x if no node but n uses x, and if the step can add a bias (before any limit) or
// apply limits.
func (c *compiler) fusable(n *pb.NodeDef, x *tensor, wanted fusion) *step {
	s := x.producer
	if s == nil || s.takes < wanted || !math.IsInf(float64(s.finish.High), 1) || wanted == biasAndLimits && s.finish.Bias != nil {
		return nil
	}
	for _, name := range dataInputs(n) {
		if source, err := c.node(name); err == nil && c.done[source.GetName()].tensor == x && c.uses[source.GetName()] == 1 {
			return s
		}
	}
	return nil
}

// weights checks that a result is a float constant with this number of dimensions, none of them 0.
func weights(r result, dimensions int) (*constant, error) {
	k := r.constant
	if k == nil || k.floats == nil {
		return nil, errors.New("its weights are not a float constant")
	}
	if len(k.shape) != dimensions || len(k.floats) == 0 {
		return nil, fmt.Errorf("its weights have the shape %v; %d dimensions are needed", k.shape, dimensions)
	}
	return k, nil
}
