package classifier

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	pb "snaptask/functions/tensorflowpb"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// newVersioned returns a server that refuses all versions but the one in f.version.
func newVersioned(code codes.Code) *fakeServer {
	f := newFake(1, 2, nil)
	f.predict = func(_ context.Context, r *pb.PredictRequest) (*pb.TensorProto, error) {
		if r.GetModelSpec().GetVersion().GetValue() != f.version.Load() {
			return nil, status.Error(code, "no such version")
		}
		return &pb.TensorProto{Dtype: pb.DataType_DT_FLOAT, FloatVal: logits(1000, 2)}, nil
	}
	return f
}

func TestNewVersionOfTheSameSizeIsUsedAtOnce(t *testing.T) {
	t.Parallel()
	f := newVersioned(codes.NotFound)
	client := f.start(t, 5*time.Second)
	for _, version := range []int64{1, 1, 2, 2} {
		f.version.Store(version)
		predictions, err := client.Classify(t.Context(), testPixels(2, 2), 2, 2)
		require.NoError(t, err)
		require.Equal(t, "great white shark", predictions[0].Label)
	}
	require.EqualValues(t, 2, f.asked.Load(), "the metadata is read once for each version")
}

func TestNewVersionOfAnotherSizeIsReported(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.NotFound, codes.InvalidArgument, codes.FailedPrecondition} {
		f := newVersioned(code)
		client := f.start(t, 5*time.Second)
		_, err := client.Classify(t.Context(), testPixels(2, 2), 2, 2)
		require.NoError(t, err)

		f.version.Store(2)
		f.size.Store(3)
		_, err = client.Classify(t.Context(), testPixels(2, 2), 2, 2)
		require.ErrorIs(t, err, ErrSizeChanged)
		height, width, err := client.InputSize(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{3, 3}, []int{height, width})
		_, err = client.Classify(t.Context(), testPixels(3, 3), 3, 3)
		require.NoError(t, err)
	}
}

func TestRefusedPictureIsUnprocessable(t *testing.T) {
	t.Parallel()
	f := newFake(1, 2, func(context.Context, *pb.PredictRequest) (*pb.TensorProto, error) {
		return nil, status.Error(codes.InvalidArgument, "wrong pixels")
	})
	rest := restClient(t, 5*time.Second, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error": "wrong pixels"}`, http.StatusBadRequest)
	})
	for _, client := range []*Client{f.start(t, 5*time.Second), rest} {
		_, err := client.Classify(t.Context(), testPixels(2, 2), 2, 2)
		var refused *fault.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, fault.Unprocessable, refused.Kind)
		require.Equal(t, "not_classified", refused.Code)
		require.ErrorContains(t, refused.Cause, "wrong pixels")
	}
}

func TestInvalidRESTAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	for cause, answer := range map[string]string{
		"no prediction":            "<html>",
		"0 predictions":            `{"outputs": []}`,
		"2 logits":                 `{"outputs": [[1, 2]]}`,
		"too long":                 `{"outputs": [[` + strings.Repeat("1,", maxReply/2) + `1]]}`,
		"cannot unmarshal string ": `{"outputs": [["a"]]}`,
	} {
		client := restClient(t, 5*time.Second, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(answer)) })
		_, err := client.Classify(t.Context(), testPixels(2, 2), 2, 2)
		require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
		require.ErrorContains(t, err, cause)
	}
	broken := restClient(t, 5*time.Second, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	_, err := broken.Classify(t.Context(), testPixels(2, 2), 2, 2)
	require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
}

func TestOtherKindsOfModelsAreRefused(t *testing.T) {
	t.Parallel()
	const float, half = pb.DataType_DT_FLOAT, pb.DataType_DT_HALF
	_, err := newSpec(1, map[string]*pb.SignatureDef{signatureName: signature(float, []int64{1, 2, 3, 3}, float, []int64{1, 1001})})
	require.NoError(t, err)
	two := signature(float, []int64{1, 2, 3, 3}, float, []int64{1, 1001})
	two.Outputs["other"] = two.Outputs["logits"]
	for name, s := range map[string]*pb.SignatureDef{
		"half input":         signature(half, []int64{-1, 2, 2, 3}, float, []int64{-1, 1000}),
		"half output":        signature(float, []int64{-1, 2, 2, 3}, half, []int64{-1, 1000}),
		"open size":          signature(float, []int64{-1, -1, -1, 3}, float, []int64{-1, 1000}),
		"huge size":          signature(float, []int64{-1, 60000, 2, 3}, float, []int64{-1, 1000}),
		"grey pixels":        signature(float, []int64{-1, 2, 2, 1}, float, []int64{-1, 1000}),
		"flat pixels":        signature(float, []int64{-1, 12}, float, []int64{-1, 1000}),
		"batches of eight":   signature(float, []int64{8, 2, 2, 3}, float, []int64{8, 1000}),
		"21,843 classes":     signature(float, []int64{-1, 2, 2, 3}, float, []int64{-1, 21843}),
		"a map of features":  signature(float, []int64{-1, 2, 2, 3}, float, []int64{-1, 7, 7, 1000}),
		"two outputs":        two,
		"nothing at all":     {},
		"no such signature ": nil,
	} {
		signatures := map[string]*pb.SignatureDef{signatureName: s}
		if s == nil {
			delete(signatures, signatureName)
		}
		_, err := newSpec(1, signatures)
		require.ErrorContains(t, err, "the served model", name)
	}
}

func restAnswer(logits []float32) []byte {
	text, err := json.Marshal(map[string]any{"outputs": [][]float32{logits}})
	if err != nil {
		panic(err)
	}
	return text
}
