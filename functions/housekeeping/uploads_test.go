package housekeeping

import (
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// announced returns an upload that was announced for a task of ada's some time ago.
func (f fixture) announced(t *testing.T, mine task.Task, ago time.Duration) store.Upload {
	t.Helper()
	u := store.Upload{UserID: f.ada.UserID, TaskID: mine.ID, ID: idOf(t, time.Now().Add(-ago))}
	_, err := f.db.BeginUpload(t.Context(), f.ada.Owner, mine.ID, u.ID)
	require.NoError(t, err)
	return u
}

// idOf returns a UUIDv7 that was made at a time.
func idOf(t *testing.T, at time.Time) uuid.UUID {
	t.Helper()
	id := testbed.NewID(t)
	for i, ms := 5, at.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		id[i] = byte(ms)
	}
	return id
}

func (f fixture) putUpload(u store.Upload, data []byte) (name string) {
	name = objects.UploadKey(u.UserID, u.TaskID, u.ID)
	f.put(name, data)
	return name
}

// sweptUploads runs the part as if at a time, and returns its counts without those that are 0.
func (f fixture) sweptUploads(t *testing.T, now time.Time) map[string]int {
	t.Helper()
	pairs, err := f.uploads(t.Context(), now)
	require.NoError(t, err)
	counts := map[string]int{}
	for i := 0; i < len(pairs); i += 2 {
		if n := pairs[i+1].(int); n > 0 {
			counts[pairs[i].(string)] = n
		}
	}
	return counts
}

func TestAnUploadWhoseEventIsLostIsLabelled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	photo, none, comes := f.task(t, f.ada.Owner), f.task(t, f.ada.Owner), f.task(t, f.ada.Owner)
	f.putUpload(f.announced(t, photo, 5*time.Minute), testbed.Photo(t, "coffee.png"))
	f.putUpload(f.announced(t, none, 5*time.Minute), []byte("no photo"))
	f.announced(t, comes, 10*time.Minute)
	require.Equal(t, map[string]int{"young": 2}, f.sweptUploads(t, time.Now()), "their events may be on the way")

	require.Equal(t, map[string]int{"labelled": 1, "refused": 1}, f.sweptUploads(t, time.Now().Add(2*time.Minute)))
	now := f.again(t, photo)
	require.Equal(t, "espresso", now.Labels[0])
	require.Equal(t, task.UploadError("picture_type"), f.again(t, none).UploadError)
	require.ElementsMatch(t, []string{now.ImageKey + "/full.jpg", now.ImageKey + "/thumb.jpg"}, f.names(), "the uploads are deleted")
	require.Empty(t, f.sweptUploads(t, time.Now()))
	require.Equal(t, now, f.again(t, photo), "it is labelled once")
	require.True(t, f.again(t, comes).Uploading, "the third may still come")
}

func TestAnUploadThatNeverCameIsExpired(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	type awaiting struct {
		fixture // of its user
		mine    task.Task
	}
	var late []awaiting
	for i := range uploadPage + 1 {
		if i == uploadPage { // as many as one user's tasks may await
			f.ada = testbed.SignIn(t, f.db)
		}
		one := awaiting{f, f.task(t, f.ada.Owner)}
		one.announced(t, one.mine, 21*time.Minute)
		late = append(late, one)
	}
	early := f.task(t, f.ada.Owner)
	f.announced(t, early, 17*time.Minute) // its URL was used at the last moment, on a slow connection
	parts, err := f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, len(late), parts["uploads"]["expired"])
	for _, one := range late {
		now := one.again(t, one.mine)
		require.Equal(t, task.UploadError("upload_expired"), now.UploadError)
		require.False(t, now.Uploading)
		require.Equal(t, one.mine.Version+2, now.Version)
	}
	require.True(t, f.again(t, early).Uploading)
}

