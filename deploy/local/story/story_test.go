package story

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/jpeg"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheMainJob(t *testing.T) {
	t.Parallel()
	a := start(t, newState(t))

	t.Run("with curl", func(t *testing.T) { photosGetLabels(t, a) })
	t.Run("by two people", func(t *testing.T) { twoPeopleNeverMeet(t, a) })
	t.Run("with wrong input", func(t *testing.T) { wrongInputIsRefused(t, a) })
	t.Run("with faas-cli's requests", func(t *testing.T) { faasCLIWorks(t, a) })
	t.Run("in a browser", func(t *testing.T) {
		story := exec.Command("npx", "--no-install", "playwright", "test")
		story.Dir = filepath.Join(root(t), "webapp")
		story.Env = append(os.Environ(), "SNAPTASK_URL="+a.web)
		out, err := story.CombinedOutput()
		require.NoError(t, err, "%s", out)
		t.Logf("%s", out)
	})
}

// photosGetLabels goes the way of the README: sign in, make a task, attach each photo, read the labels, delete.
func photosGetLabels(t *testing.T, a *application) {
	token := a.signIn(t, "demo")
	for name, first := range map[string][]string{
		"landscape.jpg": {"pier"},
		"coffee.png":    {"espresso"},
		"chelsea.png":   {"tiger cat", "Egyptian cat", "tabby"},
		"rocket.jpg":    {"missile", "projectile"},
	} {
		mine := a.create(t, token, name)
		a.must(t, http.StatusOK, nil, "PUT", "predict-image?id="+mine.ID, token, string(photo(t, name)))
		var got task
		a.must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
		require.Equal(t, "done", got.ImageStatus)
		require.Len(t, got.Labels, 10)
		require.Contains(t, first, got.Labels[0], name)
		for i, p := range got.Predictions {
			require.Equal(t, got.Labels[i], p.Label)
			require.True(t, i == 0 || p.Score <= got.Predictions[i-1].Score, "best first")
		}

		picture := a.must(t, http.StatusOK, nil, "GET", "get-image?id="+mine.ID, token, "")
		require.Equal(t, "image/jpeg", picture.header.Get("Content-Type"))
		_, err := jpeg.Decode(bytes.NewReader(picture.body))
		require.NoError(t, err)

		require.Equal(t, 2, a.stored(t, mine.ID), "the picture and its thumbnail")
		a.must(t, http.StatusOK, nil, "DELETE", "delete-task?id="+mine.ID, token, "")
		a.must(t, http.StatusNotFound, nil, "GET", "get-tasks?id="+mine.ID, token, "")
		require.Zero(t, a.stored(t, mine.ID), "the picture goes with its task")
	}

	mine := a.create(t, token, "cut off")
	broken := a.must(t, http.StatusUnprocessableEntity, nil, "PUT", "predict-image?id="+mine.ID, token, string(photo(t, "skateboard.jpg")))
	require.Contains(t, string(broken.body), "message")
	var got task
	a.must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
	require.False(t, got.Upload)
}

// stored counts a task's objects. The object store keeps each as a file that has its key for a path.
func (a *application) stored(t *testing.T, id string) (count int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(filepath.Join(a.state, "s3"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.Contains(path, id) && strings.HasSuffix(path, ".jpg") {
			count++
		}
		return err
	}))
	return count
}

func twoPeopleNeverMeet(t *testing.T, a *application) {
	ada, eve := a.signIn(t, "ada"), a.signIn(t, "eve")
	mine := a.create(t, ada, "mine")
	a.must(t, http.StatusOK, nil, "PUT", "predict-image?id="+mine.ID, ada, string(photo(t, "rocket.jpg")))

	var hers []task
	a.must(t, http.StatusOK, &hers, "GET", "get-tasks", eve, "")
	require.Empty(t, hers)
	a.must(t, http.StatusNotFound, nil, "GET", "get-tasks?id="+mine.ID, eve, "")
	a.must(t, http.StatusNotFound, nil, "GET", "get-image?id="+mine.ID, eve, "")
	a.must(t, http.StatusNotFound, nil, "PUT", "predict-image?id="+mine.ID, eve, string(photo(t, "rocket.jpg")))
	a.must(t, http.StatusNotFound, nil, "DELETE", "delete-task?id="+mine.ID, eve, "")
	a.must(t, http.StatusOK, nil, "GET", "get-image?id="+mine.ID, ada, "")

	wrong := a.must(t, http.StatusUnauthorized, nil, "POST", "login", "", `{"username": "ada", "password": "wrong-password"}`)
	unknown := a.must(t, http.StatusUnauthorized, nil, "POST", "login", "", `{"username": "nobody", "password": "wrong-password"}`)
	withoutID := func(got answer) string { return strings.ReplaceAll(string(got.body), got.header.Get("X-Call-Id"), "") }
	require.Equal(t, withoutID(wrong), withoutID(unknown))
}

func wrongInputIsRefused(t *testing.T, a *application) {
	token := a.signIn(t, "demo")
	mine := a.create(t, token, "stays as it is")
	big := strings.Repeat("x", 20<<20)
	picture := "predict-image?id=" + mine.ID
	for _, c := range []struct {
		status               int
		method, function, as string
		body                 string
	}{
		{400, "POST", "create-task", token, `{"title": `},
		{400, "POST", "create-task", token, `[]`},
		{400, "POST", "create-task", token, `{"title": "x", "dueDate": "2026-13-01"}`},
		{400, "POST", "login", "", `garbage`},
		{401, "POST", "create-task", "", `{"title": "x", "dueDate": "2026-12-24"}`},
		{401, "GET", "get-tasks", "garbage", ""},
		{404, "GET", "get-secrets", token, ""},
		{405, "GET", "create-task", token, ""},
		{405, "PUT", "login", "", ""},
		{413, "POST", "create-task", token, big},
		{413, "PUT", picture, token, big},
		{415, "PUT", picture, token, "this is a text"},
		{413, "PUT", picture, token, hugePNG()},
		{422, "PUT", picture, token, string(photo(t, "landscape.jpg")[:5000])},
	} {
		got, err := a.call(c.method, c.function, c.as, []byte(c.body))
		require.NoError(t, err, "%s %s", c.method, c.function)
		require.Equal(t, c.status, got.status, "%s %s %.40q: %.300s", c.method, c.function, c.body, got.body)
	}
	var got task
	a.must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
	require.False(t, got.Upload)
}

// hugePNG claims 60,000 x 60,000 pixels and holds none.
func hugePNG() string {
	header := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	b = append(b, header...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
	return string(b) + strings.Repeat("\x00", 100)
}

// faasCLIWorks sends what faas-cli sends for login, list, describe and invoke.
func faasCLIWorks(t *testing.T, a *application) {
	password, err := os.ReadFile(filepath.Join(a.state, "keys", "gateway-password"))
	require.NoError(t, err)
	system := func(path string) *http.Response {
		request, err := http.NewRequest("GET", a.gateway+path, nil)
		require.NoError(t, err)
		request.SetBasicAuth("admin", strings.TrimSpace(string(password)))
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	require.Equal(t, http.StatusOK, system("/system/functions").StatusCode)
	require.Equal(t, http.StatusOK, system("/system/function/get-tasks").StatusCode)
	open, err := http.Get(a.gateway + "/system/functions")
	require.NoError(t, err)
	defer open.Body.Close()
	require.Equal(t, http.StatusUnauthorized, open.StatusCode)

	var all []task
	a.must(t, http.StatusOK, &all, "POST", "get-tasks.openfaas-fn?limit=5", a.signIn(t, "demo"), "")
}
