package turns

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// callers work one after the other. They are recorded in the order in which they get a turn or are refused.
type callers struct {
	*Queue
	order, refused []string
	done           func() // of the caller who works
}

// newCallers returns callers who wait for one that works.
func newCallers(t *testing.T, limits Limits, works Line) *callers {
	t.Helper()
	limits.Working = 1
	c := &callers{Queue: New(limits)}
	var ok bool
	c.done, ok = c.Wait(t.Context(), works)
	require.True(t, ok)
	return c
}

// arrive lets one more caller wait, after those that arrived before.
func (c *callers) arrive(ctx context.Context, name string, line Line) {
	go func() {
		done, ok := c.Wait(ctx, line)
		c.mu.Lock()
		defer c.mu.Unlock()
		if ok {
			c.order, c.done = append(c.order, name), done
		} else {
			c.refused = append(c.refused, name)
		}
	}()
	synctest.Wait()
}

// work ends the turns of one caller after the other.
func (c *callers) work(turns int) {
	for range turns {
		c.done()
		synctest.Wait()
	}
}

// requireUnused checks that no caller is remembered.
func requireUnused(t *testing.T, q *Queue) {
	t.Helper()
	require.Empty(t, q.waiting)
	require.Empty(t, q.working)
	require.Zero(t, q.total)
}

var ada, bob, eve, known = Line{Name: "ada"}, Line{Name: "bob"}, Line{Name: "eve"}, Line{First: true}

func TestFirstLinesComeFirstAndOthersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCallers(t, Limits{}, Line{})
		for i := range 3 {
			c.arrive(t.Context(), fmt.Sprint("eve ", i), eve)
		}
		c.arrive(t.Context(), "ada", ada)
		c.arrive(t.Context(), "bob", bob)
		c.arrive(t.Context(), "ada again", ada)
		c.arrive(t.Context(), "known 1", known)
		c.arrive(t.Context(), "known 2", known)
		c.work(9)
		require.Equal(t, []string{"known 1", "known 2", "eve 0", "ada", "bob", "eve 1", "ada again", "eve 2"}, c.order)
		requireUnused(t, c.Queue)
	})
}

func TestALineAtItsLimitGoesBehindThoseThatWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCallers(t, Limits{LineWorking: 1}, eve)
		for i, line := range []Line{eve, eve, eve, ada, ada, bob} {
			c.arrive(t.Context(), fmt.Sprint(line.Name, " ", i), line)
		}
		c.work(7)
		require.Equal(t, []string{"ada 3", "bob 5", "eve 0", "ada 4", "eve 1", "eve 2"}, c.order)
		requireUnused(t, c.Queue)
	})
}

func TestALineAtItsLimitDoesNotDelayOthers(t *testing.T) {
	t.Parallel()
	q, ended := New(Limits{Working: 3, LineWorking: 2}), endedContext(t)
	for _, may := range []struct {
		line Line
		work bool
	}{{eve, true}, {eve, true}, {eve, false}, {ada, true}, {bob, false}} {
		_, ok := q.Wait(ended, may.line)
		require.Equal(t, may.work, ok, may.line.Name)
	}
}

func TestAFullQueueRefusesTheNewest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCallers(t, Limits{Waiting: 3, LineWaiting: 2}, eve)
		for i, line := range []Line{eve, eve, eve, ada, bob} {
			c.arrive(t.Context(), fmt.Sprint(line.Name, " ", i), line)
		}
		require.Equal(t, []string{"eve 2", "bob 4"}, c.refused, "two of a line wait, and three in all")
		c.work(4)
		requireUnused(t, c.Queue)
	})
}

func TestTheFullestLineGivesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCallers(t, Limits{Waiting: 3, FullestGivesWay: true}, Line{})
		for i := range 5 {
			c.arrive(t.Context(), fmt.Sprint("eve ", i), eve)
		}
		require.Equal(t, []string{"eve 3", "eve 4"}, c.refused)
		c.arrive(t.Context(), "ada", ada)
		c.arrive(t.Context(), "known", known)
		require.Equal(t, []string{"eve 3", "eve 4", "eve 2", "eve 1"}, c.refused)
		c.arrive(t.Context(), "bob", bob)
		require.Equal(t, "bob", c.refused[4], "of lines as full as each other, the newest gives way")
		c.work(3)
		require.Equal(t, []string{"known", "eve 0", "ada"}, c.order)

		for i := range 4 {
			c.arrive(t.Context(), fmt.Sprint("known ", i), known)
		}
		require.Equal(t, "known 3", c.refused[5])
		c.arrive(t.Context(), "bob again", bob)
		require.Equal(t, "bob again", c.refused[6], "a First line gives way only if no other waits")
		c.work(4)
		requireUnused(t, c.Queue)
	})
}

func TestACallerThatGivesUpLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCallers(t, Limits{Waiting: 2}, eve)
		ctx, cancel := context.WithCancel(t.Context())
		c.arrive(ctx, "impatient", ada)
		c.arrive(ctx, "impatient and known", known)
		cancel()
		synctest.Wait()
		require.ElementsMatch(t, []string{"impatient", "impatient and known"}, c.refused)
		c.arrive(t.Context(), "bob", bob)
		c.work(1)
		require.Equal(t, []string{"bob"}, c.order)
		c.work(1)
		requireUnused(t, c.Queue)
	})
}

func TestAFreeTurnNeedsNoPatience(t *testing.T) {
	t.Parallel()
	q, ended := New(Limits{Working: 1}), endedContext(t)
	for range 100 { // a select that chooses between a turn and the end of ctx would choose wrongly sometimes
		done, ok := q.Wait(ended, ada)
		require.True(t, ok)
		_, ok = q.Wait(ended, bob)
		require.False(t, ok)
		done()
	}
	requireUnused(t, q)
}

func endedContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestLimitsAreNeverExceeded(t *testing.T) {
	t.Parallel()
	const working, ofLine = 3, 2
	q := New(Limits{Working: working, LineWorking: ofLine})
	var all atomic.Int64
	var lines [4]atomic.Int64
	var calls sync.WaitGroup
	for i := range 400 {
		calls.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(5))*time.Millisecond)
			defer cancel()
			line := i % len(lines)
			done, ok := q.Wait(ctx, Line{Name: strconv.Itoa(line)})
			if !ok {
				return
			}
			if all.Add(1) > working || lines[line].Add(1) > ofLine {
				t.Error("too many at once")
			}
			time.Sleep(50 * time.Microsecond)
			lines[line].Add(-1)
			all.Add(-1)
			done()
		})
	}
	calls.Wait()
	requireUnused(t, q)
}
