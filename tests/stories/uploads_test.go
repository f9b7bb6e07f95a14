package stories

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

const labelUpload = "label-upload"

// TestPhotosByEvent sends photos to the object store, whose events make the application label them.
func TestPhotosByEvent(t *testing.T) {
	t.Parallel()
	a := application.Start(t, application.NewState(t))
	user := scenario.SignIn(t, client.Client{URL: a.WebURL}, scenario.Demo)

	t.Run("a photo is labelled", func(t *testing.T) {
		task := scenario.CreateTask(t, user, "coffee", "")
		photo := scenario.Photo(t, "coffee.png")
		upload := announce(t, user, task.ID, photo, "image/png")
		require.True(t, upload.Task.Uploading)
		require.NoError(t, user.SendUpload(t.Context(), upload, photo))
		done := settled(t, user, task.ID)
		require.Equal(t, "done", done.ImageStatus)
		require.Equal(t, "espresso", done.Labels[0])
		require.NoError(t, user.SendUpload(t.Context(), upload, photo), "again")
		requireNoUploads(t, a)
		require.Equal(t, done, scenario.Task(t, user, task.ID))
	})
	t.Run("several are labelled", func(t *testing.T) {
		photo := scenario.Photo(t, "rocket.jpg")
		var tasks []client.Task
		var group sync.WaitGroup
		for i := range 12 {
			task := scenario.CreateTask(t, user, fmt.Sprint(i), "")
			tasks = append(tasks, task)
			group.Go(func() {
				upload, err := user.UploadURL(t.Context(), task.ID, len(photo), "image/jpeg")
				if assert.NoError(t, err) {
					assert.NoError(t, user.SendUpload(t.Context(), upload, photo))
				}
			})
		}
		group.Wait()
		for _, task := range tasks {
			require.Equal(t, "missile", settled(t, user, task.ID).Labels[0])
		}
	})
	t.Run("what is no photo is a fault of the task", func(t *testing.T) {
		task := scenario.CreateTask(t, user, "no photo", "")
		require.NoError(t, user.SendUpload(t.Context(), announce(t, user, task.ID, []byte("text"), "image/png"), []byte("text")))
		done := settled(t, user, task.ID)
		requireNoUploads(t, a)
		require.Equal(t, "picture_type", *done.UploadError)
		require.Equal(t, "none", done.ImageStatus)
	})
	t.Run("what was not announced is refused", func(t *testing.T) {
		task := scenario.CreateTask(t, user, "other", "")
		photo := scenario.Photo(t, "coffee.png")
		upload := announce(t, user, task.ID, photo, "image/png")
		refused := func(u client.Upload, photo []byte) {
			t.Helper()
			var failure *client.Error
			require.ErrorAs(t, user.SendUpload(t.Context(), u, photo), &failure)
			// versitygw may reset the connection while the body is sent.
			require.Contains(t, []string{"upload_refused", "outcome_unknown"}, failure.Code)
		}
		refused(upload, photo[1:])
		other := upload
		other.Headers = map[string]string{"Content-Type": "text/html"}
		refused(other, photo)
		other = upload
		other.URL = "/uploads" + upload.URL[len("/uploads"):len(upload.URL)-1] + "0"
		refused(other, photo)
		require.Empty(t, a.Uploads(t))
		require.True(t, scenario.Task(t, user, task.ID).Uploading)
	})
	t.Run("only the object store may send events", func(t *testing.T) {
		event, err := json.Marshal(map[string]any{"Records": []any{}})
		require.NoError(t, err)
		for _, c := range []client.Client{a.Client, {URL: a.URL, Token: user.Token}, {URL: a.URL, Token: "wrong"}} {
			scenario.RequireStatus(t, http.StatusUnauthorized, c, "POST", labelUpload, event)
		}
		for _, path := range []string{"/function/", "/async-function/"} {
			answer, err := client.Send(t.Context(), http.MethodPost, a.WebURL+path+labelUpload, user.Token, event)
			require.NoError(t, err)
			require.Equal(t, http.StatusNotFound, answer.Status)
		}
	})
	t.Run("a photo is labelled after its function was killed", func(t *testing.T) {
		task := scenario.CreateTask(t, user, "killed", "")
		process := a.ProcessOf(t, application.Function+labelUpload)
		require.NoError(t, syscall.Kill(process.ID, syscall.SIGSTOP))
		photo := scenario.Photo(t, "rocket.jpg")
		require.NoError(t, user.SendUpload(t.Context(), announce(t, user, task.ID, photo, "image/jpeg"), photo))
		require.NoError(t, syscall.Kill(process.ID, syscall.SIGKILL))
		a.WaitReady(t)
		sweepUploads(t, a)
		require.Equal(t, "missile", settled(t, user, task.ID).Labels[0])
	})
	t.Run("a photo is labelled whose event found no room in the queue", func(t *testing.T) {
		task := scenario.CreateTask(t, user, "lost", "")
		process := a.ProcessOf(t, application.Function+labelUpload)
		require.NoError(t, syscall.Kill(process.ID, syscall.SIGSTOP))
		fillQueue(t, a)
		photo := scenario.Photo(t, "rocket.jpg")
		require.NoError(t, user.SendUpload(t.Context(), announce(t, user, task.ID, photo, "image/jpeg"), photo))
		require.NoError(t, syscall.Kill(process.ID, syscall.SIGCONT))
		sweepUploads(t, a)
		require.Equal(t, "missile", settled(t, user, task.ID).Labels[0])
	})
	requireNoUploads(t, a)
}

