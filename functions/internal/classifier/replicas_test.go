package classifier

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// replica serves on 127.0.0.1, closes connections after 100 ms, and counts its calls.
func replica(t *testing.T, calls *atomic.Int64) resolver.Address {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 100 * time.Millisecond, MaxConnectionAgeGrace: time.Minute}))
	pb.RegisterPredictionServiceServer(server, newFake(1, 2, func(context.Context, *pb.PredictRequest) (*pb.TensorProto, error) {
		calls.Add(1)
		return &pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1000, 2)}, nil
	}))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return resolver.Address{Addr: listener.Addr().String()}
}

// TestCallsSpreadToNewAddresses resolves a name to one address at first and later to two, as with a headless Service that is
// scaled. No call may fail.
func TestCallsSpreadToNewAddresses(t *testing.T) {
	var first, second atomic.Int64
	addresses := []resolver.Address{replica(t, &first)}
	var mu sync.Mutex
	names := manual.NewBuilderWithScheme("replicas")
	names.InitialState(resolver.State{Addresses: addresses})
	names.ResolveNowCallback = func(resolver.ResolveNowOptions) {
		mu.Lock()
		defer mu.Unlock()
		go names.UpdateState(resolver.State{Addresses: addresses})
	}
	resolver.Register(names)

	client, err := New(Config{Protocol: "grpc", Address: "replicas:///classifier", Model: "m", Timeout: 5 * time.Second})
	require.NoError(t, err)
	classify := func() {
		_, err := client.Classify(t.Context(), testPixels(2, 2), 2, 2)
		require.NoError(t, err)
	}
	classify()
	mu.Lock()
	addresses = append(addresses, replica(t, &second))
	mu.Unlock()
	require.Eventually(t, func() bool { classify(); return second.Load() > 0 }, 10*time.Second, time.Millisecond, "the second is never asked")
	before := first.Load()
	require.Eventually(t, func() bool { classify(); return first.Load() > before }, 10*time.Second, time.Millisecond, "the first is forgotten")
}

func TestIdleRESTConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	client, err := New(Config{Protocol: "rest", RESTURL: server.URL, Model: "m", Timeout: 5 * time.Second})
	require.NoError(t, err)
	_, _, err = client.InputSize(t.Context())
	require.Error(t, err)
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		require.Fail(t, "the connection is still open")
	}
}

// BenchmarkPredict measures a call over gRPC, client and server.
func BenchmarkPredict(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(4 << 20))
	pb.RegisterPredictionServiceServer(server, newFake(1, 384, func(context.Context, *pb.PredictRequest) (*pb.TensorProto, error) {
		return &pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1000, 2)}, nil
	}))
	go server.Serve(listener)
	b.Cleanup(server.Stop)
	client, err := New(Config{Protocol: "grpc", Address: listener.Addr().String(), Model: "m", Timeout: 5 * time.Second})
	require.NoError(b, err)
	pixels := testPixels(384, 384)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Classify(b.Context(), pixels, 384, 384); err != nil {
			b.Fatal(err)
		}
	}
}
