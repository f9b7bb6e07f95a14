package serving

import (
	"context"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"snaptask/deploy/modelserver/savedmodel"
	"snaptask/functions/telemetry"
	pb "snaptask/functions/tensorflowpb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// maxMessage is the maximum size of a request in bytes: 9 images of 384 pixels, 27 of 224.
const maxMessage = 16 << 20

// maxStreams is the maximum number of concurrent requests on one connection; its client queues the others.
const maxStreams = 4

// connectionAge is the maximum age of a connection. When it ends, gRPC clients resolve the name again and find new replicas.
const connectionAge = 30 * time.Second

// NewGRPC returns the gRPC server: PredictionService and ModelService.
func NewGRPC(m *Model) *grpc.Server {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxConcurrentStreams(maxStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: connectionAge, MaxConnectionAgeGrace: connectionAge}))
	pb.RegisterPredictionServiceServer(server, predictionService{model: m})
	pb.RegisterModelServiceServer(server, modelService{model: m})
	return server
}

type predictionService struct {
	pb.UnimplementedPredictionServiceServer
	model *Model
}

func (s predictionService) Predict(ctx context.Context, request *pb.PredictRequest) (response *pb.PredictResponse, err error) {
	traceparent := strings.Join(metadata.ValueFromIncomingContext(ctx, telemetry.TraceparentHeader), "")
	s.model.measured(ctx, entryGRPC, traceparent, func(ctx context.Context) error {
		response, err = s.predict(ctx, request)
		return err
	})
	return response, err
}

func (s predictionService) predict(ctx context.Context, request *pb.PredictRequest) (*pb.PredictResponse, error) {
	m, spec := s.model, request.GetModelSpec()
	if err := m.findSpec(spec); err != nil {
		return nil, err
	}
	if name := spec.GetSignatureName(); name != "" && name != savedmodel.DefaultSignature {
		return nil, status.Errorf(codes.FailedPrecondition, "Serving signature key %q not found.", name)
	}
	if err := m.checkInputs(slices.Collect(maps.Keys(request.GetInputs()))); err != nil {
		return nil, err
	}
	if err := m.checkFilter(request.GetOutputFilter()); err != nil {
		return nil, err
	}
	tensor := request.GetInputs()[m.input]
	batch, values, err := m.decodeTensor(tensor)
	if err != nil {
		return nil, err
	}
	outputs, err := m.predict(ctx, batch, values)
	if err != nil {
		return nil, err
	}
	shape := &pb.TensorShapeProto{}
	for _, size := range m.outputShape(batch) {
		shape.Dim = append(shape.Dim, &pb.TensorShapeProto_Dim{Size: int64(size)})
	}
	return &pb.PredictResponse{
		ModelSpec: m.spec(savedmodel.DefaultSignature),
		Outputs: map[string]*pb.TensorProto{
			m.output: {Dtype: pb.DataType_DT_FLOAT, TensorShape: shape, FloatVal: outputs},
		},
	}, nil
}

func (m *Model) checkFilter(filter []string) error {
	for i, name := range filter {
		switch {
		case name != m.output:
			return status.Errorf(codes.InvalidArgument,
				"output tensor alias not found in signature: %s Outputs expected to be in the set {%s}.", name, m.output)
		case i > 0:
			return status.Errorf(codes.InvalidArgument, "duplicate output tensor alias: %s", name)
		}
	}
	return nil
}

// decodeTensor returns the batch size and the values of an input, from tensor_content or float_val.
func (m *Model) decodeTensor(t *pb.TensorProto) (batch int, values []float32, err error) {
	if t.GetDtype() != pb.DataType_DT_FLOAT {
		return 0, nil, status.Errorf(codes.InvalidArgument, "input %q is expected to be DT_FLOAT but %v is provided", m.input, t.GetDtype())
	}
	shape := make([]int, len(t.GetTensorShape().GetDim()))
	for i, d := range t.GetTensorShape().GetDim() {
		if d.GetSize() < 0 || d.GetSize() > maxMessage {
			return 0, nil, status.Errorf(codes.InvalidArgument, "tensor parsing error: %s: dimension %d is %d", m.input, i, d.GetSize())
		}
		shape[i] = int(d.GetSize())
	}
	if batch, err = m.checkShape(shape); err != nil {
		return 0, nil, err
	}
	need := batch
	for _, size := range m.program.Input {
		need *= size
	}
	if content := t.GetTensorContent(); len(content) == 4*need && len(t.GetFloatVal()) == 0 {
		values = make([]float32, need)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(content[4*i:]))
		}
		return batch, values, nil
	}
	listed := t.GetFloatVal()
	if len(t.GetTensorContent()) > 0 || len(listed) > need || len(listed) == 0 && need > 0 || 4*need > maxMessage {
		return 0, nil, status.Errorf(codes.InvalidArgument,
			"tensor parsing error: %s: %d bytes and %d values do not fit its shape", m.input, len(t.GetTensorContent()), len(listed))
	}
	// The last value of a list is repeated for all that are missing.
	values = append(make([]float32, 0, need), listed...)
	for len(values) < need {
		values = append(values, listed[len(listed)-1])
	}
	return batch, values, nil
}

func (s predictionService) GetModelMetadata(
	_ context.Context, request *pb.GetModelMetadataRequest,
) (*pb.GetModelMetadataResponse, error) {
	if err := s.model.findSpec(request.GetModelSpec()); err != nil {
		return nil, err
	}
	if len(request.GetMetadataField()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "GetModelMetadataRequest must specify at least one metadata_field")
	}
	for _, field := range request.GetMetadataField() {
		if field != signatureDef {
			return nil, status.Errorf(codes.InvalidArgument, "Metadata field %s is not supported", field)
		}
	}
	packed, err := anypb.New(&pb.SignatureDefMap{
		SignatureDef: map[string]*pb.SignatureDef{savedmodel.DefaultSignature: s.model.signature},
	})
	if err != nil {
		return nil, err
	}
	return &pb.GetModelMetadataResponse{ModelSpec: s.model.spec(""), Metadata: map[string]*anypb.Any{signatureDef: packed}}, nil
}

// signatureDef is the only metadata field.
const signatureDef = "signature_def"

type modelService struct {
	pb.UnimplementedModelServiceServer
	model *Model
}

func (s modelService) GetModelStatus(_ context.Context, request *pb.GetModelStatusRequest) (*pb.GetModelStatusResponse, error) {
	spec := request.GetModelSpec()
	if err := s.model.findSpec(spec); err != nil {
		if status.Code(err) == codes.NotFound {
			err = statusNotFound(spec.GetName(), specVersion(spec))
		}
		return nil, err
	}
	return &pb.GetModelStatusResponse{ModelVersionStatus: []*pb.ModelVersionStatus{{
		Version: s.model.Version, State: pb.ModelVersionStatus_AVAILABLE, Status: &pb.StatusProto{ErrorCode: pb.Code_OK},
	}}}, nil
}

// spec returns the model spec for answers.
func (m *Model) spec(signature string) *pb.ModelSpec {
	return &pb.ModelSpec{
		Name: m.Name, SignatureName: signature,
		VersionChoice: &pb.ModelSpec_Version{Version: wrapperspb.Int64(m.Version)},
	}
}
