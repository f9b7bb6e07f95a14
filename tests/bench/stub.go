package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	pb "snaptask/functions/tensorflowpb"
)

// The model that the stub stands for: what EfficientNetV2-S takes and gives. It answers at once with the same logits for
// every picture, so that only what is around a model is measured.
const (
	stubModel  = "efficientnet"
	stubSide   = 384
	stubInput  = "input_1"
	stubOutput = "output_1"
	classes    = 1000
)

// Addresses of the stub's process, from its environment.
const (
	envStubGRPC = "STUB_GRPC"
	envStubREST = "STUB_REST"
)

// stub speaks the part of TensorFlow Serving's protocols that the contenders use.
type stub struct {
	pb.UnimplementedPredictionServiceServer
	logits []float32
}

// serveStub is the main function of the stub's process.
func serveStub(ctx context.Context) error {
	s := &stub{logits: make([]float32, classes)}
	for i := range s.logits {
		s.logits[i] = float32(i*7919%classes) / 50
	}
	calls, err := net.Listen("tcp", os.Getenv(envStubGRPC))
	if err != nil {
		return err
	}
	rest, err := net.Listen("tcp", os.Getenv(envStubREST))
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	pb.RegisterPredictionServiceServer(server, s)
	web := &http.Server{Handler: http.HandlerFunc(s.rest)}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(calls) }()
	go func() { failed <- web.Serve(rest) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	server.Stop()
	return web.Close()
}

func tensor(name string, sizes ...int64) *pb.TensorInfo {
	shape := &pb.TensorShapeProto{}
	for _, size := range sizes {
		shape.Dim = append(shape.Dim, &pb.TensorShapeProto_Dim{Size: size})
	}
	return &pb.TensorInfo{Encoding: &pb.TensorInfo_Name{Name: name + ":0"}, Dtype: pb.DataType_DT_FLOAT, TensorShape: shape}
}

func spec() *pb.ModelSpec {
	return &pb.ModelSpec{
		Name: stubModel, SignatureName: "serving_default",
		VersionChoice: &pb.ModelSpec_Version{Version: wrapperspb.Int64(1)},
	}
}

// GetModelMetadata says what the model takes and gives.
func (s *stub) GetModelMetadata(context.Context, *pb.GetModelMetadataRequest) (*pb.GetModelMetadataResponse, error) {
	packed, err := anypb.New(&pb.SignatureDefMap{SignatureDef: map[string]*pb.SignatureDef{"serving_default": {
		Inputs:     map[string]*pb.TensorInfo{stubInput: tensor(stubInput, -1, stubSide, stubSide, 3)},
		Outputs:    map[string]*pb.TensorInfo{stubOutput: tensor(stubOutput, -1, classes)},
		MethodName: "tensorflow/serving/predict",
	}}})
	if err != nil {
		return nil, err
	}
	return &pb.GetModelMetadataResponse{ModelSpec: spec(), Metadata: map[string]*anypb.Any{"signature_def": packed}}, nil
}

// Predict refuses what isn't whole pictures of the right size and answers the rest at once.
func (s *stub) Predict(_ context.Context, r *pb.PredictRequest) (*pb.PredictResponse, error) {
	sent := r.GetInputs()[stubInput]
	values := len(sent.GetTensorContent())/4 + len(sent.GetFloatVal())
	const one = stubSide * stubSide * 3
	if values == 0 || values%one != 0 {
		return nil, status.Errorf(codes.InvalidArgument, "%s has %d values instead of %d for each picture", stubInput, values, one)
	}
	n := values / one
	reply := tensor(stubOutput, int64(n), classes)
	all := make([]float32, 0, n*classes)
	for range n {
		all = append(all, s.logits...)
	}
	return &pb.PredictResponse{ModelSpec: spec(), Outputs: map[string]*pb.TensorProto{
		stubOutput: {Dtype: pb.DataType_DT_FLOAT, TensorShape: reply.GetTensorShape(), FloatVal: all},
	}}, nil
}

// rest takes one picture as JSON numbers, which it reads and does not parse: the model answers at once.
func (s *stub) rest(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		fmt.Fprintln(w, "{}")
		return
	}
	n, err := io.Copy(io.Discard, r.Body)
	if err == nil && n < stubSide*stubSide*3*2 {
		err = errors.New("that is no picture")
	}
	if err == nil && !strings.HasSuffix(r.URL.Path, ":predict") {
		err = errors.New("there is only :predict")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"predictions": [][]float32{s.logits}})
}
