package graph

import (
	"testing"

	"snaptask/deploy/modelserver/savedmodel"
	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
)

func TestBrokenGraphsAreRefused(t *testing.T) {
	t.Parallel()
	convolution := func(spoil func(*builder, *pb.NodeDef, *pb.TensorProto)) func(*builder) {
		return func(b *builder) {
			k := b.constant("k", []int64{1, 1, 2, 1}, 1, 1)
			spoil(b, b.conv("y", "Conv2D", "x", "k"), k)
		}
	}
	for cause, build := range map[string]func(*builder){
		`there is no node "y"`:                                      func(*builder) {},
		`there is no tensor "x:`:                                    func(b *builder) { b.node("y", "Relu6", "x:1") },
		`"y" (Relu6): there is no node "gone"`:                      func(b *builder) { b.node("y", "Relu6", "gone") },
		`two nodes named "x"`:                                       func(b *builder) { b.node("x", "Relu6", "x") },
		`"y" (Softsign): this operation is not supported`:           func(b *builder) { b.node("y", "Softsign", "x") },
		`"y" (Relu6): it has 2 inputs instead of 1`:                 func(b *builder) { b.node("y", "Relu6", "x", "x") },
		`"y" (Relu6): its type is DT_HALF`:                          func(b *builder) { b.node("y", "Relu6", "x").Attr["T"] = dtype(pb.DataType_DT_HALF) },
		`"other" (Placeholder): it is not the`:                      func(b *builder) { b.node("other", "Placeholder"); b.node("y", "Sub", "x", "other") },
		`"y" (Cast): only half constants`:                           func(b *builder) { b.node("y", "Cast", "x") },
		`"y" (Const): it has no value`:                              func(b *builder) { b.node("y", "Const") },
		`"y:0" does not depend on its input`:                        func(b *builder) { b.constant("y", []int64{1}, 1) },
		`"y" (Relu6): its input is a constant`:                      func(b *builder) { b.constant("c", nil, 1); b.node("y", "Relu6", "c") },
		`"y" (AddV2): it needs a tensor and`:                        func(b *builder) { b.constant("c", nil, 1); b.node("y", "AddV2", "c", "c") },
		`"y" (Sub): only a constant or a tensor`:                    func(b *builder) { b.constant("c", nil, 1); b.node("y", "Sub", "c", "x") },
		`"y" (AddV2): a constant of the shape [3]`:                  func(b *builder) { b.constant("c", []int64{3}, 1); b.node("y", "AddV2", "x", "c") },
		`"y" (BiasAdd): its input does not fit`:                     func(b *builder) { b.constant("c", []int64{3}, 1); b.node("y", "BiasAdd", "x", "c") },
		`"y" (BiasAdd): its weights have the shape [2 1]`:           func(b *builder) { b.constant("c", []int64{2, 1}, 1); b.node("y", "BiasAdd", "x", "c") },
		`"y" (Mean): only the mean over axes 1 and 2`:               func(b *builder) { b.axes("a", 3); b.node("y", "Mean", "x", "a") },
		`"y" (MatMul): its input does not fit`:                      func(b *builder) { b.constant("w", []int64{2, 2}, 1); b.node("y", "MatMul", "x", "w") },
		`"y" (MatMul): transposed`:                                  func(b *builder) { b.node("y", "MatMul", "x", "x").Attr["transpose_b"] = yes() },
		`"y" (AddV2): its inputs have the shapes`:                   func(b *builder) { b.axes("a", 1, 2); b.node("m", "Mean", "x", "a"); b.node("y", "AddV2", "x", "m") },
		`"a" is part of a cycle`:                                    func(b *builder) { b.node("y", "Relu6", "a"); b.node("a", "Relu6", "b"); b.node("b", "Relu6", "a") },
		`"y" is part of a cycle`:                                    func(b *builder) { b.node("y", "Identity", "y") },
		`"y" (Conv2D): its input does not fit a filter`:             convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.TensorShape = shapeOf(1, 1, 1, 2) }),
		`"y" (Conv2D): its weights have the shape [2]`:              convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.TensorShape = shapeOf(2) }),
		`"y" (Conv2D): its weights are not a float constant`:        convolution(func(b *builder, n *pb.NodeDef, _ *pb.TensorProto) { n.Input[1] = "x" }),
		`"y" (Conv2D): its strides are []`:                          convolution(func(b *builder, n *pb.NodeDef, _ *pb.TensorProto) { delete(n.Attr, "strides") }),
		`"y" (Conv2D): its strides are [1 0 1 1]`:                   convolution(func(b *builder, n *pb.NodeDef, _ *pb.TensorProto) { n.Attr["strides"] = ints(1, 0, 1, 1) }),
		`"y" (Conv2D): dilations`:                                   convolution(func(b *builder, n *pb.NodeDef, _ *pb.TensorProto) { n.Attr["dilations"] = ints(1, 2, 2, 1) }),
		`"y" (Conv2D): its padding is "EXPLICIT"`:                   convolution(func(b *builder, n *pb.NodeDef, _ *pb.TensorProto) { n.Attr["padding"] = text("EXPLICIT") }),
		`"y" (Conv2D): its data format is "NCHW"`:                   convolution(func(b *builder, n *pb.NodeDef, _ *pb.TensorProto) { n.Attr["data_format"] = text("NCHW") }),
		`"k" (Const): its shape needs 8 bytes, but it has 7`:        convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.TensorContent = make([]byte, 7) }),
		`"k" (Const): its shape needs 2 values, but it has 0`:       convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.FloatVal = nil }),
		`"k" (Const): its shape needs 9000000 values, but`:          convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.TensorShape = shapeOf(3000, 3000) }),
		`"k" (Const): a tensor of shape [100000 100000]`:            convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.TensorShape = shapeOf(100000, 100000) }),
		`"k" (Const): dimension 0 of its shape is -5`:               convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.TensorShape = shapeOf(-5) }),
		`"k" (Const): its shape is unknown`:                         convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.TensorShape.UnknownRank = true }),
		`"k" (Const): constants of type DT_STRING`:                  convolution(func(b *builder, _ *pb.NodeDef, k *pb.TensorProto) { k.Dtype = pb.DataType_DT_STRING }),
		`input: node "x" is DT_FLOAT and DT_UINT8 in the signature`: func(b *builder) { b.input().Dtype = pb.DataType_DT_UINT8 },
		`input: its shape has no batch dimension`:                   func(b *builder) { b.input().TensorShape = shapeOf(0, 2) },
		`input: dimension 0 of its shape is -1`:                     func(b *builder) { b.input().TensorShape = shapeOf(-1, -1, -1, 3) },
		`input: its shape has no elements`:                          func(b *builder) { b.input().TensorShape = shapeOf(-1, 0) },
		`input: node "y" is a Relu6, not a Placeholder`:             func(b *builder) { b.node("y", "Relu6", "x"); b.input().Encoding = info("y:0").Encoding },
		`input: node "x": dimension 3 is declared as 5`:             func(b *builder) { b.shapeOfX(-1, 2, 2, 5) },
		`output "y:0": dimension 3 is declared as 7`:                func(b *builder) { b.node("y", "Relu6", "x"); b.output().TensorShape = shapeOf(-1, 2, 2, 7) },
		`output "y:0": DT_HALF in the signature`:                    func(b *builder) { b.node("y", "Relu6", "x"); b.output().Dtype = pb.DataType_DT_HALF },
	} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			b := newBuilder()
			build(b)
			_, err := b.compile()
			require.ErrorContains(t, err, cause)
		})
	}
}

