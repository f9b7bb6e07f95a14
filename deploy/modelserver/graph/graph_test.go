package graph

import (
	"math"
	"testing"

	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		build func(*builder)
		want  []float32
	}{
		"conv, bias and relu6 in one": {func(b *builder) {
			b.constant("k", []int64{1, 1, 2, 1}, 1, 1)
			b.constant("b", []int64{1}, -2)
			b.conv("c", "Conv2D", "x", "k")
			b.node("d", "BiasAdd", "c", "b")
			b.node("y", "Relu6", "d")
		}, []float32{0, 3, 6, 6}},
		"a sum that two nodes need is not changed by one of them": {func(b *builder) {
			b.constant("k", []int64{1, 1, 2, 1}, 1, 1)
			b.constant("b", []int64{1}, 10)
			b.conv("c", "Conv2D", "x", "k")
			b.node("d", "BiasAdd", "c", "b")
			b.node("y", "Sub", "d", "c")
		}, []float32{10, 10, 10, 10}},
		"nor past an Identity": {func(b *builder) {
			b.constant("k", []int64{1, 1, 2, 1}, 1, 1)
			b.constant("b", []int64{1}, 10)
			b.conv("c", "Conv2D", "x", "k")
			b.node("i", "Identity", "c", "^k")
			b.node("d", "BiasAdd", "i", "b")
			b.node("y", "AddV2", "c", "d")
		}, []float32{12, 20, 28, 36}},
		"a bias after relu6 stays after it": {func(b *builder) {
			b.constant("b", []int64{2}, 1, -1)
			b.node("r", "Relu6", "x")
			b.node("y", "BiasAdd", "r", "b")
		}, []float32{1, 0, 3, 2, 5, 4, 7, 5}},
		"depthwise with stride": {func(b *builder) {
			b.constant("k", []int64{2, 2, 2, 1}, 1, 2, 0, 0, 0, 0, 1, 0)
			b.conv("y", "DepthwiseConv2dNative", "x", "k").Attr["strides"] = ints(1, 2, 2, 1)
		}, []float32{6, 2}},
		"a scalar is subtracted, the constant first is added": {func(b *builder) {
			b.constant("one", nil, 1)
			b.constant("two", []int64{1, 1, 1, 2}, 20, 30)
			b.node("s", "Sub", "x", "one")
			b.node("y", "AddV2", "two", "s")
		}, []float32{19, 30, 21, 32, 23, 34, 25, 36}},
		"mean and product": {func(b *builder) {
			b.axes("a", 1, 2)
			b.node("m", "Mean", "x", "a")
			b.constant("w", []int64{2, 3}, 1, 0, 2, 0, 1, 1)
			b.node("y", "MatMul", "m", "w")
		}, []float32{3, 4, 10}},
		"mean that keeps its dimensions": {func(b *builder) {
			b.axes("a", 1, 2)
			b.node("y", "Mean", "x", "a").Attr["keep_dims"] = yes()
		}, []float32{3, 4}},
		"a tensor added to itself, then limited": {func(b *builder) {
			b.node("s", "AddV2", "x", "x")
			b.node("y", "Relu6", "s")
		}, []float32{0, 2, 4, 6, 6, 6, 6, 6}},
		"the input itself": {func(b *builder) { b.node("y", "Identity", "x:0") }, []float32{0, 1, 2, 3, 4, 5, 6, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder()
			c.build(b)
			require.Equal(t, c.want, b.run(t))
		})
	}
}

// TestBuffersAreShared runs a chain of more layers than buffers, with a branch that is used late.
func TestBuffersAreShared(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.constant("one", nil, 1)
	b.node("branch", "Sub", "x", "one")
	last := "branch"
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		b.node(name, "Relu6", last)
		last = name
	}
	b.node("y", "AddV2", last, "branch")
	program, err := b.compile()
	require.NoError(t, err)
	require.Len(t, program.buffers, 3)
	require.Equal(t, []float32{-1, 0, 2, 4, 6, 8, 10, 12}, b.run(t))
}

func TestConstants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tensor *pb.TensorProto
		want   []float32
	}{
		"content": {&pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, TensorShape: shapeOf(2), TensorContent: content(1, 2)}, []float32{1, 2}},
		"the last value stands for the rest": {
			&pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, TensorShape: shapeOf(3), FloatVal: []float32{1, 2}}, []float32{1, 2, 2},
		},
		"half content": {
			&pb.TensorProto{Dtype: pb.DataType_DT_HALF, TensorShape: shapeOf(2, 1), TensorContent: []byte{0, 0x3c, 0, 0xc0}}, []float32{1, -2},
		},
		"half values": {
			&pb.TensorProto{Dtype: pb.DataType_DT_HALF, TensorShape: shapeOf(5), HalfVal: []int32{0x3555, 1, 0x7bff, 0x7c00, 0x8000}},
			[]float32{0.33325195, 1.0 / (1 << 24), 65504, float32(math.Inf(1)), float32(math.Copysign(0, -1))},
		},
	} {
		k, err := newConstant(c.tensor, &budget{})
		require.NoError(t, err, name)
		require.Equal(t, c.want, k.floats, name)
	}
	k, err := newConstant(&pb.TensorProto{Dtype: pb.DataType_DT_INT64, TensorShape: shapeOf(1), TensorContent: []byte{
		0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	}}, &budget{})
	require.NoError(t, err)
	require.Equal(t, []int64{-2}, k.ints)
}
