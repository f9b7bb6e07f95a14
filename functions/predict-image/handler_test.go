package function

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// fixture is the function predict-image with a database and a bucket of its own, a signed-in person, and a task.
type fixture struct {
	dsn      string
	tasks    *store.Store
	pictures *objects.Store
	names    func() []string
	ada      testbed.Person
	mine     task.Task
	put      func(token, query string, body []byte) testbed.Answer
}

// newFixture uses the classifier at address, or the real one if it is empty.
func newFixture(t *testing.T, address string) fixture {
	t.Helper()
	b := fixture{dsn: testbed.Database(t)}
	b.tasks = testbed.StoreAt(t, b.dsn)
	b.pictures, b.names = testbed.Pictures(t)
	b.ada = testbed.SignIn(t, b.tasks)
	b.mine = testbed.AddTask(t, b.tasks, b.ada.Owner)
	b.put = b.over(t, &deps{b.tasks, b.pictures, testbed.Model(t, address)})
	return b
}

func (b fixture) over(t *testing.T, d *deps) func(token, query string, body []byte) testbed.Answer {
	f := function.With(d, testbed.Verifier())
	return func(token, query string, body []byte) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPut, Token: token, Query: query, Body: body})
	}
}

func (b fixture) id() string { return "id=" + b.mine.ID.String() }

func TestPhotosGetTheirLabels(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	for photo, first := range map[string][]string{
		"landscape.jpg": {"pier"},
		"coffee.png":    {"espresso"},
		"chelsea.png":   {"tiger cat", "Egyptian cat", "tabby"},
		"rocket.jpg":    {"missile", "projectile"},
	} {
		answer := b.put(b.ada.Token, b.id(), testbed.Photo(t, photo))
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", photo, answer.Body)
		var got testbed.Task
		answer.JSON(t, &got)
		require.True(t, got.Upload)
		require.Equal(t, "done", got.ImageStatus)
		require.Len(t, got.Labels, task.PredictionCount)
		require.Len(t, got.Predictions, task.PredictionCount)
		require.Contains(t, first, got.Labels[0], photo)
		for i, p := range got.Predictions {
			require.Equal(t, got.Labels[i], p.Label)
			require.True(t, p.Score >= 0 && p.Score <= 1)
			require.True(t, i == 0 || p.Score <= got.Predictions[i-1].Score, "best first")
		}
		require.Len(t, b.names(), 2, "the replaced photo is deleted")
	}
}

func TestInvalidPhotosChangeNothing(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	require.Equal(t, http.StatusOK, b.put(b.ada.Token, b.id(), testbed.JPEG(t)).Status)
	before, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	kept := b.names()

	for name, c := range map[string]struct {
		body   []byte
		status int
	}{
		"cut off":       {testbed.Photo(t, "skateboard.jpg"), http.StatusUnprocessableEntity},
		"a text":        {[]byte(strings.Repeat("not a picture ", 100)), http.StatusUnsupportedMediaType},
		"a page":        {[]byte("<html><script>alert(1)</script>"), http.StatusUnsupportedMediaType},
		"a lone header": {testbed.JPEG(t)[:20], http.StatusUnprocessableEntity},
		"empty":         {nil, http.StatusBadRequest},
	} {
		answer := b.put(b.ada.Token, b.id(), c.body)
		require.Equal(t, c.status, answer.Status, "%s: %s", name, answer.Body)
		answer.Fault(t)
	}
	after, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, kept, b.names())
}

func TestAnotherUsersTaskGetsNoPhoto(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	eve := testbed.SignIn(t, b.tasks)
	require.Equal(t, http.StatusNotFound, b.put(eve.Token, b.id(), testbed.JPEG(t)).Status)
	require.Equal(t, http.StatusUnauthorized, b.put("", b.id(), testbed.JPEG(t)).Status)
	require.Equal(t, http.StatusBadRequest, b.put(b.ada.Token, "", testbed.JPEG(t)).Status)
	// The session and the task are checked before the bytes.
	require.Equal(t, http.StatusNotFound, b.put(eve.Token, b.id(), []byte("not a picture")).Status)
	require.Empty(t, b.names())
}

