//go:build linux

package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	values := []float64{9, 1, 3}
	require.Equal(t, 3.0, median(values))
	require.Equal(t, []float64{9, 1, 3}, values, "the order of repetitions stays")
	require.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
	require.True(t, math.IsNaN(median(nil)))
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := 1; i <= 200; i++ {
		all = append(all, time.Duration(i))
	}
	require.Equal(t, time.Duration(100), percentile(all, 50))
	require.Equal(t, time.Duration(198), percentile(all, 99))
	require.Equal(t, time.Duration(200), percentile(all, 100))
	require.Equal(t, time.Duration(7), percentile([]time.Duration{7}, 1))
}

func TestRoundedKeepsFourDigits(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]float64{0: 0, 12345.6: 12350, 1.23456: 1.235, 0.00123456: 0.001235, 999.96: 1000, -12.3456: -12.35} {
		require.InDelta(t, want, rounded(value), 1e-12)
	}
	for value, want := range map[float64]string{0: "0", 0.5: "0.500", 1: "1.00", 12.345: "12.3", 123.45: "123", 12345: "12345"} {
		require.Equal(t, want, number(value))
	}
}

// repetition is a sample of n calls in a second, each with this latency.
func repetition(n int, latency, cpu time.Duration) sample {
	s := sample{took: time.Second, cpu: cpu, database: 2 * cpu, memory: memory{rss: 3e6, pss: 2e6}}
	for range n {
		s.latencies = append(s.latencies, latency)
	}
	return s
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

func TestTargetsAreCheckedAgainstTheRatio(t *testing.T) {
	t.Parallel()
	all := []contenderResult{{Name: flaskName, Rate: 400, P50: 40, CPU: 2}, {Name: ourName, Rate: 8000, P50: 2, CPU: 0.2}}
	for name, c := range map[string]struct {
		target target
		value  float64
		met    bool
	}{
		"a rate that is just enough":  {target{ourName, flaskName, rate, 20, 0}, 20, true},
		"a rate that is too low":      {target{ourName, flaskName, rate, 20.1, 0}, 20, false},
		"a time that is short enough": {target{ourName, flaskName, latency, 0, 0.05}, 0.05, true},
		"CPU that is too much":        {target{ourName, flaskName, effort, 0, 0.09}, 0.1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checked := c.target.check(all)
			require.InDelta(t, c.value, checked.Value, 1e-9)
			require.Equal(t, c.met, checked.Met)
		})
	}
	require.Panics(t, func() { target{ourName, "nobody", rate, 1, 0}.check(all) }, "a target without its contender must not pass")
}

func TestLoadUsesEveryIDOnce(t *testing.T) {
	t.Parallel()
	ids := make(chan uuid.UUID, 1000)
	for range 1000 {
		ids <- uuid.New()
	}
	close(ids)
	var calls atomic.Int64
	one := client{ids: ids, call: func(id uuid.UUID) error {
		calls.Add(1)
		return nil
	}}
	s, err := load(t.Context(), time.Minute, []client{one, one, one})
	require.NoError(t, err)
	require.EqualValues(t, 1000, calls.Load())
	require.Len(t, s.latencies, 1000)
	require.IsNonDecreasing(t, s.latencies)
}