// requireNoUploads waits until the object store has no upload any more: one is deleted after it has become a photo.
func requireNoUploads(t *testing.T, a *application.Application) {
	t.Helper()
	require.Eventually(t, func() bool { return len(a.Uploads(t)) == 0 }, recovery, 10*time.Millisecond)
}

// TestPhotosByEventWithoutTheWebServer sends a photo as a browser does when OBJECTS_PUBLIC_URL is set.
func TestPhotosByEventWithoutTheWebServer(t *testing.T) {
	t.Parallel()
	number := application.FreePort(t)
	store := "http://127.0.0.1:" + number
	a := application.Start(t, application.NewState(t), "S3_PORT="+number, "OBJECTS_PUBLIC_URL="+store)
	user := scenario.SignIn(t, client.Client{URL: a.WebURL}, scenario.Demo)
	task := scenario.CreateTask(t, user, "coffee", "")
	photo := scenario.Photo(t, "coffee.png")
	upload := announce(t, user, task.ID, photo, "image/png")
	require.True(t, strings.HasPrefix(upload.URL, store+"/snaptask/uploads/"), upload.URL)

	send := func(method string, header http.Header) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), method, upload.URL, bytes.NewReader(photo))
		require.NoError(t, err)
		request.Header = header
		request.Header.Set("Origin", a.WebURL)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Contains(t, []string{"*", a.WebURL}, response.Header.Get("Access-Control-Allow-Origin"), method)
		return response
	}
	header := http.Header{}
	var names []string
	for name, value := range upload.Headers {
		header.Set(name, value)
		names = append(names, strings.ToLower(name))
	}
	preflight := send(http.MethodOptions, http.Header{
		"Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {strings.Join(names, ",")},
	})
	require.Contains(t, preflight.Header.Get("Access-Control-Allow-Methods"), "PUT")
	for _, name := range names {
		require.Contains(t, strings.ToLower(preflight.Header.Get("Access-Control-Allow-Headers")), name)
	}
	require.Equal(t, http.StatusOK, send(http.MethodPut, header).StatusCode)
	require.Equal(t, "espresso", settled(t, user, task.ID).Labels[0])

	page, err := http.Get(a.WebURL)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "connect-src 'self' "+store+"/;")
}

// sweepUploads runs a sweep for which the events of all uploads in the object store count as lost, as they do after a minute.
func sweepUploads(t *testing.T, a *application.Application) {
	t.Helper()
	earlier := time.Now().Add(-5 * time.Minute)
	for _, path := range a.Uploads(t) {
		if err := os.Chtimes(path, earlier, earlier); err != nil {
			require.ErrorIs(t, err, fs.ErrNotExist, "its event was not lost")
		}
	}
	output, err := a.Housekeeping(t.Context(), nil, "sweep")
	require.NoError(t, err, output)
}

// announce announces a photo for a task.
func announce(t *testing.T, user client.Client, id string, photo []byte, contentType string) client.Upload {
	t.Helper()
	upload, err := user.UploadURL(t.Context(), id, len(photo), contentType)
	require.NoError(t, err)
	return upload
}

// settled returns the task once it awaits no upload any more.
func settled(t *testing.T, user client.Client, id string) (task client.Task) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		task, err = user.Task(t.Context(), id)
		return err == nil && !task.Uploading
	}, application.Recovery, 10*time.Millisecond, "still awaits its upload")
	return task
}

// fillQueue fills the gateway's queue of asynchronous calls, with calls that label-upload will refuse.
func fillQueue(t *testing.T, a *application.Application) {
	t.Helper()
	for _, size := range []int{250_000, 1_000, 1} { // until not even an event fits
		require.Eventually(t, func() bool {
			answer, err := client.Send(t.Context(), http.MethodPost, a.URL+"/async-function/"+labelUpload, "", bytes.Repeat([]byte("x"), size))
			require.NoError(t, err)
			return answer.Status == http.StatusServiceUnavailable
		}, time.Minute, time.Millisecond)
	}
}