func TestTheSessionIsCheckedBeforeAPhotoArrives(t *testing.T) {
	t.Parallel()
	dsn, roundTrips := testbed.RoundTrips(t, testbed.Database(t))
	tasks := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, tasks)
	f := function.With(&deps{tasks: tasks}, testbed.Verifier())
	admit := func() error {
		admitted, err := f.Admit(handler.Request{Method: http.MethodPut, Header: http.Header{"Authorization": {"Bearer " + ada.Token}}})
		require.NoError(t, err)
		return admitted.CheckSession(t.Context())
	}
	roundTrips()
	require.NoError(t, admit())
	require.LessOrEqual(t, roundTrips(), 1)
	require.NoError(t, tasks.EndSession(t.Context(), ada.Owner))
	require.True(t, fault.Is(admit(), fault.Unauthorized))
}

func TestThePhotoIsKeptWhileTheClassifierIsDown(t *testing.T) {
	t.Parallel()
	b := newFixture(t, testbed.DeadAddress)
	answer := b.put(b.ada.Token, b.id(), testbed.JPEG(t))
	require.Equal(t, http.StatusServiceUnavailable, answer.Status, "%s", answer.Body)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
	require.Contains(t, answer.Fault(t).Message, "kept")

	now, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	require.Equal(t, task.ImagePending, now.ImageStatus)
	require.Empty(t, now.Predictions)
	kept, err := b.pictures.Get(t.Context(), now.ImageKey, objects.Full)
	require.NoError(t, err)
	require.NotEmpty(t, kept)
}

func TestNothingChangesWhileTheObjectStoreIsDown(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	model := testbed.Model(t, "")
	put := b.over(t, &deps{b.tasks, testbed.NoBucket(t), model})
	answer := put(b.ada.Token, b.id(), testbed.JPEG(t))
	require.Equal(t, http.StatusServiceUnavailable, answer.Status)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
	now, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	require.Equal(t, task.ImageNone, now.ImageStatus)
}

func TestAPendingPhotoIsRecognisedAgain(t *testing.T) {
	t.Parallel()
	b := newFixture(t, testbed.DeadAddress)
	require.Equal(t, http.StatusServiceUnavailable, b.put(b.ada.Token, b.id(), testbed.Photo(t, "coffee.png")).Status)
	model := testbed.Model(t, "")
	f := function.With(&deps{b.tasks, b.pictures, model}, testbed.Verifier())
	again := func(token string, body []byte) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: token, Query: b.id(), Body: body})
	}

	require.Equal(t, http.StatusBadRequest, again(b.ada.Token, []byte("a body")).Status)
	require.Equal(t, http.StatusNotFound, again(testbed.SignIn(t, b.tasks).Token, nil).Status)
	answer := again(b.ada.Token, nil)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	var got testbed.Task
	answer.JSON(t, &got)
	require.Equal(t, "done", got.ImageStatus)
	require.Equal(t, "espresso", got.Labels[0])
	require.Len(t, b.names(), 2)

	found, _, err := b.tasks.Tasks(t.Context(), b.ada.Owner, task.Filter{Label: "espresso", Sort: task.ByCreated, Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// delayedModel returns the real classifier behind a relay that calls before once, when the first connection comes.
func delayedModel(t *testing.T, before func()) *classifier.Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		before()
		server, err := net.Dial("tcp", testbed.Setting(t, "TEST_CLASSIFIER_ADDRESS"))
		if err != nil {
			return
		}
		defer server.Close()
		go io.Copy(server, client)
		io.Copy(client, server)
	}()
	return testbed.Model(t, listener.Addr().String())
}

