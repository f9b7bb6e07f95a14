package store_test

import (
	"context"
	"testing"
	"time"

	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// idFrom returns a UUIDv7 that a client makes whose clock differs by this much.
func idFrom(t *testing.T, clock time.Duration) uuid.UUID {
	t.Helper()
	id := testbed.NewID(t)
	for i, ms := 5, time.Now().Add(clock).UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		id[i] = byte(ms)
	}
	return id
}

func TestTasksAreListedInTheOrderInWhichTheServerGotThem(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	var newestFirst []uuid.UUID
	for _, clock := range []time.Duration{23 * time.Hour, 0, -10 * time.Minute} {
		d, err := task.New(task.Draft{ID: idFrom(t, clock).String(), Title: "a task", DueDate: "2026-12-24"}, time.Now())
		require.NoError(t, err)
		_, err = s.AddTask(ctx, ada.Owner, d)
		require.NoError(t, err)
		_, _, err = s.SetPicture(ctx, ada.Owner, d.ID, "key", 1000, task.ImageDone, pier)
		require.NoError(t, err)
		newestFirst = append([]uuid.UUID{d.ID}, newestFirst...)
	}
	open := false
	for name, f := range map[string]task.Filter{"all": {}, "open": {Completed: &open}, "by label": {Label: "pier"}} {
		f.Sort, f.Limit = task.ByCreated, 1
		var got []uuid.UUID
		for more := true; more; {
			var page []task.Task
			var err error
			page, more, err = s.Tasks(ctx, ada.Owner, f)
			require.NoError(t, err, name)
			require.Len(t, page, 1, name)
			got = append(got, page[0].ID)
			f.After = &task.Place{CreatedAt: page[0].CreatedAt, ID: page[0].ID}
		}
		require.Equal(t, newestFirst, got, name)
	}
}

func TestTasksOfTheSameMomentAreListedOnceEach(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, s)
	want := map[uuid.UUID]bool{}
	for range 7 {
		d := draft(t, "a task")
		_, err := s.AddTask(ctx, ada.Owner, d)
		require.NoError(t, err)
		want[d.ID] = true
	}
	_, err := rows(t, dsn).Exec(`UPDATE tasks SET created_at = '2026-01-01 00:00:00.123456'`)
	require.NoError(t, err)
	f := task.Filter{Sort: task.ByCreated, Limit: 2}
	for more := true; more; {
		var page []task.Task
		page, more, err = s.Tasks(ctx, ada.Owner, f)
		require.NoError(t, err)
		for _, one := range page {
			require.True(t, want[one.ID], "listed twice")
			delete(want, one.ID)
			f.After = &task.Place{CreatedAt: one.CreatedAt, ID: one.ID}
		}
	}
	require.Empty(t, want)
}
