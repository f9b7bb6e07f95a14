package store_test

import (
	"encoding/json"
	"math"
	"testing"
	"unicode/utf8"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"

	"github.com/stretchr/testify/require"
)

// FuzzPredictions checks that predictions come back from their column as they were stored.
func FuzzPredictions(f *testing.F) {
	f.Add("tiger cat", 0.4, "jack-o'-lantern", 1e-9)
	f.Add("a \"quoted\" one\\", 1.0, "<&>\n\u2028é\x7f", 0.0)
	f.Fuzz(func(t *testing.T, first string, firstScore float64, second string, secondScore float64) {
		if !utf8.ValidString(first+second) || math.IsNaN(firstScore+secondScore) || math.IsInf(firstScore, 0) || math.IsInf(secondScore, 0) {
			return
		}
		want := []task.Prediction{{Label: first, Score: firstScore}, {Label: second, Score: secondScore}}
		encoded, err := store.PredictionsColumn(want).Value()
		require.NoError(t, err)
		var plain []task.Prediction
		require.NoError(t, json.Unmarshal([]byte(encoded.(string)), &plain))
		require.Equal(t, want, plain)
		var got store.PredictionsColumn
		require.NoError(t, got.Scan([]byte(encoded.(string))))
		require.Equal(t, want, []task.Prediction(got))
	})
}

func TestInvalidPredictionsAreAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `[{"label":"pier","score":1}`, `[{"label":"pier","score":1},]`, `[{"label":"pier","score":x}]`, `{}`} {
		var column store.PredictionsColumn
		require.Error(t, column.Scan([]byte(text)), text)
	}
}
