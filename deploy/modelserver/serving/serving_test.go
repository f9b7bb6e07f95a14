package serving

import (
	"net"
	"net/http/httptest"
	"sync"
	"testing"

	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// loaded is the bundled model, loaded once for all tests.
var loaded = sync.OnceValues(func() (*Model, error) { return Load("../model/efficientnet-lite0", "m", 2) })

func model(t testing.TB) *Model {
	m, err := loaded()
	require.NoError(t, err)
	return m
}

// dial connects to a gRPC server of the test's own.
func dial(t *testing.T) *grpc.ClientConn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := NewGRPC(model(t))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	return connection
}

func stubs(t *testing.T) (pb.PredictionServiceClient, pb.ModelServiceClient) {
	connection := dial(t)
	return pb.NewPredictionServiceClient(connection), pb.NewModelServiceClient(connection)
}

// restAddress returns the model's URL on a REST server of the test's own.
func restAddress(t *testing.T) string {
	server := httptest.NewServer(NewREST(model(t)))
	t.Cleanup(server.Close)
	return server.URL + "/v1/models/m"
}

const pictureSize = 224 * 224 * 3

// pictures returns images of one shade each; different shades have different logits.
func pictures(shades ...float32) []float32 {
	all := make([]float32, 0, len(shades)*pictureSize)
	for _, shade := range shades {
		for i := range pictureSize {
			all = append(all, shade*float32(i%7)/7)
		}
	}
	return all
}

// logits returns the logits of images, computed without a server.
func logits(t testing.TB, shades ...float32) []float32 {
	outputs, err := model(t).predict(t.Context(), len(shades), pictures(shades...))
	require.NoError(t, err)
	require.Len(t, outputs, 1000*len(shades))
	return outputs
}
