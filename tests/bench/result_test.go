package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
)

// repetition is a sample of n calls that took a second, each latency milliseconds.
func repetition(n int, latency, cpu time.Duration) sample {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = latency
	}
	return sample{measured: measured{calls: n, took: time.Second, latencies: all}, cpu: cpu, database: 2 * cpu, memory: memory{RSS: 3e6, PSS: 2e6}}
}

func TestSummaryTakesMediansOfRepetitions(t *testing.T) {
	t.Parallel()
	r := summary("one", []sample{
		repetition(100, 10*time.Millisecond, 200*time.Millisecond),
		repetition(300, 2*time.Millisecond, 300*time.Millisecond),
		repetition(200, 4*time.Millisecond, 200*time.Millisecond),
	})
	require.Equal(t, contenderResult{
		Name: "one", Rate: 200, Rates: []float64{100, 300, 200}, P50: 4, P99: 4, CPU: 1, Database: 2, MemoryMB: 2, Calls: 600,
	}, r)
}

func TestClaims(t *testing.T) {
	t.Parallel()
	all := []contenderResult{
		{Name: flaskName, Rate: 400, P50: 40, CPU: 2},
		{Name: ourName, Rate: 8000, P50: 2, CPU: 0.2},
		{Name: "nothing"},
	}
	for name, c := range map[string]struct {
		claim claim
		value float64
		met   bool
	}{
		"a rate that is just enough":  {claim{of: ourName, to: flaskName, what: rate, atLeast: 20}, 20, true},
		"a rate that is too low":      {claim{of: ourName, to: flaskName, what: rate, atLeast: 20.1}, 20, false},
		"a time that is short enough": {claim{of: ourName, to: flaskName, what: latency, atMost: 0.05}, 0.05, true},
		"CPU that is too much":        {claim{of: ourName, to: flaskName, what: effort, atMost: 0.09}, 0.1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checked, err := c.claim.check(all)
			require.NoError(t, err)
			require.InDelta(t, c.value, checked.Value, 1e-9)
			require.Equal(t, c.met, checked.Met)
		})
	}
	_, err := claim{of: ourName, to: "nobody", what: rate}.check(all)
	require.Error(t, err)
	_, err = claim{of: ourName, to: "nothing", what: rate}.check(all)
	require.Error(t, err, "infinite")
}

func TestEveryClaimOfACaseCanBeSpokenOf(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		require.NotNil(t, c.run, c.name)
		require.NotContains(t, c.name, ",")
		for _, name := range c.needs {
			require.Contains(t, functionNames, name)
		}
	}
}

func TestFunctionNamesAreThoseOfTheStack(t *testing.T) {
	t.Parallel()
	table, err := stack.Read("../../stack.yml")
	require.NoError(t, err)
	var names []string
	for name, d := range table.Functions {
		names = append(names, name)
		limit, err := d.MemoryLimit()
		require.NoError(t, err)
		require.Greater(t, limit, int64(1<<20))
		require.NotEmpty(t, d.Secrets)
	}
	require.ElementsMatch(t, names, functionNames)
}

func TestRounded(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]float64{0: 0, 12345.6: 12350, 1.23456: 1.235, 0.00123456: 0.001235, 999.96: 1000, -12.3456: -12.35} {
		require.InDelta(t, want, rounded(value), 1e-12)
	}
	require.True(t, math.IsNaN(rounded(math.NaN())))
}

// example is a result with everything in it.
func example() *result {
	return &result{
		Machine: machine{CPU: `A "fast" <CPU> & more`, Cores: 2}, Repetitions: 3, Seconds: 0.5,
		Cases: []caseResult{
			{Name: "a", Title: "reading & <writing>", Contenders: []contenderResult{
				{Name: flaskName, Rate: 400, MemoryMB: 60, CPU: 1}, {Name: gunicornName, Rate: 700, MemoryMB: 90, CPU: 1},
				{Name: ourName, Rate: 8000, MemoryMB: 10, CPU: 0.1}, {Name: databaseName, Rate: 10000},
			}, Ratios: []ratio{
				{Of: ourName, To: flaskName, What: rate, Value: 20, AtLeast: 20, Met: true},
				{Of: ourName, To: flaskName, What: latency, Value: 0.5, AtMost: 0.4},
			}, Elsewhere: 1.5},
			{Name: "b", Title: "other figures", Figures: []figure{atMost(15, 16, "MB", "%s", "held"), atMost(0, 3, "ms", "took")}},
		},
	}
}

func TestTheTableSaysWhatIsMetAndWhatIsMissed(t *testing.T) {
	t.Parallel()
	table := example().table()
	for _, line := range []string{
		"Snaptask: 20.0 x Flask (calls a second; wanted at least 20.0) met",
		"Snaptask: 0.500 x Flask (median time; wanted at most 0.400) MISSED",
		"16.0 MB (wanted at most 15.0) MISSED",
		"3.00 ms\n",
		"meanwhile 1.50 cores were busy with other things",
	} {
		require.Contains(t, table, line)
	}
}

func TestTheChartIsWellFormedAndItsBarsAreToScale(t *testing.T) {
	t.Parallel()
	decoder := xml.NewDecoder(strings.NewReader(example().chart()))
	var widths, words []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "rect" {
				for _, a := range token.Attr {
					if a.Name.Local == "width" {
						widths = append(widths, a.Value)
					}
				}
			}
		case xml.CharData:
			words = append(words, string(token))
		}
	}
	require.Equal(t, []string{"17", "29", "336", "420"}, widths, "25 times Flask is the longest")
	require.Contains(t, words, "reading & <writing>")
	require.Contains(t, words, "20.0 x  (8000/s)")
}

func TestWriteGivesAResultThatCanBeRead(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "results")
	require.NoError(t, example().write(folder))
	text, err := os.ReadFile(filepath.Join(folder, "result.json"))
	require.NoError(t, err)
	var read result
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, example(), &read)
	chart, err := os.ReadFile(filepath.Join(folder, "chart.svg"))
	require.NoError(t, err)
	require.Equal(t, example().chart(), string(chart))
}