func TestASessionThatEndsDuringRecognitionLosesNoPhoto(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	require.Equal(t, http.StatusOK, b.put(b.ada.Token, b.id(), testbed.JPEG(t)).Status)
	other := testbed.SignInAgain(t, b.tasks, b.ada, time.Now().Add(time.Hour))
	before, err := b.tasks.Task(t.Context(), other.Owner, b.mine.ID)
	require.NoError(t, err)
	model := delayedModel(t, func() { b.tasks.EndSession(context.Background(), b.ada.Owner) })
	put := b.over(t, &deps{b.tasks, b.pictures, model})
	require.Equal(t, http.StatusUnauthorized, put(b.ada.Token, b.id(), testbed.JPEG(t)).Status)

	after, err := b.tasks.Task(t.Context(), other.Owner, b.mine.ID)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Len(t, b.names(), 2, "the refused photo is deleted, that of before is not")
	_, err = b.pictures.Get(t.Context(), before.ImageKey, objects.Full)
	require.NoError(t, err)
}

func TestAPhotoSentAgainIsOnePhoto(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	for range 3 {
		require.Equal(t, http.StatusOK, b.put(b.ada.Token, b.id(), testbed.JPEG(t)).Status)
		require.Len(t, b.names(), 2)
	}
	now, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	stored, err := b.pictures.Get(t.Context(), now.ImageKey, objects.Full)
	require.NoError(t, err)
	thumb, err := b.pictures.Get(t.Context(), now.ImageKey, objects.Thumb)
	require.NoError(t, err)
	require.EqualValues(t, len(stored)+len(thumb), now.ImageBytes, "the size that counts for the quota")
}

func TestAPhotoAboveTheQuotaIsRefusedAndNotKept(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	require.Equal(t, http.StatusOK, b.put(b.ada.Token, b.id(), testbed.JPEG(t)).Status)
	second := testbed.AddTask(t, b.tasks, b.ada.Owner)
	limited := testbed.LimitedStore(t, b.dsn, store.Usage{Photos: 1})
	put := b.over(t, &deps{limited, b.pictures, testbed.Model(t, "")})
	answer := put(b.ada.Token, "id="+second.ID.String(), testbed.JPEG(t))
	require.Equal(t, http.StatusForbidden, answer.Status)
	require.Equal(t, "quota_exceeded", answer.Fault(t).Code)
	require.Len(t, b.names(), 2)
	require.Equal(t, http.StatusOK, put(b.ada.Token, b.id(), testbed.JPEG(t)).Status, "replacing a photo takes no more of them")
}

func TestATaskAtItsLastVersionKeepsItsPhoto(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	require.Equal(t, http.StatusOK, b.put(b.ada.Token, b.id(), testbed.JPEG(t)).Status)
	kept := b.names()
	testbed.EndVersions(t, b.dsn)
	answer := b.put(b.ada.Token, b.id(), testbed.JPEG(t))
	require.Equal(t, http.StatusConflict, answer.Status)
	require.Equal(t, "last_version", answer.Fault(t).Code)
	require.Equal(t, kept, b.names())
}

func TestAPhotoReplacedDuringRecognitionKeepsItsOwnLabels(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "")
	require.Equal(t, http.StatusOK, b.put(b.ada.Token, b.id(), testbed.JPEG(t)).Status)

	newer := objects.NewKey(b.ada.UserID, b.mine.ID)
	model := delayedModel(t, func() {
		b.tasks.SetPicture(context.Background(), b.ada.Owner, b.mine.ID, newer, 1000, task.ImagePending, nil)
	})
	f := function.With(&deps{b.tasks, b.pictures, model}, testbed.Verifier())

	answer := testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodPost, Token: b.ada.Token, Query: b.id()})
	require.Equal(t, http.StatusConflict, answer.Status, "%s", answer.Body)
	require.Equal(t, "picture_changed", answer.Fault(t).Code)
	now, err := b.tasks.Task(t.Context(), b.ada.Owner, b.mine.ID)
	require.NoError(t, err)
	require.Equal(t, newer, now.ImageKey)
	require.Empty(t, now.Predictions)
}
