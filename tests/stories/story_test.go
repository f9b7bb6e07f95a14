package stories

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

func TestTheMainJob(t *testing.T) {
	t.Parallel()
	a := start(t, newState(t))

	t.Run("with curl", func(t *testing.T) { scenario.PhotosGetLabels(t, a.Snaptask, a.stored) })
	t.Run("by two people", func(t *testing.T) { scenario.TwoPeopleNeverMeet(t, a.Snaptask) })
	t.Run("with wrong input", func(t *testing.T) { scenario.WrongInputIsRefused(t, a.Snaptask) })
	t.Run("without permission", func(t *testing.T) { scenario.NothingWithoutPermission(t, a.Snaptask) })
	t.Run("with faas-cli's requests", func(t *testing.T) { faasCLIWorks(t, a) })
	t.Run("in a browser", func(t *testing.T) { inABrowser(t, a) })
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

// faasCLIWorks sends what faas-cli sends for login, list, describe and invoke.
func faasCLIWorks(t *testing.T, a *application) {
	password, err := os.ReadFile(filepath.Join(a.state, "keys", "gateway-password"))
	require.NoError(t, err)
	system := func(path string) *http.Response {
		request, err := http.NewRequest("GET", a.URL+path, nil)
		require.NoError(t, err)
		request.SetBasicAuth("admin", strings.TrimSpace(string(password)))
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	require.Equal(t, http.StatusOK, system("/system/functions").StatusCode)
	require.Equal(t, http.StatusOK, system("/system/function/get-tasks").StatusCode)
	open, err := http.Get(a.URL + "/system/functions")
	require.NoError(t, err)
	defer open.Body.Close()
	require.Equal(t, http.StatusUnauthorized, open.StatusCode)

	scenario.InvokedByPOST(t, a.Snaptask, "get-tasks.openfaas-fn")
}
