package classifier

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLabelsAreFirstSynonyms(t *testing.T) {
	t.Parallel()
	labels, err := readLabels()
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
