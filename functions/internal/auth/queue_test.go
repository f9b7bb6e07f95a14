package auth

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// callers wait in a queue, and are recorded in the order in which they get the slot.
type callers struct {
	queue
	order, refused []string
}

// arrive lets one more caller wait, after those that arrived before.
func (c *callers) arrive(ctx context.Context, name, address string, known bool) {
	go func() {
		got := c.wait(ctx, address, known)
		c.mu.Lock()
		defer c.mu.Unlock()
		if got {
			c.order = append(c.order, name)
		} else {
			c.refused = append(c.refused, name)
		}
	}()
	synctest.Wait()
}

// work gives the slot to one caller after the other.
func (c *callers) work(turns int) {
	for range turns {
		c.done()
		synctest.Wait()
	}
}

func TestKnownCallersComeFirstAndAddressesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &callers{queue: queue{longest: 100}}
		for i := range 3 {
			c.arrive(t.Context(), fmt.Sprint("spray ", i), "192.0.2.1", false)
		}
		c.arrive(t.Context(), "ada", "198.51.100.1", false)
		c.arrive(t.Context(), "eve", "198.51.100.2", false)
		c.arrive(t.Context(), "ada again", "198.51.100.1", false)
		c.arrive(t.Context(), "known 1", "192.0.2.1", true)
		c.arrive(t.Context(), "known 2", "198.51.100.3", true)
		c.work(8)
		require.Equal(t, []string{"known 1", "known 2", "spray 0", "ada", "eve", "spray 1", "ada again", "spray 2"}, c.order)
		require.Empty(t, c.unknown)
		c.done()
		require.True(t, c.wait(t.Context(), "", false), "the slot must be free")
	})
}

func TestAFullQueueRefusesTheAddressWithTheMostCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &callers{queue: queue{longest: 3}}
		for i := range 5 {
			c.arrive(t.Context(), fmt.Sprint("spray ", i), "192.0.2.1", false)
		}
		require.Equal(t, []string{"spray 3", "spray 4"}, c.refused)
		c.arrive(t.Context(), "ada", "198.51.100.1", false)
		c.arrive(t.Context(), "known", "192.0.2.1", true)
		require.Equal(t, []string{"spray 3", "spray 4", "spray 2", "spray 1"}, c.refused)
		c.arrive(t.Context(), "eve", "198.51.100.2", false)
		require.Equal(t, "eve", c.refused[4], "of lines as full as each other, the newest gives way")
		c.work(3)
		require.Equal(t, []string{"known", "spray 0", "ada"}, c.order)

		for i := range 4 {
			c.arrive(t.Context(), fmt.Sprint("known ", i), "", true)
		}
		require.Equal(t, "known 3", c.refused[5])
		c.work(3)
	})
}

func TestACallerThatGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &callers{queue: queue{longest: 2}}
		ctx, cancel := context.WithCancel(t.Context())
		c.arrive(ctx, "impatient", "192.0.2.1", false)
		c.arrive(ctx, "impatient and known", "192.0.2.1", true)
		cancel()
		synctest.Wait()
		require.ElementsMatch(t, []string{"impatient", "impatient and known"}, c.refused)
		c.arrive(t.Context(), "ada", "198.51.100.1", false)
		c.work(1)
		require.Equal(t, []string{"ada"}, c.order)
		require.Zero(t, c.waiting)
	})
}
