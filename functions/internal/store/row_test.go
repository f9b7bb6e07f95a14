package store_test

import (
	"encoding/json"
	"math"
	"testing"
	"unicode/utf8"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// FuzzPredictions checks that predictions are read as encoding/json reads them, whatever stands in the column.
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
		got, err := store.DecodePredictions([]byte(text))
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i], got[i])
		}
	})
}

// FuzzEncodedPredictions checks that what is written down can be read again.
func FuzzEncodedPredictions(f *testing.F) {
	f.Add("tiger cat", 0.4, "jack-o'-lantern", 1e-9)
	f.Add("a \"quoted\" one\\", 1.0, "<&>\n\u2028é\x7f", 0.0)
	f.Fuzz(func(t *testing.T, first string, firstScore float64, second string, secondScore float64) {
		if !utf8.ValidString(first+second) || math.IsNaN(firstScore+secondScore) || math.IsInf(firstScore, 0) || math.IsInf(secondScore, 0) {
			return
		}
		want := []task.Prediction{{Label: first, Score: firstScore}, {Label: second, Score: secondScore}}
		encoded, err := store.EncodePredictions(want)
		require.NoError(t, err)
		got, err := store.DecodePredictions([]byte(encoded))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestBrokenPredictionsAreAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `[{"label":"pier","score":1}`, `[{"label":"pier","score":1},]`, `[{"label":"pier","score":x}]`, `{}`} {
		_, err := store.DecodePredictions([]byte(text))
		require.Error(t, err, text)
	}
}

func BenchmarkDecodePredictions(b *testing.B) {
	var all []task.Prediction
	for range task.PredictionCount {
		all = append(all, task.Prediction{Label: "breakwater", Score: .123456})
	}
	encoded, err := store.EncodePredictions(all)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.DecodePredictions([]byte(encoded)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTasks lists tasks without pictures, the time of the database included.
func BenchmarkTasks(b *testing.B) {
	s := testbed.Store(b)
	person := testbed.SignIn(b, s)
	for range 1000 {
		draft, err := task.NewDraft("", "Call the plumber", "about the kitchen sink", "2026-12-24")
		require.NoError(b, err)
		_, err = s.AddTask(b.Context(), person.Owner, draft)
		require.NoError(b, err)
	}
	for name, limit := range map[string]int{"20": 20, "1000": 1000} {
		b.Run(name, func(b *testing.B) {
			filter := testbed.Everything()
			filter.Limit = limit
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Tasks(b.Context(), person.Owner, filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
