package workload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
)

func anyState(state) bool { return true }

func TestRecord(t *testing.T) {
	t.Parallel()
	first, second := client.Draft{Title: "first"}, client.Change{Draft: client.Draft{Title: "second"}, Completed: true, Version: 1}
	titled := func(title string) func(state) bool {
		return func(s state) bool { return s.existence == present && s.Title == title }
	}
	hasStatus := func(status string) func(state) bool { return func(s state) bool { return s.status == status } }
	now, later := time.Now(), time.Now().Add(2*maxDelay)
	newTask := func(t *testing.T) *record {
		t.Helper()
		r := newRecord("id")
		require.NoError(t, r.add(create(first), now, titled("first")))
		return r
	}
	t.Run("an acknowledged task must not be lost", func(t *testing.T) {
		require.Error(t, newTask(t).add(read, now, shows(nil)))
	})
	t.Run("an acknowledged deletion is final", func(t *testing.T) {
		r := newTask(t)
		require.NoError(t, r.add(remove, now, anyState))
		r.addLost(create(first))
		require.Error(t, r.add(read, now, titled("first")))
		require.NoError(t, r.add(read, now, shows(nil)))
	})
	t.Run("an acknowledged update must not be lost", func(t *testing.T) {
		r := newTask(t)
		require.NoError(t, r.add(update(second), now, titled("second")))
		require.Error(t, r.add(read, now, titled("first")))
	})
	t.Run("a lost update may take effect later, and stays", func(t *testing.T) {
		r := newTask(t)
		r.addLost(update(second))
		require.NoError(t, r.add(read, now, titled("first")))
		require.NoError(t, r.add(read, now, titled("second")))
		require.Error(t, r.add(read, now, titled("first")))
	})
	t.Run("a lost update takes effect within its time or never", func(t *testing.T) {
		r := newTask(t)
		r.addLost(update(second))
		require.NoError(t, r.add(read, later, titled("first")))
		require.Error(t, r.add(read, later, titled("second")))
	})
	t.Run("a lost write takes effect once", func(t *testing.T) {
		r := newTask(t)
		r.addLost(attach("1x1", "done"))
		require.NoError(t, r.add(read, now, func(s state) bool { return s.Version == 2 }))
		require.Error(t, r.add(read, now, func(s state) bool { return s.Version == 3 }))
	})
	t.Run("a stale update has no effect", func(t *testing.T) {
		stale := second
		stale.Version = 2
		require.Error(t, newTask(t).add(update(stale), now, anyState))
	})
	t.Run("a lost image may be absent, pending or done", func(t *testing.T) {
		for _, status := range []string{"none", "pending", "done"} {
			r := newTask(t)
			r.addLost(attach("1x1", "pending", "done"))
			require.NoError(t, r.add(read, now, hasStatus(status)))
		}
	})
	t.Run("a sweep may classify a pending image at any time", func(t *testing.T) {
		r := newTask(t)
		require.NoError(t, r.add(attach("1x1", "pending"), now, anyState))
		require.NoError(t, r.add(read, now, hasStatus("done")))
		require.Error(t, r.add(read, now, withoutImage))
	})
}
