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

// FuzzPredictions checks that a column is read as encoding/json reads it, whatever it contains.
func FuzzPredictions(f *testing.F) {
	for _, seed := range []string{
		`[]`, `null`, ``, `[{"label":"pier","score":0.265367}]`, `[{"label":"pier","score":0.2},{"label":"breakwater","score":1e-7}]`,
		`[{"label":"\u00e9\"\\","score":1}]`, `[ {"label":"pier","score":1}]`, `[{"score":1,"label":"pier"}]`, `[{"label":"a","score":-1}]`,
		`[{"label":"pier","score":1}`, `[{"label":"pier","score":1},]`, `[{"label":"pier","score":NaN}]`, `[{"label":"a","score":1,"x":2}]`,
		`[{"label":"a","score":1}]]`, `[{"label":"a","score":1e999}]`, `[{"label":"a","score":}]`, `{"label":"a","score":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want []task.Prediction
		if json.Unmarshal([]byte(text), &want) != nil || !utf8.ValidString(text) {
			return
		}
		var got store.PredictionsColumn
		require.NoError(t, got.Scan([]byte(text)))
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i], got[i])
		}
	})
}

// FuzzStoredPredictions checks that predictions come back from their column as they were stored.
func FuzzStoredPredictions(f *testing.F) {
	f.Add("tiger cat", 0.4, "jack-o'-lantern", 1e-9)
	f.Add("a \"quoted\" one\\", 1.0, "<&>\n\u2028é\x7f", 0.0)
	f.Fuzz(func(t *testing.T, first string, firstScore float64, second string, secondScore float64) {
		if !utf8.ValidString(first+second) || math.IsNaN(firstScore+secondScore) || math.IsInf(firstScore, 0) || math.IsInf(secondScore, 0) {
			return
		}
		want := []task.Prediction{{Label: first, Score: firstScore}, {Label: second, Score: secondScore}}
		encoded, err := store.PredictionsColumn(want).Value()
		require.NoError(t, err)
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
