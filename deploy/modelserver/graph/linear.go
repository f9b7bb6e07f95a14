package graph

import (
	"errors"
	"fmt"

	"snaptask/deploy/modelserver/nn"
	pb "snaptask/functions/tensorflowpb"
)

// conv2D: an input of [N,H,W,in] and a constant filter of [h,w,in,out].
func (c *compiler) conv2D(n *pb.NodeDef, in []result) (result, error) {
	window, k, err := c.window(n, in)
	if err != nil {
		return result{}, err
	}
	channels, out := k.shape[2], k.shape[3]
	if err := c.budget.spend(len(k.floats) / out * (out + 32)); err != nil {
		return result{}, err
	}
	return c.step([]int{window.OutHeight, window.OutWidth, out}, biasAndLimits, func(finish nn.Finish) layer {
		conv := nn.NewConv2D(window, k.floats, channels, out, finish)
		return func(team *nn.Team, dst []float32, src [][]float32) { conv.Run(team, dst, src[0]) }
	}, in[0].tensor)
}

// depthwise: an input of [N,H,W,C] and a constant filter of [h,w,C,1].
func (c *compiler) depthwise(n *pb.NodeDef, in []result) (result, error) {
	window, k, err := c.window(n, in)
	if err != nil {
		return result{}, err
	}
	if k.shape[3] != 1 {
		return result{}, fmt.Errorf("its filter has the shape %v; only one output for each channel is supported", k.shape)
	}
	channels := k.shape[2]
	return c.step([]int{window.OutHeight, window.OutWidth, channels}, biasAndLimits, func(finish nn.Finish) layer {
		conv := nn.NewDepthwise(window, k.floats, channels, finish)
		return func(team *nn.Team, dst []float32, src [][]float32) { conv.Run(team, dst, src[0]) }
	}, in[0].tensor)
}

// matMul: an input of [N,in] and constant weights of [in,out].
func (c *compiler) matMul(n *pb.NodeDef, in []result) (result, error) {
	if n.GetAttr()["transpose_a"].GetB() || n.GetAttr()["transpose_b"].GetB() {
		return result{}, errors.New("transposed matrices are not supported")
	}
	k, err := weights(in[1], 2)
	if err != nil {
		return result{}, err
	}
	x := in[0].tensor
	if x == nil || len(x.shape) != 1 || x.shape[0] != k.shape[0] {
		return result{}, fmt.Errorf("its input does not fit weights of the shape %v", k.shape)
	}
	depth, out := k.shape[0], k.shape[1]
	if err := c.budget.spend(depth * (out + 32)); err != nil {
		return result{}, err
	}
	return c.step([]int{out}, biasAndLimits, func(finish nn.Finish) layer {
		product := nn.NewConv2D(nn.NewWindow(1, 1, 1, 1, 1, 1, false), k.floats, depth, out, finish)
		return func(team *nn.Team, dst []float32, src [][]float32) { product.Run(team, dst, src[0]) }
	}, x)
}

// window checks a convolution's input, filter and attributes.
func (c *compiler) window(n *pb.NodeDef, in []result) (nn.Window, *constant, error) {
	k, err := weights(in[1], 4)
	if err != nil {
		return nn.Window{}, nil, err
	}
	x := in[0].tensor
	if x == nil || len(x.shape) != 3 || x.shape[2] != k.shape[2] {
		return nn.Window{}, nil, fmt.Errorf("its input does not fit a filter of the shape %v", k.shape)
	}
	strides, err := spatial(n, "strides")
	if err != nil {
		return nn.Window{}, nil, err
	}
	if n.GetAttr()["dilations"] != nil {
		dilations, err := spatial(n, "dilations")
		if err != nil {
			return nn.Window{}, nil, err
		}
		if dilations != [2]int{1, 1} {
			return nn.Window{}, nil, errors.New("dilations are not supported")
		}
	}
	padding := string(n.GetAttr()["padding"].GetS())
	if padding != "SAME" && padding != "VALID" {
		return nn.Window{}, nil, fmt.Errorf("its padding is %q; SAME and VALID are supported", padding)
	}
	w := nn.NewWindow(x.shape[0], x.shape[1], k.shape[0], k.shape[1], strides[0], strides[1], padding == "SAME")
	if w.OutHeight < 1 || w.OutWidth < 1 {
		return nn.Window{}, nil, fmt.Errorf("its filter of the shape %v is larger than its input of %v", k.shape, x.shape)
	}
	return w, k, nil
}

// spatial reads an attribute with a number for each of N, H, W and C: those of H and W, where the others are 1.
func spatial(n *pb.NodeDef, attr string) ([2]int, error) {
	const most = 1024
	list := n.GetAttr()[attr].GetList().GetI()
	if len(list) != 4 || list[0] != 1 || list[3] != 1 || min(list[1], list[2]) < 1 || max(list[1], list[2]) > most {
		return [2]int{}, fmt.Errorf("its %s are %v; four are needed, such as [1 2 2 1]", attr, list)
	}
	return [2]int{int(list[1]), int(list[2])}, nil
}
