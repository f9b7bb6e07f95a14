package serve

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUsersTakeTurns(t *testing.T) {
	t.Parallel()
	turns := newTurns(1, 1, 100, 100)
	require.True(t, turns.enter(t.Context(), "eve", 0))
	waiting := []string{"eve", "eve", "eve", "ada", "ada", "bob"}
	calls := make([]chan struct{}, len(waiting))
	for i, user := range waiting {
		calls[i] = turns.join(user)
	}
	var admitted []string
	for last := "eve"; len(admitted) < len(waiting); {
		turns.leave(last)
		for i, call := range calls {
			select {
			case <-call:
				last, calls[i] = waiting[i], nil
				admitted = append(admitted, last)
			default:
			}
		}
	}
	require.Equal(t, []string{"ada", "bob", "eve", "ada", "eve", "eve"}, admitted)
	turns.leave("eve")
	require.Empty(t, turns.lines)
	require.Equal(t, 1, turns.free)
}

func TestALineThatIsFullRefuses(t *testing.T) {
	t.Parallel()
	turns := newTurns(1, 1, 2, 3)
	require.True(t, turns.enter(t.Context(), "eve", 0))
	require.NotNil(t, turns.join("eve"))
	require.NotNil(t, turns.join("eve"))
	require.Nil(t, turns.join("eve"), "two of a user wait")
	require.NotNil(t, turns.join("ada"))
	require.Nil(t, turns.join("bob"), "three wait in all")
	require.NotContains(t, turns.lines, "bob")
}

func TestACallThatGivesUpLeavesTheLine(t *testing.T) {
	t.Parallel()
	turns := newTurns(1, 1, 2, 2)
	require.True(t, turns.enter(t.Context(), "eve", 0))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, turns.enter(ended, "ada", time.Hour))
	require.False(t, turns.enter(t.Context(), "ada", time.Millisecond))
	turns.leave("eve")
	require.True(t, turns.enter(t.Context(), "bob", 0), "no place was lost")
	turns.leave("bob")
	require.Empty(t, turns.lines)
	require.Equal(t, 2, turns.room)
}

func TestTurnsNeverExceedTheirBounds(t *testing.T) {
	t.Parallel()
	const places, each = 3, 2
	turns := newTurns(places, each, 1000, 1000)
	var all atomic.Int64
	var ofUser [4]atomic.Int64
	var calls sync.WaitGroup
	for i := range 400 {
		calls.Go(func() {
			user := i % len(ofUser)
			if !turns.enter(t.Context(), strconv.Itoa(user), time.Duration(rand.IntN(5))*time.Millisecond) {
				return
			}
			if all.Add(1) > places || ofUser[user].Add(1) > each {
				t.Error("too many at once")
			}
			time.Sleep(50 * time.Microsecond)
			ofUser[user].Add(-1)
			all.Add(-1)
			turns.leave(strconv.Itoa(user))
		})
	}
	calls.Wait()
	require.Empty(t, turns.lines)
	require.Equal(t, places, turns.free)
	require.Equal(t, 1000, turns.room)
}