func TestLoadEndsAfterItsTimeAndAtTheFirstError(t *testing.T) {
	t.Parallel()
	endless := client{call: func(uuid.UUID) error { return nil }}
	failing := client{call: func(uuid.UUID) error { return io.ErrUnexpectedEOF }}
	s, err := load(t.Context(), 20*time.Millisecond, []client{endless})
	require.NoError(t, err)
	require.NotEmpty(t, s.latencies)
	_, err = load(t.Context(), time.Minute, []client{endless, failing})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// example is a result with every field set.
func example() *result {
	return &result{
		Machine: machine{CPU: `A "fast" <CPU> & more`, Cores: 2}, Repetitions: 3, Seconds: 0.5,
		Cases: []caseResult{
			{Name: "a", Title: "reading & <writing>", Contenders: []contenderResult{
				{Name: flaskName, Rate: 400, MemoryMB: 60, CPU: 1}, {Name: gunicornName, Rate: 700, MemoryMB: 90, CPU: 1},
				{Name: ourName, Rate: 8000, MemoryMB: 10, CPU: 0.1}, {Name: databaseName, Rate: 10000},
			}, Figures: []figure{newFigure(20, "x", 20, 0, "rate"), newFigure(0.5, "x", 0, 0.4, "time")}, Elsewhere: 1.5},
			{Name: "b", Title: "other figures", Figures: []figure{newFigure(16, "MB", 0, 15, "%s", "memory"), newFigure(3, "ms", 0, 0, "took")}},
		},
	}
}

func TestTableShowsWhichTargetsAreMetAndMissed(t *testing.T) {
	t.Parallel()
	table := strings.Join(strings.Fields(example().table()), " ")
	for _, words := range []string{
		"rate 20.0 x, target at least 20.0: met", "time 0.500 x, target at most 0.400: MISSED",
		"memory 16.0 MB, target at most 15.0: MISSED", "took 3.00 ms", "other processes used 1.50 cores meanwhile",
	} {
		require.Contains(t, table, words)
	}
	require.NotContains(t, table, "3.00 ms,", "no target")
}

func TestChartIsWellFormedAndItsBarsAreToScale(t *testing.T) {
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
			for _, a := range token.Attr {
				if token.Name.Local == "rect" && a.Name.Local == "width" {
					widths = append(widths, a.Value)
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

func TestWrittenResultCanBeRead(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "results")
	example().write(folder)
	text, err := os.ReadFile(filepath.Join(folder, "result.json"))
	require.NoError(t, err)
	var read result
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, example(), &read)
	require.FileExists(t, filepath.Join(folder, "chart.svg"))
}

func TestGeneralLogIsSplitIntoStatements(t *testing.T) {
	t.Parallel()
	id := uuid.UUID{0, '\'', '"', '\\', '\n', '\r', 0x1a, 200, 1, 2, 3, 4, 5, 6, 7, 8}
	require.Equal(t, `\0\'\"\\\n\r\Z`+"\xc8\x01\x02\x03\x04\x05\x06\x07\x08", escaped(id))
	text := "mariadbd, Version: 10.11\nTime\t\t    Id Command\tArgument\n" +
		"261128  0:18:06\t    41 Query\tSTART TRANSACTION\n" +
		"\t\t    41 Query\tDELETE FROM tasks\n\tWHERE id = _binary'" + escaped(id) + "'\n" +
		"\t\t    42 Connect\tbench@127.0.0.1 on snaptask\n" +
		"\t\t    41 Query\tCOMMIT\n\t\t     7 Query\tSET GLOBAL general_log = OFF\n"
	require.Equal(t, []string{"START TRANSACTION", "DELETE FROM tasks\n\tWHERE id = _binary'" + escaped(id) + "'", "COMMIT"}, statementsOf([]byte(text)))
}

func TestCPUCountsDescendants(t *testing.T) {
	t.Parallel()
	// The child only waits; its own child does the work.
	cmd := exec.Command("/bin/sh", "-c", "sh -c 'while :; do :; done' & wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	require.Eventually(t, func() bool { return cpu(cmd.Process.Pid) >= 50*time.Millisecond }, 20*time.Second, 10*time.Millisecond)
	require.Len(t, family(cmd.Process.Pid), 2)
}

func TestMemoryOfThisProcess(t *testing.T) {
	t.Parallel()
	held := memoryOf(os.Getpid())
	require.Greater(t, held.rss, uint64(1<<20))
	require.LessOrEqual(t, held.pss, held.rss)
	require.GreaterOrEqual(t, peak(os.Getpid()), held.rss/2)
}
