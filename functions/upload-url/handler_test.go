package function

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// fixture is the function upload-url with a database and a bucket of its own, a signed-in person, and a task.
type fixture struct {
	dsn      string
	tasks    *store.Store
	bucket   testbed.Bucket
	ada      testbed.Person
	mine     task.Task
	announce func(token, query, body string) testbed.Answer
	withdraw func(token, query string) testbed.Answer
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	b := fixture{dsn: testbed.Database(t), bucket: testbed.NewBucket(t)}
	b.tasks = testbed.StoreAt(t, b.dsn)
	b.ada = testbed.SignIn(t, b.tasks)
	b.mine = testbed.AddTask(t, b.tasks, b.ada.Owner)
	b.announce = b.with(t, b.tasks)
	f := function.With(&deps{tasks: b.tasks}, testbed.Verifier())
	b.withdraw = func(token, query string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodDelete, Token: token, Query: query})
	}
	return b
}

func (b fixture) with(t *testing.T, tasks *store.Store) func(token, query, body string) testbed.Answer {
	uploads, err := objects.New(b.bucket.Config)
	require.NoError(t, err)
	f := function.With(&deps{tasks, uploads}, testbed.Verifier())
	return func(token, query, body string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token, Query: query, Body: []byte(body)})
	}
}

func (b fixture) id() string { return "id=" + b.mine.ID.String() }

// now returns the task as it is stored.
func (b fixture) now(t *testing.T) task.Task {
	t.Helper()
	now, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	return now
}

// announced is a reply of the function.
type announced struct {
	URL       string
	Headers   map[string]string
	ExpiresAt time.Time
	Task      testbed.Task
}

