package task

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShownPredictionsAreStrongEnough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scores []float64
		shown  int
	}{
		"none":                                  {nil, 0},
		"a sure one hides the weak":             {[]float64{.96, .319, .01}, 1},
		"a third of the best is shown":          {[]float64{.75, .25, .2499}, 2},
		"5 in a hundred is the least":           {[]float64{.06, .05, .0499}, 2},
		"a third of the best, but less than 5%": {[]float64{.12, .049}, 1},
		"the best is too weak":                  {[]float64{.0499, .0498}, 0},
		"the best is just enough":               {[]float64{.05, .02}, 1},
		"all alike":                             {[]float64{.1, .1, .1, .1, .1, .1, .1, .1, .1, .1}, 10},
		"no scores at all":                      {[]float64{0, 0}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := make([]Prediction, len(c.scores))
			for i, score := range c.scores {
				all[i] = Prediction{Label: string(rune('a' + i)), Score: score}
			}
			shown := ShownPredictions(all)
			require.Len(t, shown, c.shown)
			require.Equal(t, all[:c.shown], append([]Prediction{}, shown...))
		})
	}
}
