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
	Contenders []contenderResult `json:"contenders,omitempty"`
	Ratios     []ratio           `json:"ratios,omitempty"`
	Figures    []figure          `json:"figures,omitempty"`
	Elsewhere  float64           `json:"coresBusyElsewhere"`
}

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

// figure is one number, and what it is to be.
type figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	AtMost float64 `json:"atMost,omitempty"` // 0 for none
	Met    bool    `json:"met"`
}

// atMost is a figure that is to be no more than most; 0 for any.
func atMost(most float64, value float64, unit, format string, args ...any) figure {
	value = rounded(value)
	return figure{fmt.Sprintf(format, args...), value, unit, most, most == 0 || value <= most}
}

// summary gives the medians over a contender's repetitions.
func summary(name string, samples []sample) contenderResult {
	r := contenderResult{Name: name}
	var p50, p99, effort, database, held []float64
	for _, s := range samples {
		r.Calls += s.calls
		r.Rates = append(r.Rates, rounded(s.rate()))
		p50 = append(p50, milliseconds(percentile(s.latencies, 50)))
		p99 = append(p99, milliseconds(percentile(s.latencies, 99)))
		effort = append(effort, milliseconds(s.cpu)/float64(s.calls))
		database = append(database, milliseconds(s.database)/float64(s.calls))
		held = append(held, float64(s.memory.PSS)/megabyte)
	}
	r.Rate, r.P50, r.P99 = median(r.Rates), rounded(median(p50)), rounded(median(p99))
	r.CPU, r.Database, r.MemoryMB = rounded(median(effort)), rounded(median(database)), rounded(median(held))
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

// megabyte is in bytes.
const megabyte = 1e6

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
		if len(c.Contenders) > 0 {
			fmt.Fprintf(&b, "\n%-50s %9s %8s %8s %11s %9s %9s\n", c.Title, "calls/s", "p50 ms", "p99 ms", "CPU ms/call", "database's", "memory MB")
		} else {
			fmt.Fprintf(&b, "\n%s\n", c.Title)
		}
		for _, one := range c.Contenders {
			cpu, held := "-", "-"
			if one.MemoryMB > 0 {
				cpu, held = number(one.CPU), number(one.MemoryMB)
			}
			fmt.Fprintf(&b, "  %-48s %9s %8s %8s %11s %10s %9s\n", one.Name, number(one.Rate), number(one.P50), number(one.P99), cpu, number(one.Database), held)
		}
		for _, ratio := range c.Ratios {
			fmt.Fprintf(&b, "    %s\n", ratio)
		}
		for _, figure := range c.Figures {
			fmt.Fprintf(&b, "  %s\n", figure)
		}
		if c.Elsewhere > 0.1 {
			fmt.Fprintf(&b, "    (meanwhile %s cores were busy with other things, so take it with care)\n", number(c.Elsewhere))
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

// String is the figure as a line of the table.
func (f figure) String() string {
	line := fmt.Sprintf("%-48s %9s %s", f.Name, number(f.Value), f.Unit)
	switch {
	case f.AtMost == 0:
		return line
	case f.Met:
		return fmt.Sprintf("%s (wanted at most %s) met", line, number(f.AtMost))
	}
	return fmt.Sprintf("%s (wanted at most %s) MISSED", line, number(f.AtMost))
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
	if err := os.WriteFile(filepath.Join(folder, "result.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "chart.svg"), []byte(r.chart()), 0o644)
}