func (b *builder) shapeOfX(sizes ...int64) {
	b.meta.GraphDef.Node[0].Attr["shape"] = &pb.AttrValue{Value: &pb.AttrValue_Shape{Shape: shapeOf(sizes...)}}
}

func TestAFilterLargerThanItsInputIsRefused(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.constant("k", []int64{3, 1, 2, 1}, 1)
	b.conv("y", "Conv2D", "x", "k").Attr["padding"] = text("VALID")
	_, err := b.compile()
	require.ErrorContains(t, err, "larger than its input")
}

// TestManyUsesOfAConstantAreBounded: each convolution copies its weights, so the size of one constant is not enough to check.
func TestManyUsesOfAConstantAreBounded(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.constant("k", []int64{700, 700, 2, 1}, 1)
	last := "x"
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "y"} {
		b.constant("k"+name, []int64{500, 500, 1, 2}, 1)
		b.conv("c"+name, "Conv2D", last, "k")
		b.conv(name, "Conv2D", "c"+name, "k"+name)
		last = name
	}
	_, err := b.compile()
	require.ErrorContains(t, err, "the model needs more than 384 MiB")
}

// FuzzLoad feeds bytes to the whole loader. Every accepted model must run.
func FuzzLoad(f *testing.F) {
	b := newBuilder()
	b.constant("k", []int64{1, 1, 2, 4}, 1, 2, 3, 4, 5, 6, 7, 8)
	b.constant("b", []int64{4}, 1)
	b.axes("a", 1, 2)
	b.constant("w", []int64{4, 3}, 0.5)
	b.conv("c", "Conv2D", "x", "k")
	b.node("d", "BiasAdd", "c", "b")
	b.node("r", "Relu6", "d")
	b.node("m", "Mean", "r", "a")
	b.node("y", "MatMul", "m", "w")
	whole := b.file(f)
	f.Add(whole)
	for cut := 0; cut < len(whole); cut += 7 {
		f.Add(whole[:cut])
		broken := append([]byte(nil), whole...)
		broken[cut] ^= 0xff
		f.Add(broken)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		meta, err := savedmodel.Parse(data)
		if err != nil {
			return
		}
		signature := meta.GetSignatureDef()[savedmodel.DefaultSignature]
		program, err := Compile(meta.GetGraphDef(), signature.GetInputs()["in"], signature.GetOutputs()["out"])
		if err != nil {
			return
		}
		size, err := product(program.Input)
		require.NoError(t, err)
		if size > 1<<12 || len(data) > 1<<12 {
			return
		}
		want, err := product(program.Output)
		require.NoError(t, err)
		require.Len(t, program.NewFrame(1).Run(make([]float32, size)), want)
	})
}
