//go:build linux

package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	pb "snaptask/functions/tensorflowpb"
)

// The inputs and outputs of EfficientNetV2-S.
const (
	modelName = "efficientnet"
	modelSide = 384 // of the square image, in pixels
	classes   = 1000
	inputName = "input_1"
	values    = modelSide * modelSide * 3
)

// model stands in for TensorFlow Serving: it answers the contenders' calls immediately, with the same logits for every image,
// so that only the work around the model is measured.
type model struct {
	pb.UnimplementedPredictionServiceServer
	grpc, rest string // addresses
	logits     []float32
}

func serveModel() *model {
	calls, web := must(net.Listen("tcp", "127.0.0.1:0")), must(net.Listen("tcp", "127.0.0.1:0"))
	m := &model{grpc: calls.Addr().String(), rest: web.Addr().String()}
	for i := range classes {
		m.logits = append(m.logits, float32(i*7919%classes)/50)
	}
	server := grpc.NewServer()
	pb.RegisterPredictionServiceServer(server, m)
	go server.Serve(calls)
	go http.Serve(web, http.HandlerFunc(m.predictREST))
	return m
}

func tensorInfo(name string, sizes ...int64) *pb.TensorInfo {
	shape := &pb.TensorShapeProto{}
	for _, size := range sizes {
		shape.Dim = append(shape.Dim, &pb.TensorShapeProto_Dim{Size: size})
	}
	return &pb.TensorInfo{Encoding: &pb.TensorInfo_Name{Name: name + ":0"}, Dtype: pb.DataType_DT_FLOAT, TensorShape: shape}
}

func modelSpec() *pb.ModelSpec {
	return &pb.ModelSpec{Name: modelName, SignatureName: "serving_default", VersionChoice: &pb.ModelSpec_Version{Version: wrapperspb.Int64(1)}}
}

// GetModelMetadata returns the model's signature.
func (m *model) GetModelMetadata(context.Context, *pb.GetModelMetadataRequest) (*pb.GetModelMetadataResponse, error) {
	packed, err := anypb.New(&pb.SignatureDefMap{SignatureDef: map[string]*pb.SignatureDef{"serving_default": {
		Inputs:     map[string]*pb.TensorInfo{inputName: tensorInfo(inputName, -1, modelSide, modelSide, 3)},
		Outputs:    map[string]*pb.TensorInfo{"output_1": tensorInfo("output_1", -1, classes)},
		MethodName: "tensorflow/serving/predict",
	}}})
	return &pb.GetModelMetadataResponse{ModelSpec: modelSpec(), Metadata: map[string]*anypb.Any{"signature_def": packed}}, err
}

// Predict answers for one image of the right size.
func (m *model) Predict(_ context.Context, r *pb.PredictRequest) (*pb.PredictResponse, error) {
	if n := len(r.GetInputs()[inputName].GetTensorContent()); n != 4*values {
		return nil, status.Errorf(codes.InvalidArgument, "%s has %d bytes instead of %d", inputName, n, 4*values)
	}
	return &pb.PredictResponse{ModelSpec: modelSpec(), Outputs: map[string]*pb.TensorProto{
		"output_1": {Dtype: pb.DataType_DT_FLOAT, TensorShape: tensorInfo("", 1, classes).GetTensorShape(), FloatVal: m.logits},
	}}, nil
}

// predictREST answers for one image in JSON, which it reads but does not parse.
func (m *model) predictREST(w http.ResponseWriter, r *http.Request) {
	if n, err := io.Copy(io.Discard, r.Body); err != nil || n < 2*values {
		http.Error(w, "want one image", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"predictions": [][]float32{m.logits}})
}
