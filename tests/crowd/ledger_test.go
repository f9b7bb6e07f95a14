package crowd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// whatever accepts every state.
func whatever(state) bool { return true }

func TestLedger(t *testing.T) {
	t.Parallel()
	first, second := draft{"first", "", "2026-12-24"}, draft{"second", "", "2026-12-24"}
	titled := func(title string) func(state) bool {
		return func(s state) bool { return s.existence == present && s.title == title }
	}
	made := func(t *testing.T) *ledger {
		t.Helper()
		l := newLedger("id")
		require.NoError(t, l.sure(create(first), time.Now(), titled("first")))
		return l
	}
	t.Run("an acknowledged task must not be lost", func(t *testing.T) {
		require.Error(t, made(t).observe(time.Now(), absent))
	})
	t.Run("an acknowledged deletion is for good", func(t *testing.T) {
		l := made(t)
		require.NoError(t, l.sure(remove, time.Now(), whatever))
		l.unsure(create(first))
		require.Error(t, l.observe(time.Now(), titled("first")))
		require.NoError(t, l.observe(time.Now(), absent))
	})
	t.Run("an acknowledged change must not be lost", func(t *testing.T) {
		l := made(t)
		require.NoError(t, l.sure(update(second, true, 1), time.Now(), titled("second")))
		require.Error(t, l.observe(time.Now(), titled("first")))
	})
	t.Run("a change without an answer may have happened or not, and may yet", func(t *testing.T) {
		l := made(t)
		l.unsure(update(second, true, 1))
		require.NoError(t, l.observe(time.Now(), titled("first")))
		require.NoError(t, l.observe(time.Now(), titled("second")))
		require.Error(t, l.observe(time.Now(), titled("first")), "seen once, it has happened")
	})
	t.Run("after a while it has not happened", func(t *testing.T) {
		l := made(t)
		l.unsure(update(second, true, 1))
		afterwards := time.Now().Add(2 * lateness)
		require.NoError(t, l.observe(afterwards, titled("first")))
		require.Error(t, l.observe(afterwards, titled("second")))
	})
	t.Run("a stale change has no effect", func(t *testing.T) {
		require.Error(t, made(t).sure(update(second, true, 2), time.Now(), whatever))
	})
	t.Run("a picture without an answer may be recognised, pending or not there", func(t *testing.T) {
		for _, status := range []string{"none", "pending", "done"} {
			l := made(t)
			l.unsure(attach("1x1", "pending", "done"))
			require.NoError(t, l.observe(time.Now(), func(s state) bool { return s.status == status }))
		}
	})
	t.Run("a pending picture may be recognised at any time", func(t *testing.T) {
		l := made(t)
		require.NoError(t, l.sure(attach("1x1", "pending"), time.Now(), whatever))
		require.NoError(t, l.observe(time.Now(), func(s state) bool { return s.status == "done" && s.version == 3 }))
		require.Error(t, l.observe(time.Now(), func(s state) bool { return s.picture == "" }))
	})
}
