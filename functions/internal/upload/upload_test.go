package upload

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// fixture has a database and a bucket of its own, and a user who is signed in.
type fixture struct {
	Deps
	dsn    string
	bucket testbed.Bucket
	ada    testbed.Person
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	f := fixture{dsn: testbed.Database(t), bucket: testbed.NewBucket(t)}
	pictures, err := objects.New(f.bucket.Config)
	require.NoError(t, err)
	f.Deps = Deps{testbed.StoreAt(t, f.dsn), pictures, testbed.Model(t, "")}
	f.ada = testbed.SignIn(t, f.Tasks)
	return f
}

// announced returns an upload that a task awaits.
func (f fixture) announced(t *testing.T, mine task.Task) store.Upload {
	t.Helper()
	u := store.Upload{UserID: f.ada.UserID, TaskID: mine.ID, ID: testbed.NewID(t)}
	_, err := f.Tasks.BeginUpload(t.Context(), f.ada.Owner, mine.ID, u.ID)
	require.NoError(t, err)
	return u
}

// uploaded returns an upload that a task awaits and the object store has.
func (f fixture) uploaded(t *testing.T, mine task.Task, data []byte) store.Upload {
	t.Helper()
	u := f.announced(t, mine)
	f.put(u, data)
	return u
}

func (f fixture) put(u store.Upload, data []byte) {
	f.bucket.Put(objects.UploadKey(u.UserID, u.TaskID, u.ID), data)
}

// withPhoto returns a task with a photo of a pier.
func (f fixture) withPhoto(t *testing.T) task.Task {
	t.Helper()
	mine := testbed.AddTask(t, f.Tasks, f.ada.Owner)
	f.finish(t, Labelled, f.uploaded(t, mine, testbed.Photo(t, "landscape.jpg")))
	return f.again(t, mine)
}

// finish requires the outcome of a call that takes place.
func (f fixture) finish(t *testing.T, want Outcome, u store.Upload) {
	t.Helper()
	outcome, err := Finish(t.Context(), f.Deps, u)
	require.NoError(t, err)
	require.Equal(t, want, outcome)
}

// again reads the task again.
func (f fixture) again(t *testing.T, mine task.Task) task.Task {
	t.Helper()
	now, err := f.Tasks.Task(t.Context(), f.ada.Owner, mine.ID)
	require.NoError(t, err)
	return now
}

// requireOnly requires that the bucket has this photo and nothing else.
func (f fixture) requireOnly(t *testing.T, key string) {
	t.Helper()
	require.ElementsMatch(t, []string{key + "/full.jpg", key + "/thumb.jpg"}, f.bucket.Names())
}

func TestAnUploadIsLabelledAndDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := f.withPhoto(t)
	require.Equal(t, "pier", before.Labels[0])

	u := f.uploaded(t, before, testbed.Photo(t, "coffee.png"))
	f.finish(t, Labelled, u)
	now := f.again(t, before)
	require.Equal(t, task.ImageDone, now.ImageStatus)
	require.Equal(t, "espresso", now.Labels[0])
	require.Len(t, now.Predictions, task.PredictionCount)
	require.False(t, now.Uploading)
	require.Positive(t, now.ImageBytes)
	f.requireOnly(t, now.ImageKey)

	f.finish(t, NotAwaited, u)
	f.put(u, testbed.Photo(t, "landscape.jpg"))
	f.finish(t, NotAwaited, u)
	require.Equal(t, now, f.again(t, before), "the same event again, and a second PUT, change nothing")
	f.requireOnly(t, now.ImageKey)
}

func TestWhatIsNoPhotoIsRefusedForAReason(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := f.withPhoto(t)
	photo := testbed.JPEG(t)
	for code, data := range map[string][]byte{
		"picture_missing":   {},
		"picture_type":      []byte("<svg/>"),
		"picture_broken":    photo[:len(photo)/2],
		"picture_too_large": make([]byte, objects.MaxUpload+1),
	} {
		was := f.again(t, before).Version
		u := f.uploaded(t, before, data)
		f.finish(t, Refused, u)
		now := f.again(t, before)
		require.Equal(t, task.UploadError(code), now.UploadError)
		require.False(t, now.Uploading)
		require.Equal(t, was+2, now.Version)
		require.Equal(t, before.ImageKey, now.ImageKey, "the task keeps its photo")
		require.Equal(t, before.Predictions, now.Predictions)
		f.requireOnly(t, before.ImageKey)
		f.finish(t, NotAwaited, u)
	}
}

func TestAPhotoAboveTheQuotaIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	second := testbed.AddTask(t, f.Tasks, f.ada.Owner)
	u := f.uploaded(t, second, testbed.JPEG(t))
	first := f.withPhoto(t) // since the second was announced
	f.Tasks = testbed.LimitedStore(t, f.dsn, store.Usage{Photos: 1})
	f.finish(t, Refused, u)
	require.Equal(t, task.UploadError("quota_exceeded"), f.again(t, second).UploadError)
	f.requireOnly(t, first.ImageKey)
}

