package store_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

func draft(t *testing.T, title string) task.Draft {
	t.Helper()
	d, err := task.NewDraft("", title, "", "2026-12-24")
	require.NoError(t, err)
	return d
}

func requireFault(t *testing.T, kind fault.Kind, err error) {
	t.Helper()
	require.Truef(t, fault.Is(err, kind), "want a fault of kind %d, got: %v", kind, err)
}

func TestUsernamesAreUniqueWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := store.User{ID: testbed.NewID(t), Username: "Ada", PasswordHash: "h"}
	require.NoError(t, s.AddUser(ctx, ada))
	requireFault(t, fault.Conflict, s.AddUser(ctx, store.User{ID: testbed.NewID(t), Username: "aDA", PasswordHash: "h"}))

	found, err := s.UserByName(ctx, "ADA")
	require.NoError(t, err)
	require.Equal(t, ada, found)
	nobody, err := s.UserByName(ctx, "Grace")
	require.NoError(t, err)
	require.Equal(t, store.User{}, nobody)
}

func TestTasksComeBackAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	d, err := task.NewDraft("", "Naïve ☕ 'quoted' \\ % _ \x00", strings.Repeat("é", 32767), "2028-02-29")
	require.NoError(t, err)

	added, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	require.Equal(t, uint32(1), added.Version)
	require.Equal(t, task.ImageNone, added.ImageStatus)

	found, err := s.Task(ctx, ada.Owner, d.ID)
	require.NoError(t, err)
	added.Predictions = []task.Prediction{}
	require.Equal(t, added, found)
}

func TestTasksAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	none, more, err := s.Tasks(ctx, ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.False(t, more)
	require.Empty(t, none)

	for i := range 5 {
		_, err := s.AddTask(ctx, ada.Owner, draft(t, fmt.Sprint(i)))
		require.NoError(t, err)
	}
	all, more, err := s.Tasks(ctx, ada.Owner, task.Filter{Sort: task.ByCreated, Limit: 3})
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, all, 3)
	for i, want := range []string{"4", "3", "2"} {
		require.Equal(t, want, all[i].Title)
	}
}

func TestAnotherUsersTasksAreOutOfReach(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "mine"))
	require.NoError(t, err)

	_, err = s.Task(ctx, eve.Owner, mine.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.DeleteTask(ctx, eve.Owner, mine.ID)
	requireFault(t, fault.NotFound, err)
	_, _, err = s.SetPicture(ctx, eve.Owner, mine.ID, "k", task.ImagePending, nil)
	requireFault(t, fault.NotFound, err)
	all, _, err := s.Tasks(ctx, eve.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Empty(t, all)

	again, err := s.Task(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Equal(t, uint32(1), again.Version)
}

func TestNothingWorksWithoutALivingSession(t *testing.T) {
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
			_, _, err = s.SetPicture(ctx, owner, mine.ID, "k", task.ImagePending, nil)
			requireFault(t, fault.Unauthorized, err)
		})
	}
	all, _, err := s.Tasks(ctx, ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Empty(t, all[0].ImageKey)
}

func TestCreationWithTheSameIDIsOneTask(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	d := draft(t, "first")
	first, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	d.Title = "second"
	second, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	require.Equal(t, "first", second.Title)
	require.Equal(t, first.CreatedAt, second.CreatedAt)

	others, err := s.AddTask(ctx, eve.Owner, d)
	require.NoError(t, err)
	require.Equal(t, "second", others.Title)
}

func TestADeletedTaskDoesNotComeBack(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	d := draft(t, "gone")
	_, err := s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err)
	keys, err := s.DeleteTask(ctx, ada.Owner, d.ID)
	require.NoError(t, err)
	require.Empty(t, keys)

	_, err = s.DeleteTask(ctx, ada.Owner, d.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.AddTask(ctx, ada.Owner, d)
	requireFault(t, fault.Conflict, err)
}

func TestADeletionThatFindsNothingLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	expired := testbed.SignInAgain(t, s, ada, time.Now().Add(-time.Second)).Owner
	d := draft(t, "not yet")
	_, err := s.DeleteTask(ctx, ada.Owner, d.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.AddTask(ctx, ada.Owner, d)
	require.NoError(t, err, "an id that was never a task's is free")

	_, err = s.DeleteTask(ctx, expired, d.ID)
	requireFault(t, fault.Unauthorized, err)
	_, err = s.DeleteTask(ctx, eve.Owner, d.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.AddTask(ctx, eve.Owner, d)
	require.NoError(t, err, "another user's id is free, too")
	_, err = s.Task(ctx, ada.Owner, d.ID)
	require.NoError(t, err)
}

func TestDeletionsOfOneTaskAtOnceTakeTurns(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"without a picture": "", "with a picture": "key"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := testbed.Store(t), context.Background()
			ada := testbed.SignIn(t, s)
			for range 10 {
				d := draft(t, "once")
				_, err := s.AddTask(ctx, ada.Owner, d)
				require.NoError(t, err)
				if key != "" {
					_, _, err = s.SetPicture(ctx, ada.Owner, d.ID, key, task.ImagePending, nil)
					require.NoError(t, err)
				}
				var wait sync.WaitGroup
				errs := make([]error, 4)
				for i := range errs {
					wait.Go(func() { _, errs[i] = s.DeleteTask(ctx, ada.Owner, d.ID) })
				}
				wait.Wait()
				done := 0
				for _, err := range errs {
					if err == nil {
						done++
						continue
					}
					requireFault(t, fault.NotFound, err)
				}
				require.Equal(t, 1, done, "one of them deletes it")
			}
		})
	}
}

func TestPicturesReplacedAndDeletedAreNoted(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "picture"))
	require.NoError(t, err)
	predictions := []task.Prediction{{Label: "crane", Score: .5}, {Label: "crane", Score: .3}, {Label: "pier", Score: .01}}

	got, replaced, err := s.SetPicture(ctx, ada.Owner, mine.ID, "key-1", task.ImageDone, predictions)
	require.NoError(t, err)
	require.Empty(t, replaced)
	require.Equal(t, "key-1", got.ImageKey)
	require.Equal(t, task.ImageDone, got.ImageStatus)
	require.Equal(t, predictions, got.Predictions)
	require.Equal(t, uint32(2), got.Version)
	require.False(t, got.UpdatedAt.Before(mine.UpdatedAt))

	got, replaced, err = s.SetPicture(ctx, ada.Owner, mine.ID, "key-2", task.ImagePending, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"key-1"}, replaced)
	require.Empty(t, got.Predictions)

	// The same picture again, recognised later: it must not be deleted.
	_, replaced, err = s.SetPicture(ctx, ada.Owner, mine.ID, "key-2", task.ImageDone, predictions)
	require.NoError(t, err)
	require.Equal(t, []string{"key-1"}, replaced, "what the object store has not confirmed stays noted")
	require.NoError(t, s.ForgetDeletions(ctx, ada.UserID, mine.ID, replaced))

	keys, err := s.DeleteTask(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"key-2"}, keys)
}

func TestManyAtOnceOnOneTaskLoseNothing(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "picture"))
	require.NoError(t, err)

	const writers = 8
	var wait sync.WaitGroup
	kept := make(chan string, writers)
	for i := range writers {
		wait.Go(func() {
			key := fmt.Sprintf("key-%d", i)
			if _, _, err := s.SetPicture(ctx, ada.Owner, mine.ID, key, task.ImageDone, []task.Prediction{{Label: "pier", Score: .9}}); err == nil {
				kept <- key
			}
		})
	}
	wait.Wait()
	close(kept)
	acknowledged := []string{}
	for key := range kept {
		acknowledged = append(acknowledged, key)
	}
	require.Len(t, acknowledged, writers, "each waits for its turn at the task")

	now, err := s.Task(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	noted, err := s.DeleteTask(ctx, ada.Owner, mine.ID)
	require.NoError(t, err)
	require.Contains(t, acknowledged, now.ImageKey)
	require.ElementsMatch(t, acknowledged, noted, "each picture that a task ever named is noted once the task is gone")
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())

	for name, address := range map[string]string{"refuses": closed.Addr().String(), "never answers": silent.Addr().String()} {
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

func TestAConnectionThatFailedInATransactionServesNoOther(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s, ctx := testbed.StoreAt(t, dsn), context.Background()
	ada := testbed.SignIn(t, s)
	mine, err := s.AddTask(ctx, ada.Owner, draft(t, "picture"))
	require.NoError(t, err)

	// A label that is too long fails the last statement but one, after the task was changed.
	long := []task.Prediction{{Label: strings.Repeat("x", 200), Score: .9}}
	_, _, err = s.SetPicture(ctx, ada.Owner, mine.ID, "key", task.ImageDone, long)
	require.Error(t, err)
	for range 8 {
		again, err := testbed.StoreAt(t, dsn).Task(ctx, ada.Owner, mine.ID)
		require.NoError(t, err)
		require.Empty(t, again.ImageKey, "half a transaction was kept")
		_, err = s.AddTask(ctx, ada.Owner, draft(t, "after"))
		require.NoError(t, err)
	}
}
