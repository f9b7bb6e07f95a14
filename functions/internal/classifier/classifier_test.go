package classifier

import (
	"cmp"
	"os"
	"slices"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/stretchr/testify/require"
)

// setting returns a variable that locates a running server.
func setting(t *testing.T, name string) string {
	value := os.Getenv(name)
	require.NotEmpty(t, value, "%s is not set: run the tests with `make test`", name)
	return value
}

func realClients(t *testing.T) map[string]*Client {
	clients := map[string]*Client{}
	for _, c := range []Config{
		{Protocol: "grpc", Address: setting(t, "TEST_CLASSIFIER_ADDRESS")},
		{Protocol: "rest", RESTURL: setting(t, "TEST_CLASSIFIER_REST_URL")},
	} {
		c.Model, c.Timeout = "efficientnet", 20*time.Second
		client, err := New(c)
		require.NoError(t, err)
		clients[c.Protocol] = client
	}
	return clients
}

// TestRealServerReturnsTheGoldenLogits compares with the golden logits of EfficientNet-Lite0 for the same pixels.
func TestRealServerReturnsTheGoldenLogits(t *testing.T) {
	t.Parallel()
	var answers [][]task.Prediction
	for protocol, client := range realClients(t) {
		height, width, err := client.InputSize(t.Context())
		require.NoError(t, err, protocol)
		require.Equal(t, []int{224, 224}, []int{height, width}, protocol)

		predictions, err := client.Classify(t.Context(), testPixels(height, width), height, width)
		require.NoError(t, err, protocol)
		require.Len(t, predictions, task.PredictionCount)
		require.Equal(t, "window screen", predictions[0].Label)
		require.InDelta(t, 0.098, predictions[0].Score, 0.005)
		require.True(t, slices.IsSortedFunc(predictions, func(a, b task.Prediction) int { return cmp.Compare(b.Score, a.Score) }))
		answers = append(answers, predictions)
	}
	for i := range answers[0] {
		require.Equal(t, answers[0][i].Label, answers[1][i].Label)
		require.InDelta(t, answers[0][i].Score, answers[1][i].Score, 1e-6)
	}
}

func TestUnknownModelOnARealServerIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{Protocol: "grpc", Address: setting(t, "TEST_CLASSIFIER_ADDRESS")},
		{Protocol: "rest", RESTURL: setting(t, "TEST_CLASSIFIER_REST_URL")},
	} {
		c.Model, c.Timeout = "nothing", 5*time.Second
		client, err := New(c)
		require.NoError(t, err)
		_, _, err = client.InputSize(t.Context())
		require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
		require.ErrorContains(t, err, "nothing")
	}
}

func TestPixelsMustHaveTheModelsSize(t *testing.T) {
	t.Parallel()
	for protocol, client := range realClients(t) {
		_, err := client.Classify(t.Context(), testPixels(192, 192), 192, 192)
		require.ErrorIs(t, err, ErrSizeChanged, protocol)

		_, err = client.Classify(t.Context(), testPixels(192, 192), 224, 224)
		require.ErrorContains(t, err, "110592 pixel values", protocol)
	}
}

func TestNewChecksItsConfig(t *testing.T) {
	t.Parallel()
	good := Config{Protocol: "grpc", Address: "classifier:8500", Model: "efficientnet", Timeout: time.Second}
	_, err := New(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*Config){
		"model's name is missing":   func(c *Config) { c.Model = "" },
		"timeout is 0s":             func(c *Config) { c.Timeout = 0 },
		"protocol is \"soap\"":      func(c *Config) { c.Protocol = "soap" },
		"gRPC address is missing":   func(c *Config) { c.Address = "" },
		"REST URL is \"host:8501\"": func(c *Config) { c.Protocol, c.RESTURL = "rest", "host:8501" },
		"missing protocol scheme":   func(c *Config) { c.Protocol, c.RESTURL = "rest", "://" },
	} {
		c := good
		spoil(&c)
		_, err := New(c)
		require.ErrorContains(t, err, name)
	}
}

func TestUnreachableServerIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{Protocol: "grpc", Address: "127.0.0.1:1"},
		{Protocol: "rest", RESTURL: "http://127.0.0.1:1"},
	} {
		c.Model, c.Timeout = "efficientnet", 5*time.Second
		client, err := New(c)
		require.NoError(t, err)
		_, _, err = client.InputSize(t.Context())
		require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
		_, err = client.Classify(t.Context(), testPixels(4, 4), 4, 4)
		require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
	}
}

// testPixels returns a picture made by a formula, of n/255 each. The golden logits are for 224 x 224.
func testPixels(height, width int) []float32 {
	pixels := make([]float32, height*width*3)
	for i := range pixels {
		pixels[i] = float32(i*7919%256) / 255
	}
	return pixels
}
