package classifier

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path"
	"time"

	"snaptask/functions/telemetry"
	pb "snaptask/functions/tensorflowpb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// signatureDef is the metadata field that describes a model's signatures.
const signatureDef = "signature_def"

type grpcServer struct {
	model  string
	client pb.PredictionServiceClient
}

func newGRPC(address, model string) (*grpcServer, error) {
	if address == "" {
		return nil, errors.New("classifier: the gRPC address is missing")
	}
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(measure),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		// A classifier restarts within seconds; gRPC's default backoff waits up to two minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}))
	if err != nil {
		return nil, fmt.Errorf("classifier: %w", err)
	}
	return &grpcServer{model: model, client: pb.NewPredictionServiceClient(connection)}, nil
}

// measure is a grpc.UnaryClientInterceptor that measures the calls and passes the trace on.
func measure(ctx context.Context, method string, request, reply any,
	connection *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption) error {
	ctx, end := telemetry.Begin(ctx, telemetry.Classifier, "classifier "+path.Base(method))
	if traceparent := telemetry.Traceparent(ctx); traceparent != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, telemetry.TraceparentHeader, traceparent)
	}
	err := call(ctx, method, request, reply, connection, options...)
	switch status.Code(err) {
	case codes.DeadlineExceeded:
		end(context.DeadlineExceeded)
	case codes.Canceled:
		end(context.Canceled)
	default:
		end(err)
	}
	return err
}

func (g *grpcServer) metadata(ctx context.Context) (*spec, error) {
	reply, err := g.client.GetModelMetadata(ctx, &pb.GetModelMetadataRequest{
		ModelSpec: &pb.ModelSpec{Name: g.model}, MetadataField: []string{signatureDef},
	})
	if err != nil {
		return nil, err
	}
	var signatures pb.SignatureDefMap
	if err := reply.GetMetadata()[signatureDef].UnmarshalTo(&signatures); err != nil {
		return nil, fmt.Errorf("signature_def: %w", err)
	}
	return newSpec(reply.GetModelSpec().GetVersion().GetValue(), signatures.GetSignatureDef())
}

func (g *grpcServer) predict(ctx context.Context, s *spec, pixels []float32) ([]float32, error) {
	content := make([]byte, 0, 4*len(pixels))
	for _, p := range pixels {
		content = binary.LittleEndian.AppendUint32(content, math.Float32bits(p))
	}
	shape := &pb.TensorShapeProto{}
	for _, size := range []int{1, s.height, s.width, 3} {
		shape.Dim = append(shape.Dim, &pb.TensorShapeProto_Dim{Size: int64(size)})
	}
	reply, err := g.client.Predict(ctx, &pb.PredictRequest{
		ModelSpec: &pb.ModelSpec{
			Name: g.model, SignatureName: signatureName,
			VersionChoice: &pb.ModelSpec_Version{Version: wrapperspb.Int64(s.version)},
		},
		Inputs: map[string]*pb.TensorProto{
			s.input: {Dtype: pb.DataType_DT_FLOAT, TensorShape: shape, TensorContent: content},
		},
		OutputFilter: []string{s.output},
	})
	if err != nil {
		return nil, err
	}
	return floats(reply.GetOutputs()[s.output])
}

// floats decodes a tensor. TensorFlow Serving writes its answers as float_val unless it is configured to write tensor_content.
func floats(tensor *pb.TensorProto) ([]float32, error) {
	if tensor.GetDtype() != pb.DataType_DT_FLOAT {
		return nil, fmt.Errorf("the output is %v instead of DT_FLOAT", tensor.GetDtype())
	}
	content := tensor.GetTensorContent()
	if len(content) == 0 {
		return tensor.GetFloatVal(), nil
	}
	if len(content)%4 != 0 {
		return nil, fmt.Errorf("the output has %d bytes, which is not a whole number of floats", len(content))
	}
	values := make([]float32, len(content)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(content[4*i:]))
	}
	return values, nil
}
