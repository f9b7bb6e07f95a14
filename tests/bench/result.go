//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result is the result of a run, in the form of result.json.
type result struct {
	Machine     machine      `json:"machine"`
	Repetitions int          `json:"repetitions"`
	Seconds     float64      `json:"secondsPerRepetition"`
	Cases       []caseResult `json:"cases"`
}

type caseResult struct {
	Name       string            `json:"name"`
	Title      string            `json:"title"`
	Contenders []contenderResult `json:"contenders,omitempty"`
	Figures    []figure          `json:"figures,omitempty"`
	Elsewhere  float64           `json:"coresBusyElsewhere"`
}

// contenderResult has medians over all repetitions.
type contenderResult struct {
	Name     string    `json:"name"`
	Rate     float64   `json:"callsPerSecond"`
	Rates    []float64 `json:"everyRepetition"`
	P50      float64   `json:"p50Milliseconds"`
	P99      float64   `json:"p99Milliseconds"`
	CPU      float64   `json:"cpuMillisecondsPerCall,omitempty"`
	Database float64   `json:"databaseCPUMillisecondsPerCall,omitempty"`
	MemoryMB float64   `json:"memoryMB,omitempty"` // PSS
	Calls    int       `json:"calls"`
}

// figure is one number, and its target if it has one.
type figure struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	AtLeast float64 `json:"atLeast,omitempty"`
	AtMost  float64 `json:"atMost,omitempty"`
	Met     bool    `json:"met"`
}

// newFigure returns a figure with the bounds of its target; 0 is no bound.
func newFigure(value float64, unit string, atLeast, atMost float64, name string, args ...any) figure {
	f := figure{Name: fmt.Sprintf(name, args...), Value: rounded(value), Unit: unit, AtLeast: rounded(atLeast), AtMost: rounded(atMost)}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		check(fmt.Errorf("%s: nothing was measured", f.Name))
	}
	f.Met = (atLeast == 0 || f.Value >= f.AtLeast) && (atMost == 0 || f.Value <= f.AtMost)
	return f
}

func (f figure) String() string {
	line := fmt.Sprintf("  %-72s %9s %s", f.Name, number(f.Value), f.Unit)
	if f.AtLeast > 0 {
		line += ", target at least " + number(f.AtLeast)
	}
	if f.AtMost > 0 {
		line += ", target at most " + number(f.AtMost)
	}
	switch {
	case f.AtLeast == 0 && f.AtMost == 0:
		return line
	case f.Met:
		return line + ": met"
	}
	return line + ": MISSED"
}

// summary returns the medians over a contender's repetitions.
func summary(name string, samples []sample) contenderResult {
	r := contenderResult{Name: name}
	for _, s := range samples {
		r.Calls += len(s.latencies)
		r.Rates = append(r.Rates, rounded(s.rate()))
	}
	over := func(value func(sample) float64) float64 {
		var all []float64
		for _, s := range samples {
			all = append(all, value(s))
		}
		return rounded(median(all))
	}
	r.Rate = median(r.Rates)
	r.P50 = over(func(s sample) float64 { return milliseconds(percentile(s.latencies, 50)) })
	r.P99 = over(func(s sample) float64 { return milliseconds(percentile(s.latencies, 99)) })
	r.CPU = over(func(s sample) float64 { return milliseconds(s.cpu) / float64(len(s.latencies)) })
	r.Database = over(func(s sample) float64 { return milliseconds(s.database) / float64(len(s.latencies)) })
	r.MemoryMB = over(func(s sample) float64 { return float64(s.memory.pss) / megabyte })
	return r
}

// find returns the result of a contender, or a zero one if it took no part.
func find(all []contenderResult, name string) contenderResult {
	for _, one := range all {
		if one.Name == name {
			return one
		}
	}
	return contenderResult{}
}

// check compares the target's contenders.
func (t target) check(all []contenderResult) figure {
	of, to := find(all, t.of), find(all, t.to)
	value := map[string]float64{rate: of.Rate / to.Rate, latency: of.P50 / to.P50, effort: of.CPU / to.CPU}[t.what]
	return newFigure(value, "x", t.atLeast, t.atMost, "%s beside %s: %s", t.of, t.to, t.what)
}

// median returns the middle of the values, or the mean of the two in the middle; NaN if there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// percentile returns the smallest of the ascending values that is not less than p percent of them; 0 if there are none.
func percentile(ascending []time.Duration, p float64) time.Duration {
	if len(ascending) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(ascending))))
	return ascending[min(max(rank, 1), len(ascending))-1]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

const megabyte = 1e6 // bytes

// rounded keeps four digits, which is more than repetitions agree in.
func rounded(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return v
}

// number formats a value with three digits, or all before the point.
func number(v float64) string {
	decimals := 0
	for bound := 100.0; decimals < 3 && v != 0 && math.Abs(v) < bound; bound /= 10 {
		decimals++
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// table returns the result as text.
func (r *result) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Machine)
	fmt.Fprintf(&b, "Medians over %d repetitions of %g s each, one contender after another in every round.\n", r.Repetitions, r.Seconds)
	for _, c := range r.Cases {
		fmt.Fprintf(&b, "\n%-50s", c.Title)
		if len(c.Contenders) > 0 {
			fmt.Fprintf(&b, " %9s %8s %8s %11s %12s %9s", "calls/s", "p50 ms", "p99 ms", "CPU ms/call", "database's", "memory MB")
		}
		b.WriteString("\n")
		for _, one := range c.Contenders {
			cpu, held := "-", "-"
			if one.MemoryMB > 0 {
				cpu, held = number(one.CPU), number(one.MemoryMB)
			}
			fmt.Fprintf(&b, "  %-48s %9s %8s %8s %11s %12s %9s\n", one.Name, number(one.Rate), number(one.P50), number(one.P99), cpu, number(one.Database), held)
		}
		for _, f := range c.Figures {
			fmt.Fprintln(&b, f)
		}
		if c.Elsewhere > 0.1 {
			fmt.Fprintf(&b, "    (other processes used %s cores meanwhile, so the figures may be too pessimistic)\n", number(c.Elsewhere))
		}
	}
	return b.String()
}

// write writes result.json and chart.svg into a folder.
func (r *result) write(folder string) {
	check(os.MkdirAll(folder, 0o755))
	check(os.WriteFile(filepath.Join(folder, "result.json"), append(must(json.MarshalIndent(r, "", "  ")), '\n'), 0o644))
	check(os.WriteFile(filepath.Join(folder, "chart.svg"), []byte(r.chart()), 0o644))
}
