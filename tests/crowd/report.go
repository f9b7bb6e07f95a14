package crowd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lost stands for the status of an answer that did not arrive.
const Lost = 0

// Death is the end of something that was killed, and its return.
type Death struct {
	Target   string
	At       time.Duration // since the start of the load
	Times    int           // that it was killed in a row
	Recovery time.Duration // from the last of them until everything worked again
}

// Report is what happened in a run.
type Report struct {
	seed uint64

	mu         sync.Mutex
	answers    map[string]map[int]int // by kind of call, then by status
	slowest    map[string]time.Duration
	deaths     []Death
	facts      []string
	violations []string

	tasks, there, pictures int // that were compared at the end
}

func newReport(o Options) *Report {
	return &Report{seed: o.Seed, answers: map[string]map[int]int{}, slowest: map[string]time.Duration{}}
}

// answered counts an answer.
func (r *Report) answered(kind string, status int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers[kind] == nil {
		r.answers[kind] = map[int]int{}
	}
	r.answers[kind][status]++
	r.slowest[kind] = max(r.slowest[kind], took)
}

// Died notes a death.
func (r *Report) Died(d Death) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deaths = append(r.deaths, d)
}

// Fact adds a line to the report.
func (r *Report) Fact(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, fmt.Sprintf(format, args...))
}

// Violated adds something that must never happen.
func (r *Report) Violated(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.violations = append(r.violations, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// String is the report as text, a table of answers first.
func (r *Report) String() string {
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
			if status == Lost {
				name = "lost"
			}
			fmt.Fprintf(&b, " %s: %-6d", name, n)
		}
		fmt.Fprintf(&b, " slowest %.1f s\n", r.slowest[kind].Seconds())
	}
	fmt.Fprintf(&b, "  %d in all\n\nkilled, and everything ready again\n", all)
	slices.SortFunc(r.deaths, func(x, y Death) int { return cmp.Compare(x.At, y.At) })
	for _, d := range r.deaths {
		fmt.Fprintf(&b, "  at %5.1f s %-26s x%d, after %.2f s\n", d.At.Seconds(), d.Target, d.Times, d.Recovery.Seconds())
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

// Violations are what must never happen and did.
func (r *Report) Violations() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.violations)
}

// Deaths are those that were noted.
func (r *Report) Deaths() []Death {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.deaths)
}

// Compared counts the tasks that are there and the pictures that were fetched in the end.
func (r *Report) Compared() (there, pictures int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.there, r.pictures
}

// Answers counts the answers so far by their status.
func (r *Report) Answers() map[int]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[int]int{}
	for _, statuses := range r.answers {
		for status, n := range statuses {
			all[status] += n
		}
	}
	return all
}

// checked counts tasks that were compared with what was acknowledged, and those of them that are there.
func (r *Report) checked(tasks, there int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks += tasks
	r.there += there
}

// fetched counts a picture that was fetched at the end.
func (r *Report) fetched() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pictures++
}
