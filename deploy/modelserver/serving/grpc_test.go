package serving

import (
	"encoding/binary"
	"math"
	"sync"
	"testing"

	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// predictRequest returns a valid request for images of these shades, as raw bytes.
func predictRequest(shades ...float32) *pb.PredictRequest {
	tensor := &pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, TensorShape: &pb.TensorShapeProto{}}
	for _, size := range []int{len(shades), 224, 224, 3} {
		tensor.TensorShape.Dim = append(tensor.TensorShape.Dim, &pb.TensorShapeProto_Dim{Size: int64(size)})
	}
	for _, v := range pictures(shades...) {
		tensor.TensorContent = binary.LittleEndian.AppendUint32(tensor.TensorContent, math.Float32bits(v))
	}
	return &pb.PredictRequest{ModelSpec: &pb.ModelSpec{Name: "m"}, Inputs: map[string]*pb.TensorProto{"inputs": tensor}}
}

func TestPredict(t *testing.T) {
	t.Parallel()
	client, _ := stubs(t)
	bytes, listed, repeated := predictRequest(0.3, 0.9), predictRequest(0.3, 0.9), predictRequest(0)
	listed.Inputs["inputs"].TensorContent = nil
	listed.Inputs["inputs"].FloatVal = pictures(0.3, 0.9)
	repeated.Inputs["inputs"].TensorContent = nil
	repeated.Inputs["inputs"].FloatVal = []float32{0}
	for name, c := range map[string]struct {
		request *pb.PredictRequest
		shades  []float32
	}{
		"tensor_content":           {bytes, []float32{0.3, 0.9}},
		"float_val":                {listed, []float32{0.3, 0.9}},
		"one float_val for all":    {repeated, []float32{0}},
		"a batch without pictures": {predictRequest(), nil},
	} {
		c.request.OutputFilter = []string{"logits"}
		reply, err := client.Predict(t.Context(), c.request)
		require.NoError(t, err, name)
		require.EqualValues(t, 1, reply.GetModelSpec().GetVersion().GetValue())
		require.Equal(t, "serving_default", reply.GetModelSpec().GetSignatureName())
		output := reply.GetOutputs()["logits"]
		require.EqualValues(t, len(c.shades), output.GetTensorShape().GetDim()[0].GetSize())
		require.EqualValues(t, 1000, output.GetTensorShape().GetDim()[1].GetSize())
		require.Len(t, output.GetFloatVal(), 1000*len(c.shades), name)
		if len(c.shades) > 0 {
			require.InDeltaSlice(t, logits(t, c.shades...), output.GetFloatVal(), 1e-4, name)
		}
	}
}

func TestPredictRefuses(t *testing.T) {
	t.Parallel()
	client, _ := stubs(t)
	for name, c := range map[string]struct {
		spoil func(*pb.PredictRequest)
		code  codes.Code
	}{
		"no name":         {func(r *pb.PredictRequest) { r.ModelSpec = nil }, codes.InvalidArgument},
		"unknown model":   {func(r *pb.PredictRequest) { r.ModelSpec.Name = "other" }, codes.NotFound},
		"unknown version": {func(r *pb.PredictRequest) { r.ModelSpec.VersionChoice = version(2) }, codes.NotFound},
		"version label": {func(r *pb.PredictRequest) {
			r.ModelSpec.VersionChoice = &pb.ModelSpec_VersionLabel{VersionLabel: "stable"}
		}, codes.InvalidArgument},
		"unknown signature": {func(r *pb.PredictRequest) { r.ModelSpec.SignatureName = "train" }, codes.FailedPrecondition},
		"no input":          {func(r *pb.PredictRequest) { r.Inputs = nil }, codes.InvalidArgument},
		"another input": {func(r *pb.PredictRequest) {
			r.Inputs = map[string]*pb.TensorProto{"pixels": r.Inputs["inputs"]}
		}, codes.InvalidArgument},
		"one input too many": {func(r *pb.PredictRequest) { r.Inputs["more"] = r.Inputs["inputs"] }, codes.InvalidArgument},
		"unknown output":     {func(r *pb.PredictRequest) { r.OutputFilter = []string{"scores"} }, codes.InvalidArgument},
		"output named twice": {func(r *pb.PredictRequest) { r.OutputFilter = []string{"logits", "logits"} }, codes.InvalidArgument},
		"double":             {tensor(func(i *pb.TensorProto) { i.Dtype = pb.DataType_DT_DOUBLE }), codes.InvalidArgument},
		"no shape":           {tensor(func(i *pb.TensorProto) { i.TensorShape = nil }), codes.InvalidArgument},
		"another size":       {tensor(func(i *pb.TensorProto) { i.TensorShape.Dim[1].Size = 384 }), codes.InvalidArgument},
		"negative batch":     {tensor(func(i *pb.TensorProto) { i.TensorShape.Dim[0].Size = -1 }), codes.InvalidArgument},
		"huge batch":         {tensor(func(i *pb.TensorProto) { i.TensorShape.Dim[0].Size = 1 << 40 }), codes.InvalidArgument},
		"large batch of one value": {tensor(func(i *pb.TensorProto) {
			i.TensorShape.Dim[0].Size, i.TensorContent, i.FloatVal = 1<<20, nil, []float32{0}
		}), codes.InvalidArgument},
		"too few bytes": {tensor(func(i *pb.TensorProto) { i.TensorContent = i.TensorContent[1:] }), codes.InvalidArgument},
		"no bytes":      {tensor(func(i *pb.TensorProto) { i.TensorContent = nil }), codes.InvalidArgument},
		"too many values": {tensor(func(i *pb.TensorProto) {
			i.TensorContent, i.FloatVal = nil, make([]float32, pictureSize+1)
		}), codes.InvalidArgument},
		"bytes and values":    {tensor(func(i *pb.TensorProto) { i.FloatVal = []float32{1} }), codes.InvalidArgument},
		"larger than allowed": {tensor(func(i *pb.TensorProto) { i.TensorContent = make([]byte, maxMessage) }), codes.ResourceExhausted},
	} {
		request := predictRequest(0.5)
		c.spoil(request)
		_, err := client.Predict(t.Context(), request)
		require.Equal(t, c.code, status.Code(err), "%s: %v", name, err)
	}
}

