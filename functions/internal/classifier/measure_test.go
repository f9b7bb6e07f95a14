package classifier

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"snaptask/functions/telemetry"
	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
)

func TestTheClassifierGetsTheTrace(t *testing.T) {
	t.Parallel()
	const pause = 20 * time.Millisecond
	received := make(chan string, 1)
	for protocol, client := range map[string]*Client{
		"grpc": newFake(1, 2, func(ctx context.Context, _ *pb.PredictRequest) (*pb.TensorProto, error) {
			sent, _ := metadata.FromIncomingContext(ctx)
			received <- sent.Get(telemetry.TraceparentHeader)[0]
			time.Sleep(pause)
			return &pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1000, 1)}, nil
		}).start(t, 10*time.Second),
		"rest": restClient(t, 10*time.Second, func(w http.ResponseWriter, r *http.Request) {
			received <- r.Header.Get(telemetry.TraceparentHeader)
			time.Sleep(pause)
			json.NewEncoder(w).Encode(map[string]any{"outputs": [][]float32{logits(1000, 1)}})
		}),
	} {
		const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		ctx, call := telemetry.Start(t.Context(), "predict-image", traceparent)
		_, err := client.Classify(ctx, make([]float32, 12), 2, 2)
		require.NoError(t, err, protocol)
		require.Equal(t, traceparent, <-received, protocol)
		fields := call.Fields()
		took := fields[len(fields)-1]
		require.Equal(t, "classifier_ms", took.Key, protocol)
		require.GreaterOrEqual(t, took.Value.Float64(), float64(pause.Milliseconds()), protocol)
	}
}
