package graph

import (
	"encoding/binary"
	"math"
	"testing"

	"snaptask/deploy/modelserver/savedmodel"
	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// builder makes small graphs whose input "x" is [N,2,2,2] and whose output is "y".
type builder struct {
	meta *pb.MetaGraphDef
}

func newBuilder() *builder {
	b := &builder{meta: &pb.MetaGraphDef{
		MetaInfoDef: &pb.MetaGraphDef_MetaInfoDef{Tags: []string{"serve"}},
		GraphDef:    &pb.GraphDef{},
		SignatureDef: map[string]*pb.SignatureDef{savedmodel.DefaultSignature: {
			Inputs:  map[string]*pb.TensorInfo{"in": info("x:0", -1, 2, 2, 2)},
			Outputs: map[string]*pb.TensorInfo{"out": {Encoding: &pb.TensorInfo_Name{Name: "y:0"}, Dtype: pb.DataType_DT_FLOAT}},
		}},
	}}
	b.node("x", "Placeholder").Attr["dtype"] = dtype(pb.DataType_DT_FLOAT)
	return b
}

func (b *builder) input() *pb.TensorInfo {
	return b.meta.SignatureDef[savedmodel.DefaultSignature].Inputs["in"]
}

func (b *builder) output() *pb.TensorInfo {
	return b.meta.SignatureDef[savedmodel.DefaultSignature].Outputs["out"]
}

func (b *builder) node(name, op string, inputs ...string) *pb.NodeDef {
	n := &pb.NodeDef{Name: name, Op: op, Input: inputs, Attr: map[string]*pb.AttrValue{}}
	b.meta.GraphDef.Node = append(b.meta.GraphDef.Node, n)
	return n
}

func (b *builder) constant(name string, shape []int64, values ...float32) *pb.TensorProto {
	t := &pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, TensorShape: shapeOf(shape...), FloatVal: values}
	b.node(name, "Const").Attr["value"] = &pb.AttrValue{Value: &pb.AttrValue_Tensor{Tensor: t}}
	return t
}

func (b *builder) axes(name string, axes ...int32) {
	t := &pb.TensorProto{Dtype: pb.DataType_DT_INT32, TensorShape: shapeOf(int64(len(axes))), IntVal: axes}
	b.node(name, "Const").Attr["value"] = &pb.AttrValue{Value: &pb.AttrValue_Tensor{Tensor: t}}
}

func (b *builder) conv(name, op, input, filter string) *pb.NodeDef {
	n := b.node(name, op, input, filter)
	n.Attr["strides"] = ints(1, 1, 1, 1)
	n.Attr["padding"] = text("SAME")
	return n
}

func (b *builder) compile() (*Program, error) {
	return Compile(b.meta.GetGraphDef(), b.input(), b.output())
}

// run compiles the graph and runs it on 0, 1, ... 7.
func (b *builder) run(t *testing.T) []float32 {
	program, err := b.compile()
	require.NoError(t, err)
	return program.NewFrame(2).Run([]float32{0, 1, 2, 3, 4, 5, 6, 7})
}

func (b *builder) file(t testing.TB) []byte {
	data, err := proto.Marshal(&pb.SavedModel{SavedModelSchemaVersion: 1, MetaGraphs: []*pb.MetaGraphDef{b.meta}})
	require.NoError(t, err)
	return data
}

func info(name string, sizes ...int64) *pb.TensorInfo {
	return &pb.TensorInfo{Encoding: &pb.TensorInfo_Name{Name: name}, Dtype: pb.DataType_DT_FLOAT, TensorShape: shapeOf(sizes...)}
}

func shapeOf(sizes ...int64) *pb.TensorShapeProto {
	s := &pb.TensorShapeProto{}
	for _, size := range sizes {
		s.Dim = append(s.Dim, &pb.TensorShapeProto_Dim{Size: size})
	}
	return s
}

func dtype(d pb.DataType) *pb.AttrValue { return &pb.AttrValue{Value: &pb.AttrValue_Type{Type: d}} }
func text(s string) *pb.AttrValue       { return &pb.AttrValue{Value: &pb.AttrValue_S{S: []byte(s)}} }
func yes() *pb.AttrValue                { return &pb.AttrValue{Value: &pb.AttrValue_B{B: true}} }

func ints(values ...int64) *pb.AttrValue {
	return &pb.AttrValue{Value: &pb.AttrValue_List{List: &pb.AttrValue_ListValue{I: values}}}
}

func content(values ...float32) []byte {
	var bytes []byte
	for _, v := range values {
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
	}
	return bytes
}
