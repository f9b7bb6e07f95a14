package classifier

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// fakeServer is a gRPC server whose answers the test provides. It serves a model of the given version and size.
type fakeServer struct {
	pb.UnimplementedPredictionServiceServer
	version, size atomic.Int64
	predict       func(context.Context, *pb.PredictRequest) (*pb.TensorProto, error)
	asked         atomic.Int64 // calls of GetModelMetadata
}

func newFake(version, size int64, predict func(context.Context, *pb.PredictRequest) (*pb.TensorProto, error)) *fakeServer {
	f := &fakeServer{predict: predict}
	f.version.Store(version)
	f.size.Store(size)
	return f
}

func (f *fakeServer) GetModelMetadata(context.Context, *pb.GetModelMetadataRequest) (*pb.GetModelMetadataResponse, error) {
	f.asked.Add(1)
	version, size := f.version.Load(), f.size.Load()
	packed, err := anypb.New(&pb.SignatureDefMap{SignatureDef: map[string]*pb.SignatureDef{
		signatureName: signature(pb.DataType_DT_FLOAT, []int64{-1, size, size, 3}, pb.DataType_DT_FLOAT, []int64{-1, 1000}),
	}})
	return &pb.GetModelMetadataResponse{
		ModelSpec: &pb.ModelSpec{VersionChoice: &pb.ModelSpec_Version{Version: wrapperspb.Int64(version)}},
		Metadata:  map[string]*anypb.Any{signatureDef: packed},
	}, err
}

func (f *fakeServer) Predict(ctx context.Context, r *pb.PredictRequest) (*pb.PredictResponse, error) {
	tensor, err := f.predict(ctx, r)
	return &pb.PredictResponse{Outputs: map[string]*pb.TensorProto{"logits": tensor}}, err
}

// start serves f on 127.0.0.1 and returns a client of it.
func (f *fakeServer) start(t *testing.T, timeout time.Duration) *Client {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	pb.RegisterPredictionServiceServer(server, f)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	client, err := New(Config{Protocol: "grpc", Address: listener.Addr().String(), Model: "m", Timeout: timeout})
	require.NoError(t, err)
	return client
}

// restClient returns a client of an HTTP server that serves metadata and answers predict requests with handle.
func restClient(t *testing.T, timeout time.Duration, handle http.HandlerFunc) *Client {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models/m/metadata", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"model_spec": {"name": "m", "version": "7"}, "metadata": {"signature_def": {"signature_def": {
			"serving_default": {"inputs": {"x": {"dtype": "DT_FLOAT", "name": "x:0", "news": 1, "tensor_shape": {"dim": [
			{"size": "-1", "name": ""}, {"size": "2", "name": ""}, {"size": "2", "name": ""}, {"size": "3", "name": ""}], "unknown_rank": false}}},
			"outputs": {"logits": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1"}, {"size": "1000"}]}}}},
			"__saved_model_init_op": {"inputs": {}, "outputs": {}}}}}}`))
	})
	mux.HandleFunc("POST /v1/models/m/versions/{call}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("call") != "7:predict" {
			http.NotFound(w, r)
			return
		}
		handle(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := New(Config{Protocol: "rest", RESTURL: server.URL, Model: "m", Timeout: timeout})
	require.NoError(t, err)
	return client
}

func signature(in pb.DataType, input []int64, out pb.DataType, output []int64) *pb.SignatureDef {
	return &pb.SignatureDef{
		Inputs:  map[string]*pb.TensorInfo{"x": {Dtype: in, TensorShape: tensorShape(input)}},
		Outputs: map[string]*pb.TensorInfo{"logits": {Dtype: out, TensorShape: tensorShape(output)}},
	}
}

func tensorShape(sizes []int64) *pb.TensorShapeProto {
	s := &pb.TensorShapeProto{}
	for _, size := range sizes {
		s.Dim = append(s.Dim, &pb.TensorShapeProto_Dim{Size: size})
	}
	return s
}

// logits returns n zeros with a 9 at index best.
func logits(n, best int) []float32 {
	all := make([]float32, n)
	all[best] = 9
	return all
}

func contentOf(values []float32) []byte {
	var content []byte
	for _, v := range values {
		content = binary.LittleEndian.AppendUint32(content, math.Float32bits(v))
	}
	return content
}

func TestBothFormsOfTensorsAreRead(t *testing.T) {
	t.Parallel()
	for name, tensor := range map[string]*pb.TensorProto{
		"float_val":         {Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1000, 0)},
		"tensor_content":    {Dtype: pb.DataType_DT_FLOAT, TensorContent: contentOf(logits(1000, 0))},
		"with a background": {Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1001, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(3, 2, func(_ context.Context, r *pb.PredictRequest) (*pb.TensorProto, error) {
				sent := r.GetInputs()["x"]
				if r.GetModelSpec().GetVersion().GetValue() != 3 || len(sent.GetTensorContent()) != 48 {
					return nil, status.Error(codes.Internal, "another request was expected")
				}
				return tensor, nil
			})
			predictions, err := f.start(t, 5*time.Second).Classify(t.Context(), testPixels(2, 2), 2, 2)
			require.NoError(t, err)
			require.Equal(t, "tench", predictions[0].Label)
		})
	}
}

func TestInvalidAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	nan := logits(1000, 4)
	nan[5] = float32(math.NaN())
	for name, tensor := range map[string]*pb.TensorProto{
		"0 logits":       {Dtype: pb.DataType_DT_FLOAT},
		"1002 logits":    {Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1002, 1)},
		"NaN":            {Dtype: pb.DataType_DT_FLOAT, FloatVal: nan},
		"DT_DOUBLE":      {Dtype: pb.DataType_DT_DOUBLE, DoubleVal: []float64{1}},
		"4001 bytes":     {Dtype: pb.DataType_DT_FLOAT, TensorContent: make([]byte, 4001)},
		"is DT_INVALID ": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(1, 2, func(context.Context, *pb.PredictRequest) (*pb.TensorProto, error) {
				return tensor, nil
			})
			_, err := f.start(t, 5*time.Second).Classify(t.Context(), testPixels(2, 2), 2, 2)
			require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
			require.ErrorContains(t, err, name)
		})
	}
}

func TestTimeoutIsUnavailable(t *testing.T) {
	t.Parallel()
	f := newFake(1, 2, func(ctx context.Context, _ *pb.PredictRequest) (*pb.TensorProto, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	slow := restClient(t, time.Second, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	for _, client := range []*Client{f.start(t, time.Second), slow} {
		_, err := client.Classify(t.Context(), testPixels(2, 2), 2, 2)
		require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
		require.ErrorContains(t, err, "DeadlineExceeded")
	}
}

func TestUnavailableIsRetriedOnce(t *testing.T) {
	t.Parallel()
	for failures, works := range map[int64]bool{1: true, 2: false} {
		var calls, restCalls atomic.Int64
		f := newFake(1, 2, func(context.Context, *pb.PredictRequest) (*pb.TensorProto, error) {
			if calls.Add(1) <= failures {
				return nil, status.Error(codes.Unavailable, "starting")
			}
			return &pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1000, 1)}, nil
		})
		rest := restClient(t, 5*time.Second, func(w http.ResponseWriter, _ *http.Request) {
			if restCalls.Add(1) <= failures {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Write(restAnswer(logits(1000, 1)))
		})
		for _, client := range []*Client{f.start(t, 5*time.Second), rest} {
			predictions, err := client.Classify(t.Context(), testPixels(2, 2), 2, 2)
			if !works {
				require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, "goldfish", predictions[0].Label)
		}
	}
}
