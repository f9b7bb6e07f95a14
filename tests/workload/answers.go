package workload

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lost stands for the status of an answer that did not come.
const Lost = 0

// answers counts answers by the kind of call and by status.
type answers struct {
	mu      sync.Mutex
	counts  map[string]map[int]int
	slowest map[string]time.Duration
}

func newAnswers() *answers {
	return &answers{counts: map[string]map[int]int{}, slowest: map[string]time.Duration{}}
}

func (a *answers) count(kind string, status int, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.counts[kind] == nil {
		a.counts[kind] = map[int]int{}
	}
	a.counts[kind][status]++
	a.slowest[kind] = max(a.slowest[kind], took)
}

// Answers returns the number of answers so far by status.
func (a *answers) Answers() map[int]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[int]int{}
	for _, statuses := range a.counts {
		for status, n := range statuses {
			all[status] += n
		}
	}
	return all
}

// String is a table of the answers.
func (a *answers) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(a.counts)) {
		fmt.Fprintf(&b, "  %-16s", kind)
		for _, status := range slices.Sorted(maps.Keys(a.counts[kind])) {
			name := map[int]string{Lost: "lost"}[status]
			fmt.Fprintf(&b, " %s: %-6d", cmp.Or(name, fmt.Sprint(status)), a.counts[kind][status])
		}
		fmt.Fprintf(&b, " slowest %.1f s\n", a.slowest[kind].Seconds())
	}
	return b.String()
}
