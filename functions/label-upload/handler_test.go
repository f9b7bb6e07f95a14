package function

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"
	"snaptask/functions/internal/upload"

	"github.com/stretchr/testify/require"
)

const secret = "the secret of the object store"

// fixture is the function label-upload with a database and a bucket of its own, a signed-in person, and a task.
type fixture struct {
	dsn      string
	tasks    *store.Store
	bucket   testbed.Bucket
	pictures *objects.Store
	ada      testbed.Person
	mine     task.Task
	report   func(token, event string) testbed.Answer
}

// newFixture uses the classifier at address, or the real one if it is empty.
func newFixture(t *testing.T, address string) fixture {
	t.Helper()
	b := fixture{dsn: testbed.Database(t), bucket: testbed.NewBucket(t)}
	b.tasks = testbed.StoreAt(t, b.dsn)
	var err error
	b.pictures, err = objects.New(b.bucket.Config)
	require.NoError(t, err)
	b.ada = testbed.SignIn(t, b.tasks)
	b.mine = testbed.AddTask(t, b.tasks, b.ada.Owner)
	b.report = b.with(t, upload.Deps{Tasks: b.tasks, Pictures: b.pictures, Model: testbed.Model(t, address)})
	return b
}

func (b fixture) with(t *testing.T, d upload.Deps) func(token, event string) testbed.Answer {
	f := function.WithCaller(&d, auth.NewCaller(secret))
	return func(token, event string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token, Body: []byte(event)})
	}
}

// send makes the task await an upload of these bytes, and uploads them. It returns the event.
func (b fixture) send(t *testing.T, file []byte) (event string) {
	t.Helper()
	id := testbed.NewID(t)
	_, err := b.tasks.BeginUpload(t.Context(), b.ada.Owner, b.mine.ID, id)
	require.NoError(t, err)
	key := objects.UploadKey(b.ada.UserID, b.mine.ID, id)
	b.put(t, key, file)
	return `{"Records": [` + record("s3:ObjectCreated:Put", strings.ReplaceAll(key, "/", "%2F")) + `]}`
}

// put uploads a file without announcing it.
func (b fixture) put(t *testing.T, key string, file []byte) {
	t.Helper()
	u, err := b.pictures.PresignUpload(t.Context(), key, int64(len(file)), "image/jpeg")
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, b.bucket.Endpoint+"/"+b.bucket.Bucket+u.URL, bytes.NewReader(file))
	require.NoError(t, err)
	for name, value := range u.Headers {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// now returns the task as it is stored.
func (b fixture) now(t *testing.T) task.Task {
	t.Helper()
	now, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	return now
}

func TestAnUploadedPhotoGetsItsLabels(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	event := b.send(t, testbed.Photo(t, "coffee.png"))
	answer := b.report(secret, event)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.JSONEq(t, `{}`, string(answer.Body))
	got := b.now(t)
	require.False(t, got.Uploading)
	require.Equal(t, task.ImageDone, got.ImageStatus)
	require.Equal(t, "espresso", got.Labels[0])
	require.Len(t, b.bucket.Names(), 2, "the picture and its thumbnail, and no upload")

	require.Equal(t, http.StatusOK, b.report(secret, event).Status)
	require.Equal(t, got, b.now(t), "the same event again changes nothing")
	require.Len(t, b.bucket.Names(), 2)
}

func TestAForgedEventIsNotRead(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	event := b.send(t, testbed.JPEG(t))
	before, names := b.now(t), b.bucket.Names()
	for _, token := range []string{"", "guessed", b.ada.Token, secret + "x"} {
		for _, body := range []string{event, "not JSON"} {
			answer := b.report(token, body)
			require.Equal(t, http.StatusUnauthorized, answer.Status)
			require.Equal(t, "unauthorized", answer.Fault(t).Code)
		}
	}
	require.Equal(t, before, b.now(t))
	require.Equal(t, names, b.bucket.Names())
}

func TestAnUploadThatNoTaskAwaitsIsDeleted(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	late := b.send(t, testbed.JPEG(t))
	event := b.send(t, testbed.Photo(t, "coffee.png"))
	require.Len(t, b.bucket.Names(), 2)
	require.Equal(t, http.StatusOK, b.report(secret, late).Status)
	require.True(t, b.now(t).Uploading, "the later announcement counts")
	require.Len(t, b.bucket.Names(), 1)
	require.Equal(t, http.StatusOK, b.report(secret, event).Status)
	require.Equal(t, "espresso", b.now(t).Labels[0])

	before := b.now(t)
	key := objects.UploadKey(testbed.NewID(t), testbed.NewID(t), testbed.NewID(t))
	b.put(t, key, testbed.JPEG(t))
	require.Equal(t, http.StatusOK, b.report(secret, `{"Records": [`+record("ObjectCreated:Put", key)+`]}`).Status)
	require.Equal(t, before, b.now(t))
	require.Len(t, b.bucket.Names(), 2)
}

func TestAFileThatIsNoPhotoSetsTheUploadError(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	require.Equal(t, http.StatusOK, b.report(secret, b.send(t, testbed.JPEG(t))).Status)
	kept := b.now(t)
	for code, file := range map[string][]byte{
		"picture_type":   []byte("<html><script>alert(1)</script>"),
		"picture_broken": testbed.Photo(t, "skateboard.jpg"),
	} {
		answer := b.report(secret, b.send(t, file))
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", code, answer.Body)
		got := b.now(t)
		require.EqualValues(t, code, got.UploadError)
		require.False(t, got.Uploading)
		require.Equal(t, kept.ImageKey, got.ImageKey, "the task keeps its photo")
		require.Equal(t, kept.Labels, got.Labels)
		require.Len(t, b.bucket.Names(), 2)
	}
}

func TestAnEventIsRepeatedWhileAServerIsDown(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	event := b.send(t, testbed.JPEG(t))
	report := b.with(t, upload.Deps{Tasks: b.tasks, Pictures: testbed.NoBucket(t), Model: testbed.Model(t, "")})
	answer := report(secret, event)
	require.Equal(t, http.StatusServiceUnavailable, answer.Status, "%s", answer.Body)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
	require.True(t, b.now(t).Uploading)
	require.Equal(t, http.StatusOK, b.report(secret, event).Status)
	require.Equal(t, task.ImageDone, b.now(t).ImageStatus)
}

func TestOneFailureInAnEventStopsNoOtherUpload(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	bad := b.send(t, []byte("not a photo"))
	b.mine = testbed.AddTask(t, b.tasks, b.ada.Owner)
	good := b.send(t, testbed.JPEG(t))
	both := strings.TrimSuffix(bad, "]}") + "," + strings.TrimPrefix(good, `{"Records": [`)
	require.Equal(t, http.StatusOK, b.report(secret, both).Status)
	require.Equal(t, task.ImageDone, b.now(t).ImageStatus)
}

func TestThePhotoIsKeptWhileTheClassifierIsDown(t *testing.T) {
	t.Parallel()
	b := newFixture(t, testbed.DeadAddress)
	answer := b.report(secret, b.send(t, testbed.JPEG(t)))
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.Equal(t, task.ImagePending, b.now(t).ImageStatus, "the sweep recognises it")
	require.False(t, b.now(t).Uploading)
	require.Len(t, b.bucket.Names(), 2)
}