func TestUploadsThatNoTaskAwaitsAreRemovedAsOldAsOrphans(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine := f.task(t, f.ada.Owner)
	f.putUpload(f.announced(t, mine, 2*time.Hour), testbed.JPEG(t))
	f.putUpload(f.announced(t, mine, 0), testbed.JPEG(t))
	_, _, err := f.db.RemovePicture(t.Context(), f.ada.Owner, mine.ID)
	require.NoError(t, err)
	gone := testbed.SignIn(t, f.db)
	require.NoError(t, f.db.RemoveUser(t.Context(), gone.Username))
	f.putUpload(store.Upload{UserID: gone.UserID, TaskID: mine.ID, ID: idOf(t, time.Now().Add(-2*time.Hour))}, testbed.JPEG(t))
	ofOther := f.putUpload(store.Upload{UserID: testbed.NewID(t), TaskID: mine.ID, ID: idOf(t, time.Now().Add(-2*time.Hour))}, testbed.JPEG(t))
	f.put("uploads/notes.txt", []byte("not ours"))

	require.Equal(t, map[string]int{"young": 4}, f.sweptUploads(t, time.Now()))
	require.Equal(t, map[string]int{"young": 4}, f.sweptUploads(t, time.Now().Add(30*time.Minute)), "old by their names, but not by the object store's clock")
	f.orphanAge = 25 * time.Minute
	require.Equal(t, map[string]int{"removed": 3, "strange": 1}, f.sweptUploads(t, time.Now().Add(30*time.Minute)))
	require.ElementsMatch(t, []string{ofOther, "uploads/notes.txt"}, f.names())
}

func TestUploadsWaitForServersThatAreAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var all []task.Task
	for range 2 {
		mine := f.task(t, f.ada.Owner)
		f.putUpload(f.announced(t, mine, 20*time.Minute), testbed.Photo(t, "coffee.png"))
		all = append(all, mine)
	}
	later := time.Now().Add(2 * time.Minute)
	for _, without := range []func(*fixture){
		func(f *fixture) { f.pictures = testbed.NoBucket(t) },
		func(f *fixture) { f.db = testbed.StoreAt(t, "u:p@tcp("+testbed.DeadAddress+")/d") },
	} {
		broken := f
		without(&broken)
		_, err := broken.uploads(t.Context(), later)
		require.Error(t, err)
	}
	for _, mine := range all {
		require.True(t, f.again(t, mine).Uploading, "a server that is away does not expire an upload")
	}

	without := f
	without.model = testbed.Model(t, testbed.DeadAddress)
	require.Equal(t, map[string]int{"labelled": 2}, without.sweptUploads(t, later))
	require.Equal(t, task.ImagePending, f.again(t, all[0]).ImageStatus)
	parts, err := f.swept(t)
	require.NoError(t, err)
	require.EqualValues(t, 2, parts["pending"]["recognised"])
}

func TestOneSweepFinishesALimitedNumberOfUploads(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range finishLimit + 1 {
		if i%store.MaxAwaited == 0 {
			f.ada = testbed.SignIn(t, f.db)
		}
		f.putUpload(f.announced(t, f.task(t, f.ada.Owner), 20*time.Minute), []byte("no photo"))
	}
	later := time.Now().Add(2 * time.Minute)
	require.Equal(t, map[string]int{"refused": finishLimit}, f.sweptUploads(t, later))
	require.Equal(t, map[string]int{"refused": 1}, f.sweptUploads(t, later))
	require.Empty(t, f.names())
}

func TestOneSweepFinishesUploadsForALimitedTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one := f.announced(t, f.task(t, f.ada.Owner), 20*time.Minute)
	f.putUpload(one, []byte("no photo"))
	u := &uploadSweep{sweep: &f.sweep, now: time.Now(), until: time.Now().Add(-time.Second)}
	require.ErrorIs(t, u.finish(t.Context(), one), errLimit)
	require.Equal(t, 1, u.n.refused, "at least one")
}

func TestConcurrentSweepsFinishAnUploadOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine, never := f.task(t, f.ada.Owner), f.task(t, f.ada.Owner)
	f.putUpload(f.announced(t, mine, 20*time.Minute), testbed.Photo(t, "coffee.png"))
	f.announced(t, never, 20*time.Minute)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := f.uploads(t.Context(), time.Now().Add(2*time.Minute)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	now := f.again(t, mine)
	require.Equal(t, mine.Version+2, now.Version)
	require.Equal(t, never.Version+2, f.again(t, never).Version)
	require.ElementsMatch(t, []string{now.ImageKey + "/full.jpg", now.ImageKey + "/thumb.jpg"}, f.names())
}
