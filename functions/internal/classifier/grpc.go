package classifier

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	pb "snaptask/functions/tensorflowpb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
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
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		// A classifier that starts again is back in seconds; gRPC's own back-off would leave it alone for up to two minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}))
	if err != nil {
		return nil, fmt.Errorf("classifier: %w", err)
	}
	return &grpcServer{model: model, client: pb.NewPredictionServiceClient(connection)}, nil
}

func (s *grpcServer) metadata(ctx context.Context) (*contract, error) {
	reply, err := s.client.GetModelMetadata(ctx, &pb.GetModelMetadataRequest{
		ModelSpec: &pb.ModelSpec{Name: s.model}, MetadataField: []string{signatureDef},
	})
	if err != nil {
		return nil, err
	}
	var signatures pb.SignatureDefMap
	if err := reply.GetMetadata()[signatureDef].UnmarshalTo(&signatures); err != nil {
		return nil, fmt.Errorf("signature_def: %w", err)
	}
	return newContract(reply.GetModelSpec().GetVersion().GetValue(), signatures.GetSignatureDef())
}

// contents are the buffers of tensors, each as large as a picture's: 0.6 MB at 224, 1.8 MB at 384.
var contents = sync.Pool{New: func() any { return new([]byte) }}

func (s *grpcServer) predict(ctx context.Context, c *contract, pixels []float32) ([]float32, error) {
	buffer := contents.Get().(*[]byte)
	defer contents.Put(buffer) // gRPC has made its message of it before the call ends
	content := (*buffer)[:0]
	content = slices.Grow(content, 4*len(pixels))
	for _, p := range pixels {
		content = binary.LittleEndian.AppendUint32(content, math.Float32bits(p))
	}
	*buffer = content
	shape := &pb.TensorShapeProto{}
	for _, size := range []int{1, c.height, c.width, 3} {
		shape.Dim = append(shape.Dim, &pb.TensorShapeProto_Dim{Size: int64(size)})
	}
	reply, err := s.client.Predict(ctx, &pb.PredictRequest{
		ModelSpec: &pb.ModelSpec{
			Name: s.model, SignatureName: signatureName,
			VersionChoice: &pb.ModelSpec_Version{Version: wrapperspb.Int64(c.version)},
		},
		Inputs: map[string]*pb.TensorProto{
			c.input: {Dtype: pb.DataType_DT_FLOAT, TensorShape: shape, TensorContent: content},
		},
		OutputFilter: []string{c.output},
	})
	if err != nil {
		return nil, err
	}
	return floats(reply.GetOutputs()[c.output])
}

// floats decodes a tensor. TensorFlow Serving writes its answers as float_val unless it is told to write tensor_content.
func floats(tensor *pb.TensorProto) ([]float32, error) {
	if tensor.GetDtype() != pb.DataType_DT_FLOAT {
		return nil, fmt.Errorf("the output is %v instead of DT_FLOAT", tensor.GetDtype())
	}
	content := tensor.GetTensorContent()
	if len(content) == 0 {
		return tensor.GetFloatVal(), nil
	}
	if len(content)%4 != 0 {
		return nil, fmt.Errorf("the output has %d bytes, which are no floats", len(content))
	}
	values := make([]float32, len(content)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(content[4*i:]))
	}
	return values, nil
}