// put uploads the file as the web server forwards it, and returns the object store's status.
func (b fixture) put(t *testing.T, to announced, file []byte) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, b.bucket.Endpoint+"/"+b.bucket.Bucket+to.URL, bytes.NewReader(file))
	require.NoError(t, err)
	for name, value := range to.Headers {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func TestATaskAwaitsTheAnnouncedPhoto(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	file := testbed.JPEG(t)
	answer := b.announce(b.ada.Token, b.id(), fmt.Sprintf(`{"bytes": %d, "contentType": "image/jpeg"}`, len(file)))
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	var got announced
	answer.JSON(t, &got)
	require.True(t, got.Task.Uploading)
	require.Equal(t, 2, got.Task.Version)
	require.Equal(t, "image/jpeg", got.Headers["Content-Type"])
	require.WithinDuration(t, time.Now().Add(10*time.Minute), got.ExpiresAt, 10*time.Second)

	now := b.now(t)
	key := objects.UploadKey(b.ada.UserID, b.mine.ID, now.UploadID)
	require.True(t, strings.HasPrefix(got.URL, "/"+key+"?"), "%s is not for the awaited upload", got.URL)
	require.Equal(t, http.StatusForbidden, b.put(t, got, file[1:]), "fewer bytes than announced")
	require.Empty(t, b.bucket.Names())
	require.Equal(t, http.StatusOK, b.put(t, got, file))
	require.Equal(t, []string{key}, b.bucket.Names())
}

func TestAnotherAnnouncementReplacesTheFirst(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	var urls []string
	for range 2 {
		var got announced
		b.announce(b.ada.Token, b.id(), `{"bytes": 5, "contentType": "image/png"}`).JSON(t, &got)
		urls = append(urls, got.URL)
	}
	require.NotEqual(t, urls[0], urls[1])
	require.Contains(t, urls[1], b.now(t).UploadID.String())
}

func TestFilesThatWouldBeRefusedAreNotAnnounced(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for body, want := range map[string]struct {
		status int
		code   string
	}{
		``:                              {400, "invalid_json"},
		`[]`:                            {400, "invalid_json"},
		`{}`:                            {400, "invalid_fields"},
		`{"bytes": 5}`:                  {400, "invalid_fields"},
		`{"contentType": "image/jpeg"}`: {400, "invalid_fields"},
		`{"bytes": 0, "contentType": "image/jpeg"}`:                      {400, "invalid_fields"},
		`{"bytes": -5, "contentType": "image/jpeg"}`:                     {400, "invalid_fields"},
		`{"bytes": 5.5, "contentType": "image/jpeg"}`:                    {400, "invalid_fields"},
		`{"bytes": "5", "contentType": "image/jpeg"}`:                    {400, "invalid_fields"},
		`{"bytes": 99999999999999999999, "contentType": "image/jpeg"}`:   {400, "invalid_fields"},
		`{"bytes": 5, "contentType": "image/jpeg", "key": "uploads/a"}`:  {400, "invalid_fields"},
		`{"bytes": 16777217, "contentType": "image/jpeg"}`:               {413, "picture_too_large"},
		`{"bytes": 9223372036854775807, "contentType": "image/jpeg"}`:    {413, "picture_too_large"},
		`{"bytes": 5, "contentType": "image/gif"}`:                       {415, "picture_type"},
		`{"bytes": 5, "contentType": "image/jpeg, text/html"}`:           {415, "picture_type"},
		`{"bytes": 5, "contentType": "image/jpeg\r\nx-amz-acl: public"}`: {415, "picture_type"},
	} {
		answer := b.announce(b.ada.Token, b.id(), body)
		require.Equal(t, want.status, answer.Status, "%s: %s", body, answer.Body)
		require.Equal(t, want.code, answer.Fault(t).Code, body)
	}
	require.Equal(t, b.mine, b.now(t))
	for _, largest := range []string{`{"bytes": 16777216, "contentType": "image/webp"}`, `{"bytes": 1, "contentType": "image/png"}`} {
		require.Equal(t, http.StatusOK, b.announce(b.ada.Token, b.id(), largest).Status, largest)
	}
}

func TestOnlyOnesOwnTaskAwaitsAPhoto(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	const file = `{"bytes": 5, "contentType": "image/jpeg"}`
	eve := testbed.SignIn(t, b.tasks)
	require.Equal(t, http.StatusNotFound, b.announce(eve.Token, b.id(), file).Status)
	require.Equal(t, http.StatusNotFound, b.announce(b.ada.Token, "id="+testbed.NewID(t).String(), file).Status)
	require.Equal(t, http.StatusBadRequest, b.announce(b.ada.Token, "id=../"+b.mine.ID.String(), file).Status)
	require.Equal(t, http.StatusUnauthorized, b.announce("", b.id(), file).Status)
	require.NoError(t, b.tasks.EndSession(t.Context(), b.ada.Owner))
	require.Equal(t, http.StatusUnauthorized, b.announce(b.ada.Token, b.id(), file).Status)
	ada := testbed.SignInAgain(t, b.tasks, b.ada, time.Now().Add(time.Hour))
	now, err := b.tasks.Task(t.Context(), ada.Owner, b.mine.ID)
	require.NoError(t, err)
	require.Equal(t, b.mine, now)
}

func TestNoPhotoIsAnnouncedAboveTheQuota(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	pictured := testbed.AddTask(t, b.tasks, b.ada.Owner)
	_, _, err := b.tasks.SetPicture(t.Context(), b.ada.Owner, pictured.ID, objects.NewKey(b.ada.UserID, pictured.ID), 1000, task.ImagePending, nil)
	require.NoError(t, err)
	announce := b.with(t, testbed.LimitedStore(t, b.dsn, store.Usage{Photos: 1}))
	const file = `{"bytes": 5, "contentType": "image/jpeg"}`
	answer := announce(b.ada.Token, b.id(), file)
	require.Equal(t, http.StatusForbidden, answer.Status, "%s", answer.Body)
	require.Equal(t, "quota_exceeded", answer.Fault(t).Code)
	require.Equal(t, b.mine, b.now(t))
	require.Equal(t, http.StatusOK, announce(b.ada.Token, "id="+pictured.ID.String(), file).Status, "replacing a photo takes no more of them")
}

func TestAHundredTasksAwaitAPhoto(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for range store.MaxAwaited - 1 {
		testbed.AddTask(t, b.tasks, b.ada.Owner)
	}
	testbed.AwaitUploads(t, b.dsn, b.ada.UserID)
	another := "id=" + testbed.AddTask(t, b.tasks, b.ada.Owner).ID.String()
	const file = `{"bytes": 5, "contentType": "image/jpeg"}`
	answer := b.announce(b.ada.Token, another, file)
	require.Equal(t, http.StatusTooManyRequests, answer.Status, "%s", answer.Body)
	require.Equal(t, "too_many_uploads", answer.Fault(t).Code)
	require.Equal(t, "You have 100 photos on their way. Please wait until some have arrived.", answer.Fault(t).Message)
	require.Equal(t, "5", answer.Header.Get("Retry-After"))

	require.Equal(t, http.StatusOK, b.announce(b.ada.Token, b.id(), file).Status, "another URL for a task that awaits a photo")
	require.Equal(t, http.StatusOK, b.withdraw(b.ada.Token, b.id()).Status)
	require.Equal(t, http.StatusOK, b.announce(b.ada.Token, another, file).Status)
}

func TestATaskAtItsLastVersionAwaitsNothing(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	testbed.EndVersions(t, b.dsn)
	answer := b.announce(b.ada.Token, b.id(), `{"bytes": 5, "contentType": "image/jpeg"}`)
	require.Equal(t, http.StatusConflict, answer.Status)
	require.Equal(t, "last_version", answer.Fault(t).Code)
}

func TestAWithdrawnPhotoIsNotAwaited(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	const file = `{"bytes": 5, "contentType": "image/jpeg"}`
	require.Equal(t, http.StatusOK, b.announce(b.ada.Token, b.id(), file).Status)
	eve := testbed.SignIn(t, b.tasks)
	require.Equal(t, http.StatusNotFound, b.withdraw(eve.Token, b.id()).Status)
	require.Equal(t, http.StatusUnauthorized, b.withdraw("", b.id()).Status)
	require.True(t, b.now(t).Uploading)

	for range 2 {
		var got testbed.Task
		answer := b.withdraw(b.ada.Token, b.id())
		require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
		answer.JSON(t, &got)
		require.False(t, got.Uploading)
		require.Equal(t, 3, got.Version, "a repeat changes nothing")
	}
	require.Equal(t, http.StatusNotFound, b.withdraw(b.ada.Token, "id="+testbed.NewID(t).String()).Status)

	require.Equal(t, http.StatusOK, b.announce(b.ada.Token, b.id(), file).Status)
	testbed.EndVersions(t, b.dsn)
	answer := b.withdraw(b.ada.Token, b.id())
	require.Equal(t, http.StatusConflict, answer.Status)
	require.Equal(t, "last_version", answer.Fault(t).Code)
}
