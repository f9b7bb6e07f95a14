package housekeeping

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestNotedDeletionsAreRetried(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	kept := f.withPicture(t, task.ImageDone, testbed.JPEG(t))
	for range 5 {
		_, err := f.db.DeleteTask(t.Context(), f.ada.Owner, f.withPicture(t, task.ImageDone, testbed.JPEG(t)).ID)
		require.NoError(t, err)
	}

	without := f
	without.pictures = testbed.NoBucket(t)
	parts, err := without.swept(t)
	require.ErrorIs(t, err, errSweep)
	for name, level := range map[string]string{"accounts": "INFO", "deletions": "ERROR", "orphans": "ERROR", "pending": "INFO", "prune": "INFO", "search": "INFO", "uploads": "ERROR", "usage": "INFO"} {
		require.Equal(t, level, parts[name]["level"], name)
	}
	require.EqualValues(t, 3, parts["deletions"]["kept"], "it gives up after a few failures")
	require.Len(t, f.noted(t), 5)
	require.Len(t, f.names(), 12)

	parts, err = f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 5, parts["deletions"]["deleted"])
	require.Empty(t, f.noted(t))
	require.Len(t, f.names(), 2)
	_, err = f.pictures.Get(t.Context(), kept.ImageKey, objects.Full)
	require.NoError(t, err)
}

func TestANotedPictureThatATaskHasStays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine := f.withPicture(t, task.ImageDone, testbed.JPEG(t))
	gone := f.withPicture(t, task.ImageDone, testbed.JPEG(t))
	_, err := f.db.DeleteTask(t.Context(), f.ada.Owner, gone.ID)
	require.NoError(t, err)
	pool, err := sql.Open("mysql", f.dsn)
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	_, err = pool.Exec(`INSERT INTO object_deletions (user_id, task_id, object_key, created_at) SELECT user_id, id, image_key, NOW(6) FROM tasks`)
	require.NoError(t, err)

	parts, err := f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 1, parts["deletions"]["deleted"])
	require.Len(t, f.names(), 2)
	require.Empty(t, f.noted(t))
	_, err = f.pictures.Get(t.Context(), mine.ImageKey, objects.Full)
	require.NoError(t, err)
}

func TestPendingPicturesAreRecognisedWhenTheClassifierIsBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	coffee := f.withPicture(t, task.ImagePending, testbed.Photo(t, "coffee.png"))
	pier := f.withPicture(t, task.ImagePending, testbed.Photo(t, "landscape.jpg"))

	without := f
	without.model = testbed.Model(t, testbed.DeadAddress)
	parts, err := without.swept(t)
	require.ErrorIs(t, err, errSweep)
	require.Equal(t, "ERROR", parts["pending"]["level"])
	require.EqualValues(t, 1, parts["pending"]["kept"], "it gives up after the first failure")
	require.Equal(t, "INFO", parts["orphans"]["level"], "other parts continue")
	require.Equal(t, task.ImagePending, f.again(t, coffee).ImageStatus)

	parts, err = f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 2, parts["pending"]["recognised"])
	for mine, label := range map[uuid.UUID]string{coffee.ID: "espresso", pier.ID: "pier"} {
		found, _, err := f.db.Tasks(t.Context(), f.ada.Owner, task.Filter{Label: label, Sort: task.ByCreated, Limit: 10})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, mine, found[0].ID)
		require.Equal(t, task.ImageDone, found[0].ImageStatus)
		require.Len(t, found[0].Predictions, task.PredictionCount)
		require.Equal(t, label, found[0].Predictions[0].Label)
	}
	parts, err = f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 0, parts["pending"]["recognised"], "none is recognised twice")
}

func TestLostPictureDoesNotStopOthersFromBeingRecognised(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lost := f.withPicture(t, task.ImagePending, testbed.JPEG(t))
	require.NoError(t, f.pictures.Delete(t.Context(), lost.ImageKey))
	damaged := f.withPicture(t, task.ImagePending, testbed.JPEG(t))
	require.NoError(t, f.pictures.Put(t.Context(), damaged.ImageKey, []byte("no picture at all"), []byte("nor this")))
	whole := f.withPicture(t, task.ImagePending, testbed.JPEG(t))

	parts, err := f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 2, parts["pending"]["refused"])
	require.EqualValues(t, 1, parts["pending"]["recognised"])
	require.Equal(t, task.ImageFailed, f.again(t, lost).ImageStatus)
	require.Equal(t, task.ImageFailed, f.again(t, damaged).ImageStatus)
	require.Equal(t, task.ImageDone, f.again(t, whole).ImageStatus)
}

