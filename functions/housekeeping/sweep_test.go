package housekeeping

import (
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
	b := newBench(t)
	kept := b.withPicture(t, task.ImageDone, testbed.JPEG(t))
	for range 5 {
		_, err := b.db.DeleteTask(t.Context(), b.ada.Owner, b.withPicture(t, task.ImageDone, testbed.JPEG(t)).ID)
		require.NoError(t, err)
	}

	without := b
	without.pictures = testbed.NoBucket(t)
	parts, err := without.swept(t)
	require.ErrorIs(t, err, errSweep)
	for name, level := range map[string]string{"deletions": "ERROR", "orphans": "ERROR", "pending": "INFO", "prune": "INFO"} {
		require.Equal(t, level, parts[name]["level"], name)
	}
	require.EqualValues(t, 3, parts["deletions"]["kept"], "it gives up after a few")
	require.Len(t, b.noted(t), 5)
	require.Len(t, b.names(), 12)

	parts, err = b.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 5, parts["deletions"]["deleted"])
	require.Empty(t, b.noted(t))
	require.Len(t, b.names(), 2)
	_, err = b.pictures.Get(t.Context(), kept.ImageKey, objects.Full)
	require.NoError(t, err)
}

func TestPendingPicturesAreRecognisedWhenTheClassifierIsBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	coffee := b.withPicture(t, task.ImagePending, testbed.Photo(t, "coffee.png"))
	pier := b.withPicture(t, task.ImagePending, testbed.Photo(t, "landscape.jpg"))

	without := b
	without.model = testbed.Model(t, testbed.DeadAddress)
	parts, err := without.swept(t)
	require.ErrorIs(t, err, errSweep)
	require.Equal(t, "ERROR", parts["pending"]["level"])
	require.EqualValues(t, 1, parts["pending"]["kept"], "it gives up at the first")
	require.Equal(t, "INFO", parts["orphans"]["level"], "other parts go on")
	require.Equal(t, task.ImagePending, b.again(t, coffee).ImageStatus)

	parts, err = b.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 2, parts["pending"]["recognised"])
	for mine, label := range map[uuid.UUID]string{coffee.ID: "espresso", pier.ID: "pier"} {
		found, _, err := b.db.Tasks(t.Context(), b.ada.Owner, task.Filter{Label: label, Sort: task.ByCreated, Limit: 10})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, mine, found[0].ID)
		require.Equal(t, task.ImageDone, found[0].ImageStatus)
		require.Len(t, found[0].Predictions, task.PredictionCount)
		require.Equal(t, label, found[0].Predictions[0].Label)
	}
	parts, err = b.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 0, parts["pending"]["recognised"], "none is recognised twice")
}

func TestLostPictureDoesNotStopOthersFromBeingRecognised(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lost := b.withPicture(t, task.ImagePending, testbed.JPEG(t))
	require.NoError(t, b.pictures.Delete(t.Context(), lost.ImageKey))
	damaged := b.withPicture(t, task.ImagePending, testbed.JPEG(t))
	require.NoError(t, b.pictures.Put(t.Context(), damaged.ImageKey, []byte("no picture at all"), []byte("nor this")))
	whole := b.withPicture(t, task.ImagePending, testbed.JPEG(t))

	parts, err := b.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 2, parts["pending"]["refused"])
	require.EqualValues(t, 1, parts["pending"]["recognised"])
	require.Equal(t, task.ImageFailed, b.again(t, lost).ImageStatus)
	require.Equal(t, task.ImageFailed, b.again(t, damaged).ImageStatus)
	require.Equal(t, task.ImageDone, b.again(t, whole).ImageStatus)
}

func TestOnlyOldOrphansAreRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	named := b.withPicture(t, task.ImageDone, testbed.JPEG(t))
	orphan := b.upload(t, b.ada.Owner, named, testbed.JPEG(t))
	gone := testbed.SignIn(t, b.db)
	unfinished := b.upload(t, gone.Owner, named, testbed.JPEG(t))
	require.NoError(t, b.db.RemoveUser(t.Context(), gone.Username))
	stranger := task.Owner{UserID: testbed.NewID(t)}
	strange := b.upload(t, stranger, named, testbed.JPEG(t))

	removed, err := b.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 4, removed["orphans"]["young"], "all are from a moment ago")
	require.Len(t, b.names(), 8)

	// The times of objects are in whole seconds.
	before := time.Now().Truncate(time.Second).Add(time.Second)
	time.Sleep(time.Until(before))
	young := b.upload(t, b.ada.Owner, named, testbed.JPEG(t))
	counts, err := b.orphans(t.Context(), before)
	require.NoError(t, err)
	require.Equal(t, []any{"seen", 5, "young", 1, "removed", 2, "kept", 0, "strange", 1}, counts)
	for key, there := range map[string]bool{named.ImageKey: true, young: true, strange: true, orphan: false, unfinished: false} {
		_, err := b.pictures.Get(t.Context(), key, objects.Thumb)
		require.Equal(t, there, err == nil, "%s: %v", key, err)
	}
}

func TestOrphansOnEveryPageAreRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := b.task(t, b.ada.Owner)
	for range 2*orphanPage + 1 {
		require.NoError(t, b.pictures.Put(t.Context(), objects.NewKey(b.ada.UserID, mine.ID), []byte("x"), []byte("x")))
	}
	counts, err := b.orphans(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, []any{"seen", 2*orphanPage + 1, "young", 0, "removed", 2*orphanPage + 1, "kept", 0, "strange", 0}, counts)
	require.Empty(t, b.names())
}

func TestNothingIsRemovedWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.upload(t, b.ada.Owner, b.task(t, b.ada.Owner), testbed.JPEG(t))
	without := b
	without.db = testbed.StoreAt(t, "u:p@tcp("+testbed.DeadAddress+")/d")
	counts, err := without.orphans(t.Context(), time.Now().Add(time.Hour))
	require.Error(t, err)
	require.Equal(t, []any{"seen", 1, "young", 0, "removed", 0, "kept", 0, "strange", 0}, counts)
	require.Len(t, b.names(), 2)
	parts, err := without.swept(t)
	require.ErrorIs(t, err, errSweep)
	for name, line := range parts {
		require.Equal(t, name != "orphans", line["level"] == "ERROR", name)
	}
}

func TestConcurrentSweepsDoNotRepeatWork(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.orphanAge = -time.Hour // so that all is old
	pending := b.withPicture(t, task.ImagePending, testbed.Photo(t, "coffee.png"))
	for range 10 {
		_, err := b.db.DeleteTask(t.Context(), b.ada.Owner, b.withPicture(t, task.ImageDone, testbed.JPEG(t)).ID)
		require.NoError(t, err)
		b.upload(t, b.ada.Owner, pending, testbed.JPEG(t))
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := b.run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	require.Empty(t, b.noted(t))
	require.Len(t, b.names(), 2)
	now := b.again(t, pending)
	require.Equal(t, pending.Version+1, now.Version, "recognised once")
	require.Equal(t, "espresso", now.Predictions[0].Label)
}
