package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// lost stands for the status of an answer that did not arrive.
const lost = 0

// death is the end of one process that was killed, and its return.
type death struct {
	target   string
	at       time.Duration // since the start of the load
	times    int           // that it was killed in a row
	recovery time.Duration // from the last of them until everything worked again
}

// report is what happened in a run.
type report struct {
	seed uint64

	mu         sync.Mutex
	answers    map[string]map[int]int // by kind of call, then by status
	slowest    map[string]time.Duration
	deaths     []death
	facts      []string
	violations []string

	tasks, there, pictures int // that were compared at the end
}

func newReport(seed uint64) *report {
	return &report{seed: seed, answers: map[string]map[int]int{}, slowest: map[string]time.Duration{}}
}

// answered counts an answer.
func (r *report) answered(kind string, status int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers[kind] == nil {
		r.answers[kind] = map[int]int{}
	}
	r.answers[kind][status]++
	r.slowest[kind] = max(r.slowest[kind], took)
}

func (r *report) died(d death) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deaths = append(r.deaths, d)
}

// fact adds a line to the report.
func (r *report) fact(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, fmt.Sprintf(format, args...))
}

// violated adds something that must never happen.
func (r *report) violated(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.violations = append(r.violations, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// String is the report as text, a table of answers first.
func (r *report) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d\n\nanswers by status (lost: none came)\n", r.seed)
	all := 0
	for _, kind := range slices.Sorted(maps.Keys(r.answers)) {
		fmt.Fprintf(&b, "  %-16s", kind)
		for _, status := range slices.Sorted(maps.Keys(r.answers[kind])) {
			n := r.answers[kind][status]
			all += n
			name := fmt.Sprint(status)
			if status == lost {
				name = "lost"
			}
			fmt.Fprintf(&b, " %s: %-6d", name, n)
		}
		fmt.Fprintf(&b, " slowest %.1f s\n", r.slowest[kind].Seconds())
	}
	fmt.Fprintf(&b, "  %d in all\n\nkilled, and everything ready again\n", all)
	slices.SortFunc(r.deaths, func(x, y death) int { return cmp.Compare(x.at, y.at) })
	for _, d := range r.deaths {
		fmt.Fprintf(&b, "  at %5.1f s %-26s x%d, after %.2f s\n", d.at.Seconds(), d.target, d.times, d.recovery.Seconds())
	}
	fmt.Fprintf(&b, "\ncompared: %d tasks that were ever begun, %d of them there, %d with a picture\n", r.tasks, r.there, r.pictures)
	for _, fact := range r.facts {
		fmt.Fprintln(&b, fact)
	}
	fmt.Fprintf(&b, "\n%d violations\n", len(r.violations))
	for _, violation := range r.violations {
		fmt.Fprintln(&b, "  "+violation)
	}
	return b.String()
}

// checked counts tasks that were compared with what was acknowledged, and those of them that are there.
func (r *report) checked(tasks, there int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks += tasks
	r.there += there
}

// fetched counts a picture that was fetched at the end.
func (r *report) fetched() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pictures++
}