func TestATaskAtItsLastVersionDoesNotStopOthersFromBeingRecognised(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	last := f.withPicture(t, task.ImagePending, testbed.JPEG(t))
	testbed.EndVersions(t, f.dsn)
	other := f.withPicture(t, task.ImagePending, testbed.JPEG(t))
	parts, err := f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 1, parts["pending"]["kept"])
	require.EqualValues(t, 1, parts["pending"]["recognised"])
	require.Equal(t, task.ImagePending, f.again(t, last).ImageStatus)
	require.Equal(t, task.ImageDone, f.again(t, other).ImageStatus)
}

func TestOnlyOldOrphansAreRemoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	named := f.withPicture(t, task.ImageDone, testbed.JPEG(t))
	orphan := f.upload(t, f.ada.Owner, named, testbed.JPEG(t))
	gone := testbed.SignIn(t, f.db)
	unfinished := f.upload(t, gone.Owner, named, testbed.JPEG(t))
	require.NoError(t, f.db.RemoveUser(t.Context(), gone.Username))
	stranger := task.Owner{UserID: testbed.NewID(t)}
	strange := f.upload(t, stranger, named, testbed.JPEG(t))

	removed, err := f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 4, removed["orphans"]["young"], "all are from a moment ago")
	require.Len(t, f.names(), 8)

	// Objects' times have a resolution of one second.
	before := time.Now().Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(before))
	young := f.upload(t, f.ada.Owner, named, testbed.JPEG(t))
	counts, err := f.orphans(t.Context(), before)
	require.NoError(t, err)
	require.Equal(t, []any{"seen", 5, "young", 1, "removed", 2, "kept", 0, "strange", 1}, counts)
	for key, there := range map[string]bool{named.ImageKey: true, young: true, strange: true, orphan: false, unfinished: false} {
		_, err := f.pictures.Get(t.Context(), key, objects.Thumb)
		require.Equal(t, there, err == nil, "%s: %v", key, err)
	}
}

func TestOrphansOnEveryPageAreRemoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine := f.task(t, f.ada.Owner)
	for range 2*orphanPage + 1 {
		require.NoError(t, f.pictures.Put(t.Context(), objects.NewKey(f.ada.UserID, mine.ID), []byte("x"), []byte("x")))
	}
	counts, err := f.orphans(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []any{"seen", 2*orphanPage + 1, "young", 0, "removed", 2*orphanPage + 1, "kept", 0, "strange", 0}, counts)
	require.Empty(t, f.names())
}

func TestNothingIsRemovedWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.upload(t, f.ada.Owner, f.task(t, f.ada.Owner), testbed.JPEG(t))
	without := f
	without.db = testbed.StoreAt(t, "u:p@tcp("+testbed.DeadAddress+")/d")
	counts, err := without.orphans(t.Context(), time.Now().Add(time.Hour))
	require.Error(t, err)
	require.Equal(t, []any{"seen", 1, "young", 0, "removed", 0, "kept", 0, "strange", 0}, counts)
	require.Len(t, f.names(), 2)
	parts, err := without.swept(t)
	require.ErrorIs(t, err, errSweep)
	for name, line := range parts {
		require.Equal(t, name != "orphans", line["level"] == "ERROR", name)
	}
}

func TestConcurrentSweepsDoNotRepeatWork(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.orphanAge = -time.Hour // every picture is old
	pending := f.withPicture(t, task.ImagePending, testbed.Photo(t, "coffee.png"))
	for range 10 {
		_, err := f.db.DeleteTask(t.Context(), f.ada.Owner, f.withPicture(t, task.ImageDone, testbed.JPEG(t)).ID)
		require.NoError(t, err)
		f.upload(t, f.ada.Owner, pending, testbed.JPEG(t))
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := f.run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	require.Empty(t, f.noted(t))
	require.Len(t, f.names(), 2)
	now := f.again(t, pending)
	require.Equal(t, pending.Version+1, now.Version, "recognised once")
	require.Equal(t, "espresso", now.Predictions[0].Label)
}
