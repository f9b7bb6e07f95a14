// Package stories runs the whole application as `make run` does and uses it as people do: with curl's requests, in a browser, and
// while parts of it fail.
package stories

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/scenario"
)

func TestWholeApplication(t *testing.T) {
	t.Parallel()
	a := application.Start(t, application.NewState(t))

	t.Run("photos get labels", func(t *testing.T) { scenario.PhotosGetLabels(t, a.Client, a.Objects) })
	t.Run("users are separate", func(t *testing.T) { scenario.UsersAreSeparate(t, a.Client) })
	t.Run("sessions are required", func(t *testing.T) { scenario.SessionsAreRequired(t, a.Client) })
	t.Run("wrong input is refused", func(t *testing.T) { scenario.WrongInputIsRefused(t, a.Client) })
	t.Run("faas-cli's requests", func(t *testing.T) { acceptsFaasCLI(t, a) })
	t.Run("in a browser", func(t *testing.T) { inBrowser(t, a) })
	t.Run("every metric is exported", func(t *testing.T) { everyMetricIsExported(t, a) }) // last: some only after a request
}

// acceptsFaasCLI sends the requests of faas-cli's login, list, describe and invoke.
func acceptsFaasCLI(t *testing.T, a *application.Application) {
	for _, path := range []string{"/system/functions", "/system/function/get-tasks"} {
		for password, status := range map[string]int{a.GatewayPassword(t): http.StatusOK, "wrong-password": http.StatusUnauthorized} {
			response := system(t, a, path, password)
			require.Equal(t, status, response.StatusCode)
		}
	}
	scenario.ReadsByPOST(t, a.Client, "get-tasks.openfaas-fn")
}

// system calls the gateway's own API.
func system(t *testing.T, a *application.Application, path, password string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+path, nil)
	require.NoError(t, err)
	request.SetBasicAuth("admin", password)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// inBrowser runs webapp/e2e. Its tests can request signals to the application's processes; the application restarts killed ones.
func inBrowser(t *testing.T, a *application.Application) {
	signals := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		command := regexp.MustCompile(r.FormValue("process"))
		for _, p := range a.Processes(t) {
			if !command.MatchString(p.Command) {
				continue
			}
			if err := exec.Command("kill", "-"+r.FormValue("signal"), strconv.Itoa(p.ID)).Run(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			return
		}
		http.Error(w, "no such process", http.StatusNotFound)
	}))
	defer signals.Close()

	playwright := exec.Command("npx", "--no-install", "playwright", "test")
	playwright.Dir = filepath.Join(scenario.Root(t), "webapp")
	playwright.Env = append(os.Environ(), "SNAPTASK_URL="+a.WebURL, "SNAPTASK_SIGNALS="+signals.URL)
	out, err := playwright.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}
