package graph

import (
	"errors"
	"fmt"
	"strings"

	pb "snaptask/functions/tensorflowpb"
)

// Compile returns the program that computes output from input, which are tensors of a signature. It checks every node that the
// output depends on and ignores the others. Its error names the invalid node.
func Compile(g *pb.GraphDef, input, output *pb.TensorInfo) (*Program, error) {
	c := &compiler{
		nodes: map[string]*pb.NodeDef{}, marks: map[string]mark{}, uses: map[string]int{},
		done: map[string]result{}, budget: &budget{},
	}
	if len(g.GetNode()) > maxNodes {
		return nil, fmt.Errorf("the graph has %d nodes; at most %d are supported", len(g.GetNode()), maxNodes)
	}
	for _, n := range g.GetNode() {
		if c.nodes[n.GetName()] != nil {
			return nil, fmt.Errorf("the graph has two nodes named %q", n.GetName())
		}
		c.nodes[n.GetName()] = n
	}
	if err := c.takeInput(input); err != nil {
		return nil, fmt.Errorf("the signature's input: %w", err)
	}
	last, err := c.node(output.GetName())
	if err != nil {
		return nil, fmt.Errorf("the signature's output: %w", err)
	}
	c.uses[last.GetName()]++
	if err := c.order(last); err != nil {
		return nil, err
	}
	for _, n := range c.sorted {
		r, err := c.compile(n)
		if err != nil {
			return nil, fmt.Errorf("node %q (%s): %w", n.GetName(), n.GetOp(), err)
		}
		c.done[n.GetName()] = r
	}
	c.program.result = c.done[last.GetName()].tensor
	if c.program.result == nil {
		return nil, fmt.Errorf("the signature's output %q does not depend on its input", output.GetName())
	}
	c.program.Output = c.program.result.shape
	if err := checkInfo(output, c.program.Output); err != nil {
		return nil, fmt.Errorf("the signature's output %q: %w", output.GetName(), err)
	}
	if err := c.program.plan(c.budget); err != nil {
		return nil, err
	}
	return &c.program, nil
}

type compiler struct {
	nodes   map[string]*pb.NodeDef
	sorted  []*pb.NodeDef // nodes that the output depends on, each after its inputs
	marks   map[string]mark
	uses    map[string]int // how often each node's output is an input
	done    map[string]result
	budget  *budget
	program Program
}

// mark is a node's state in the topological sort.
type mark int

const (
	begun mark = iota + 1
	sorted
)

// result is the output of a node: either a constant or a tensor.
type result struct {
	constant *constant
	tensor   *tensor
}

// takeInput adds the tensor of the placeholder that is the signature's input.
func (c *compiler) takeInput(info *pb.TensorInfo) error {
	n, err := c.node(info.GetName())
	if err != nil {
		return err
	}
	if n.GetOp() != "Placeholder" {
		return fmt.Errorf("node %q is a %s, not a Placeholder", n.GetName(), n.GetOp())
	}
	if dtype := n.GetAttr()["dtype"].GetType(); dtype != pb.DataType_DT_FLOAT || info.GetDtype() != dtype {
		return fmt.Errorf("node %q is %v and %v in the signature; only DT_FLOAT is supported", n.GetName(), dtype, info.GetDtype())
	}
	dims := info.GetTensorShape().GetDim()
	if len(dims) < 2 || dims[0].GetSize() == 0 || dims[0].GetSize() < -1 {
		return errors.New("its shape has no batch dimension")
	}
	shape, count, err := fullShape(&pb.TensorShapeProto{Dim: dims[1:]})
	if err != nil {
		return err
	}
	if count == 0 {
		return errors.New("its shape has no elements")
	}
	if attr := n.GetAttr()["shape"].GetShape(); attr != nil && !attr.GetUnknownRank() {
		if err := checkShape(attr, shape); err != nil {
			return fmt.Errorf("node %q: %w", n.GetName(), err)
		}
	}
	c.program.Input = shape
	c.done[n.GetName()] = result{tensor: &tensor{shape: shape, size: count, buffer: input}}
	c.marks[n.GetName()] = sorted
	return nil
}

// node returns the node that computes a tensor named "node" or "node:0". It follows Identity nodes to their inputs.
func (c *compiler) node(name string) (*pb.NodeDef, error) {
	for range c.nodes {
		base, output, _ := strings.Cut(name, ":")
		if output != "" && output != "0" {
			return nil, fmt.Errorf("there is no tensor %q: all supported operations have one output", name)
		}
		n := c.nodes[base]
		switch {
		case n == nil:
			return nil, fmt.Errorf("there is no node %q", base)
		case n.GetOp() != "Identity":
			return n, nil
		case len(n.GetInput()) == 0:
			return nil, fmt.Errorf("node %q (Identity) has no input", base)
		}
		name = n.GetInput()[0]
	}
	return nil, fmt.Errorf("node %q is part of a cycle", name)
}

// order appends n to sorted after all nodes that it depends on, and counts how often each is used.
func (c *compiler) order(n *pb.NodeDef) error {
	name := n.GetName()
	switch c.marks[name] {
	case begun:
		return fmt.Errorf("node %q is part of a cycle", name)
	case sorted:
		return nil
	}
	c.marks[name] = begun
	for _, in := range dataInputs(n) {
		source, err := c.node(in)
		if err != nil {
			return fmt.Errorf("node %q (%s): %w", name, n.GetOp(), err)
		}
		c.uses[source.GetName()]++
		if err := c.order(source); err != nil {
			return err
		}
	}
	c.marks[name] = sorted
	c.sorted = append(c.sorted, n)
	return nil
}

// dataInputs returns the inputs without control dependencies (^NAME), which order only side effects.
func dataInputs(n *pb.NodeDef) []string {
	for i, in := range n.GetInput() {
		if strings.HasPrefix(in, "^") {
			return n.GetInput()[:i]
		}
	}
	return n.GetInput()
}

// checkInfo compares the signature of a tensor with its shape.
func checkInfo(info *pb.TensorInfo, shape []int) error {
	if info.GetDtype() != pb.DataType_DT_FLOAT {
		return fmt.Errorf("%v in the signature; only DT_FLOAT is supported", info.GetDtype())
	}
	if info.GetTensorShape() == nil || info.GetTensorShape().GetUnknownRank() {
		return nil
	}
	return checkShape(info.GetTensorShape(), shape)
}

// checkShape compares a declared shape, with a batch dimension and possibly open dimensions, with the shape of one element.
func checkShape(declared *pb.TensorShapeProto, shape []int) error {
	dims := declared.GetDim()
	if len(dims) != len(shape)+1 {
		return fmt.Errorf("declared with %d dimensions, but has %d", len(dims), len(shape)+1)
	}
	for i, size := range shape {
		if want := dims[i+1].GetSize(); want >= 0 && want != int64(size) {
			return fmt.Errorf("dimension %d is declared as %d, but is %d", i+1, want, size)
		}
	}
	return nil
}
