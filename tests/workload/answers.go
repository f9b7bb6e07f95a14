package workload

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Lost is the status of a call without an answer.
const Lost = 0

// answers counts answers by the kind of call and by status.
type answers struct {
	mu     sync.Mutex
	counts map[answerKind]int
}

type answerKind struct {
	kind   string
	status int
}

func (a *answers) count(kind string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[answerKind{kind, status}]++
}

// Answers returns the number of answers so far by status.
func (a *answers) Answers() map[int]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[int]int{}
	for k, n := range a.counts {
		all[k.status] += n
	}
	return all
}

// String lists the answers, by kind.
func (a *answers) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, k := range slices.SortedFunc(maps.Keys(a.counts), func(x, y answerKind) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.status, y.status))
	}) {
		fmt.Fprintf(&b, "  %-16s %3d: %d\n", k.kind, k.status, a.counts[k])
	}
	return b.String()
}
