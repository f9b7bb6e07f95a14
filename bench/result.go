package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// result is what a run found, as it is written down.
type result struct {
	Machine     machine      `json:"machine"`
	Repetitions int          `json:"repetitions"`
	Seconds     float64      `json:"secondsPerRepetition"`
	Cases       []caseResult `json:"cases"`
}

// caseResult is one kind of work: medians over the repetitions, and the ratios that count.
type caseResult struct {
	Name       string            `json:"name"`
	Title      string            `json:"title"`
	Contenders []contenderResult `json:"contenders"`
	Ratios     []ratio           `json:"ratios"`
}

type contenderResult struct {
	Name     string    `json:"name"`
	Rate     float64   `json:"callsPerSecond"`
	Rates    []float64 `json:"everyRepetition"`
	P50      float64   `json:"p50Milliseconds"`
	P99      float64   `json:"p99Milliseconds"`
	CPU      float64   `json:"cpuMillisecondsPerCall,omitempty"`
	MemoryMB float64   `json:"memoryMB,omitempty"` // PSS
	Calls    int       `json:"calls"`
}

// ratio is one contender by another, and what it is to be.
type ratio struct {
	Of      string  `json:"of"`
	To      string  `json:"to"`
	What    string  `json:"what"`
	Value   float64 `json:"value"`
	AtLeast float64 `json:"atLeast,omitempty"`
	AtMost  float64 `json:"atMost,omitempty"`
	Met     bool    `json:"met"`
}

// summary gives the medians over a contender's repetitions.
func summary(name string, samples []sample) contenderResult {
	r := contenderResult{Name: name}
	var p50, p99, effort, held []float64
	for _, s := range samples {
		r.Calls += s.calls
		r.Rates = append(r.Rates, rounded(s.rate()))
		p50 = append(p50, milliseconds(percentile(s.latencies, 50)))
		p99 = append(p99, milliseconds(percentile(s.latencies, 99)))
		effort = append(effort, milliseconds(s.cpu)/float64(s.calls))
		held = append(held, float64(s.memory.PSS)/(1<<20))
	}
	r.Rate, r.P50, r.P99 = median(r.Rates), rounded(median(p50)), rounded(median(p99))
	r.CPU, r.MemoryMB = rounded(median(effort)), rounded(median(held))
	return r
}

// check compares what the claim is about.
func (c claim) check(all []contenderResult) (ratio, error) {
	find := func(name string) (contenderResult, error) {
		for _, one := range all {
			if one.Name == name {
				return one, nil
			}
		}
		return contenderResult{}, fmt.Errorf("there is no %q to compare", name)
	}
	of, err := find(c.of)
	if err != nil {
		return ratio{}, err
	}
	to, err := find(c.to)
	if err != nil {
		return ratio{}, err
	}
	value := map[string]float64{rate: of.Rate / to.Rate, latency: of.P50 / to.P50, effort: of.CPU / to.CPU}[c.what]
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return ratio{}, fmt.Errorf("%s of %s by that of %s is no number", c.what, c.of, c.to)
	}
	value = rounded(value)
	return ratio{c.of, c.to, c.what, value, c.atLeast, rounded(c.atMost), (c.atLeast == 0 || value >= c.atLeast) && (c.atMost == 0 || value <= c.atMost)}, nil
}

// rounded keeps four digits, which is more than repetitions agree on.
func rounded(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-3)
	if unit < 1 {
		return math.Round(v/unit) / math.Round(1/unit)
	}
	return math.Round(v/unit) * unit
}

// table is the result as text.
func (r *result) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Machine)
	fmt.Fprintf(&b, "Medians over %d repetitions of %g s each, one contender after another in every round.\n", r.Repetitions, r.Seconds)
	for _, c := range r.Cases {
		fmt.Fprintf(&b, "\n%-44s %10s %9s %9s %12s %10s\n", c.Title, "calls/s", "p50 ms", "p99 ms", "CPU ms/call", "memory MB")
		for _, one := range c.Contenders {
			cpu, held := "-", "-"
			if one.MemoryMB > 0 {
				cpu, held = number(one.CPU), number(one.MemoryMB)
			}
			fmt.Fprintf(&b, "  %-42s %10s %9s %9s %12s %10s\n", one.Name, number(one.Rate), number(one.P50), number(one.P99), cpu, held)
		}
		for _, ratio := range c.Ratios {
			fmt.Fprintf(&b, "    %s\n", ratio)
		}
	}
	return b.String()
}

// String is the ratio as a line of the table.
func (r ratio) String() string {
	wanted, verdict := fmt.Sprintf("at least %s", number(r.AtLeast)), "met"
	if r.AtMost > 0 {
		wanted = fmt.Sprintf("at most %s", number(r.AtMost))
	}
	if !r.Met {
		verdict = "MISSED"
	}
	return fmt.Sprintf("%s: %s x %s (%s; wanted %s) %s", r.Of, number(r.Value), r.To, r.What, wanted, verdict)
}

// number writes a value with three digits or all before the point.
func number(v float64) string {
	switch magnitude := math.Abs(v); {
	case magnitude >= 100 || v == 0:
		return fmt.Sprintf("%.0f", v)
	case magnitude >= 10:
		return fmt.Sprintf("%.1f", v)
	case magnitude >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// write puts the result into a folder, as JSON and as a chart.
func (r *result) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "result.json"), append(text, '\n'), 0o644)
}