func tensor(spoil func(*pb.TensorProto)) func(*pb.PredictRequest) {
	return func(r *pb.PredictRequest) { spoil(r.Inputs["inputs"]) }
}

func version(v int64) *pb.ModelSpec_Version {
	return &pb.ModelSpec_Version{Version: wrapperspb.Int64(v)}
}

// TestConcurrentPredictionsDoNotMix predicts different images in many goroutines.
func TestConcurrentPredictionsDoNotMix(t *testing.T) {
	t.Parallel()
	client, _ := stubs(t)
	var group sync.WaitGroup
	for _, shade := range []float32{0, 0.2, 0.4, 0.6, 0.8, 1} {
		want := logits(t, shade)
		group.Go(func() {
			for range 3 {
				reply, err := client.Predict(t.Context(), predictRequest(shade))
				if err != nil {
					t.Error(err)
					return
				}
				for i, got := range reply.GetOutputs()["logits"].GetFloatVal() {
					if math.Abs(float64(got-want[i])) > 1e-4 {
						t.Errorf("logit %d of shade %v is %v instead of %v", i, shade, got, want[i])
						return
					}
				}
			}
		})
	}
	group.Wait()
}

func TestGetModelMetadata(t *testing.T) {
	t.Parallel()
	client, _ := stubs(t)
	reply, err := client.GetModelMetadata(t.Context(), &pb.GetModelMetadataRequest{
		ModelSpec: &pb.ModelSpec{Name: "m", VersionChoice: version(1)}, MetadataField: []string{"signature_def"},
	})
	require.NoError(t, err)
	require.Equal(t, "m", reply.GetModelSpec().GetName())
	require.EqualValues(t, 1, reply.GetModelSpec().GetVersion().GetValue())
	packed := reply.GetMetadata()["signature_def"]
	require.Equal(t, "type.googleapis.com/tensorflow.serving.SignatureDefMap", packed.GetTypeUrl())
	var signatures pb.SignatureDefMap
	require.NoError(t, packed.UnmarshalTo(&signatures))
	input := signatures.GetSignatureDef()["serving_default"].GetInputs()["inputs"]
	require.EqualValues(t, 224, input.GetTensorShape().GetDim()[2].GetSize())
	require.Equal(t, "inputs:0", input.GetName())

	for _, c := range []struct {
		request *pb.GetModelMetadataRequest
		code    codes.Code
	}{
		{&pb.GetModelMetadataRequest{ModelSpec: &pb.ModelSpec{Name: "x"}, MetadataField: []string{"signature_def"}}, codes.NotFound},
		{&pb.GetModelMetadataRequest{ModelSpec: &pb.ModelSpec{Name: "m"}}, codes.InvalidArgument},
		{&pb.GetModelMetadataRequest{ModelSpec: &pb.ModelSpec{Name: "m"}, MetadataField: []string{"author"}}, codes.InvalidArgument},
	} {
		_, err := client.GetModelMetadata(t.Context(), c.request)
		require.Equal(t, c.code, status.Code(err), "%v", err)
	}
}

func TestGetModelStatus(t *testing.T) {
	t.Parallel()
	_, client := stubs(t)
	reply, err := client.GetModelStatus(t.Context(), &pb.GetModelStatusRequest{ModelSpec: &pb.ModelSpec{Name: "m"}})
	require.NoError(t, err)
	require.Len(t, reply.GetModelVersionStatus(), 1)
	require.Equal(t, pb.ModelVersionStatus_AVAILABLE, reply.GetModelVersionStatus()[0].GetState())
	require.EqualValues(t, 1, reply.GetModelVersionStatus()[0].GetVersion())

	for spec, code := range map[*pb.ModelSpec]codes.Code{
		{Name: "x"}:                            codes.NotFound,
		{Name: "m", VersionChoice: version(9)}: codes.NotFound,
		nil:                                    codes.InvalidArgument,
	} {
		_, err := client.GetModelStatus(t.Context(), &pb.GetModelStatusRequest{ModelSpec: spec})
		require.Equal(t, code, status.Code(err), "%v", err)
	}
}

func TestOtherMethodsAreUnimplemented(t *testing.T) {
	t.Parallel()
	err := dial(t).Invoke(t.Context(), "/tensorflow.serving.PredictionService/Classify", predictRequest(), &pb.PredictResponse{})
	require.Equal(t, codes.Unimplemented, status.Code(err), "%v", err)
}