func TestATaskAtItsLastVersionRefusesAnUpload(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.withPhoto(t)
	u := f.uploaded(t, first, testbed.JPEG(t))
	testbed.EndVersions(t, f.dsn)
	f.finish(t, Refused, u)
	require.Equal(t, task.UploadError("last_version"), f.again(t, first).UploadError)
	f.requireOnly(t, first.ImageKey)
}

func TestAnUploadThatIsNotAwaitedIsDeleted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine := f.withPhoto(t)

	early := f.uploaded(t, mine, testbed.Photo(t, "coffee.png"))
	late := f.announced(t, mine)
	f.finish(t, NotAwaited, early)
	require.True(t, f.again(t, mine).Uploading, "the task awaits the later one")
	f.finish(t, Missing, late)
	require.True(t, f.again(t, mine).Uploading, "its event came before the upload")
	f.put(late, testbed.Photo(t, "landscape.jpg"))
	f.finish(t, Labelled, late)
	now := f.again(t, mine)
	f.requireOnly(t, now.ImageKey)

	deleted := testbed.AddTask(t, f.Tasks, f.ada.Owner)
	u := f.uploaded(t, deleted, testbed.JPEG(t))
	_, err := f.Tasks.DeleteTask(t.Context(), f.ada.Owner, deleted.ID)
	require.NoError(t, err)
	f.finish(t, NotAwaited, u)
	f.finish(t, NotAwaited, store.Upload{UserID: testbed.NewID(t), TaskID: mine.ID, ID: testbed.NewID(t)})
	f.requireOnly(t, now.ImageKey)
}

func TestTheSameEventAtTheSameTimeTakesEffectOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine := testbed.AddTask(t, f.Tasks, f.ada.Owner)
	u := f.uploaded(t, mine, testbed.Photo(t, "landscape.jpg"))
	outcomes := make([]Outcome, 6)
	var wait sync.WaitGroup
	for i := range outcomes {
		wait.Go(func() {
			var err error
			if outcomes[i], err = Finish(context.Background(), f.Deps, u); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	count := map[Outcome]int{}
	for _, outcome := range outcomes {
		count[outcome]++
	}
	require.Equal(t, 1, count[Labelled], "%v", count)
	require.Zero(t, count[Refused], "%v", count)
	now := f.again(t, mine)
	require.Equal(t, uint32(3), now.Version, "created, announced, labelled")
	f.requireOnly(t, now.ImageKey)
	noted, err := f.Tasks.NotedDeletions(t.Context(), store.Picture{}, 10)
	require.NoError(t, err)
	require.Empty(t, noted)
}

func TestWithoutTheClassifierThePhotoIsPending(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Model = testbed.Model(t, testbed.DeadAddress)
	mine := testbed.AddTask(t, f.Tasks, f.ada.Owner)
	f.finish(t, Labelled, f.uploaded(t, mine, testbed.JPEG(t)))
	now := f.again(t, mine)
	require.Equal(t, task.ImagePending, now.ImageStatus)
	f.requireOnly(t, now.ImageKey)
}

func TestWithoutAServerTheTaskGoesOnWaiting(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine := testbed.AddTask(t, f.Tasks, f.ada.Owner)
	u := f.uploaded(t, mine, testbed.Photo(t, "coffee.png"))
	for name, without := range map[string]func(*Deps){
		"object store": func(d *Deps) { d.Pictures = testbed.NoBucket(t) },
		"database":     func(d *Deps) { d.Tasks = testbed.StoreAt(t, "u:p@tcp("+testbed.DeadAddress+")/d") },
	} {
		d := f.Deps
		without(&d)
		_, err := Finish(t.Context(), d, u)
		require.True(t, fault.Is(err, fault.Unavailable), "%s: %v", name, err)
	}
	require.True(t, f.again(t, mine).Uploading)
	f.finish(t, Labelled, u)
	f.requireOnly(t, f.again(t, mine).ImageKey)
}

// TestALostAnswerToTheCommitIsNoSecondPhoto loses the answers to the transaction that sets the photo, or the reason.
func TestALostAnswerToTheCommitIsNoSecondPhoto(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	losing := f.Deps
	losing.Tasks = testbed.StoreAt(t, testbed.LoseAnswers(t, f.dsn, "COMMIT"))
	for name, data := range map[string][]byte{"a photo": testbed.Photo(t, "coffee.png"), "none": bytes.Repeat([]byte("x"), 100)} {
		mine := testbed.AddTask(t, f.Tasks, f.ada.Owner)
		u := f.uploaded(t, mine, data)
		_, err := Finish(t.Context(), losing, u)
		require.True(t, fault.Is(err, fault.Unavailable), "%s: %v", name, err)
		now := f.again(t, mine)
		require.Equal(t, uint32(3), now.Version)
		f.finish(t, NotAwaited, u)
		require.Equal(t, now, f.again(t, mine), name)
	}
	for _, name := range f.bucket.Names() {
		require.NotContains(t, name, "uploads/")
	}
	require.Len(t, f.bucket.Names(), 2, "the photo stays")
}
