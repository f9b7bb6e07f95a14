package classifier

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLabelsAreFirstSynonyms(t *testing.T) {
	t.Parallel()
	labels, err := firstSynonyms()
	require.NoError(t, err)
	require.Len(t, labels, 1000)
	require.Equal(t, "tench", labels[0])
	require.Equal(t, "tabby", labels[281])
	require.Equal(t, "toilet tissue", labels[999])
	require.NotContains(t, labels, "")
}

func TestSoftmax(t *testing.T) {
	t.Parallel()
	scores, err := softmax([]float32{0, float32(math.Log(3)), -200})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0.25, 0.75, 0}, scores, 1e-6)

	scores, err = softmax([]float32{3e38, 3e38})
	require.NoError(t, err)
	require.Equal(t, []float64{0.5, 0.5}, scores)

	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		_, err = softmax([]float32{1, float32(bad), 2})
		require.Error(t, err)
	}
}

// TestPixelsSurviveJSON reads the REST body back with encoding/json.
func TestPixelsSurviveJSON(t *testing.T) {
	t.Parallel()
	pixels := madeUp(16, 8)
	for i := range 256 {
		pixels[i] = float32(i) / 255
	}
	copy(pixels[300:], []float32{0.5, 0.1, 1e-9, math.Nextafter32(1.0/255, 1), 1, 0, -0.25, 1.5})
	var request struct {
		Inputs map[string][1][16][8][3]float32 `json:"inputs"`
	}
	require.NoError(t, json.Unmarshal(encodePixels(pixels, &contract{input: `odd "name"`, height: 16, width: 8}), &request))
	got := request.Inputs[`odd "name"`]
	for i, want := range pixels {
		require.Equal(t, want, got[0][i/24][i/3%8][i%3], "value %d", i)
	}
}

func BenchmarkEncodePixels(b *testing.B) {
	pixels := madeUp(384, 384)
	for b.Loop() {
		encodePixels(pixels, &contract{input: "inputs", height: 384, width: 384})
	}
}
