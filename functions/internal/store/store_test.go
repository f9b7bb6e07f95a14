package store_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func draft(t *testing.T, title string) task.Task {
	t.Helper()
	d, err := task.New(task.Draft{Title: title, DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	return d
}

func requireFault(t *testing.T, kind fault.Kind, err error) {
	t.Helper()
	require.Truef(t, fault.Is(err, kind), "want a fault of kind %d, got: %v", kind, err)
}

func TestUsernamesAreUniqueWhateverTheirCase(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	require.NoError(t, s.AddUser(ctx, "Ada", "h"))
	requireFault(t, fault.Conflict, s.AddUser(ctx, "aDA", "h"))

	found, err := s.UserByName(ctx, "ADA")
	require.NoError(t, err)
	require.Equal(t, "Ada", found.Username)
	require.Equal(t, "h", found.PasswordHash)
	nobody, err := s.UserByName(ctx, "Grace")
	require.NoError(t, err)
	require.Equal(t, store.User{}, nobody)
}

func TestNothingWorksWithoutAValidSession(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "mine"))
	require.NoError(t, err)

	expired := testbed.SignInAgain(t, s, ada, time.Now().Add(-time.Second)).Owner
	ended := testbed.SignInAgain(t, s, ada, time.Now().Add(time.Hour)).Owner
	require.NoError(t, s.EndSession(ctx, ended))
	requireFault(t, fault.Unauthorized, s.EndSession(ctx, ended))
	strangers := testbed.SignIn(t, s)
	for name, owner := range map[string]task.Owner{
		"expired":            expired,
		"ended":              ended,
		"never was":          {UserID: ada.UserID, SessionID: testbed.NewID(t)},
		"another user's own": {UserID: ada.UserID, SessionID: strangers.SessionID},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.AddTask(ctx, owner, draft(t, "no"))
			requireFault(t, fault.Unauthorized, err)
			_, err = s.Task(ctx, owner, mine.ID)
			requireFault(t, fault.Unauthorized, err)
			_, _, err = s.Tasks(ctx, owner, testbed.Everything())
			requireFault(t, fault.Unauthorized, err)
			_, err = s.DeleteTask(ctx, owner, mine.ID)
			requireFault(t, fault.Unauthorized, err)
			_, _, err = s.SetPicture(ctx, owner, mine.ID, "k", 1000, task.ImagePending, nil)
			requireFault(t, fault.Unauthorized, err)
		})
	}
	all, _, err := s.Tasks(ctx, ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Empty(t, all[0].ImageKey)
}

func TestAnUnreachableDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { mute.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())

	for name, address := range map[string]string{"refuses": closed.Addr().String(), "never answers": mute.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := store.New(store.Config{DSN: "u:p@tcp(" + address + ")/d", MaxOpen: 1, MaxLifetime: time.Minute, Timeout: 300 * time.Millisecond})
			require.NoError(t, err)
			t.Cleanup(func() { s.Close() })
			owner := task.Owner{}
			_, _, err = s.Tasks(context.Background(), owner, testbed.Everything())
			requireFault(t, fault.Unavailable, err)
			_, err = s.DeleteTask(context.Background(), owner, testbed.NewID(t))
			requireFault(t, fault.Unavailable, err)
		})
	}
}

func TestAFailedTransactionIsRolledBack(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s, ctx := testbed.StoreAt(t, dsn), context.Background()
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "picture"))
	require.NoError(t, err)

	// A label that is too long fails the last statement, after the task was changed.
	long := []task.Prediction{{Label: strings.Repeat("x", 200), Score: .9}}
	_, _, err = s.SetPicture(ctx, ada.Owner, mine.ID, "key", 1000, task.ImageDone, long)
	require.Error(t, err)
	for range 8 {
		again, err := testbed.StoreAt(t, dsn).Task(ctx, ada.Owner, mine.ID)
		require.NoError(t, err)
		require.Empty(t, again.ImageKey, "a transaction was committed partially")
		_, err = s.AddTask(ctx, ada.Owner, draft(t, "after"))
		require.NoError(t, err)
	}
}
