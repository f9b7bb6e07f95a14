package stories

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

// inABrowser tells the stories of webapp/e2e. They may send signals to processes of the application, to see what people
// then see; the runner starts again what is killed.
func inABrowser(t *testing.T, a *application) {
	signals := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if err := a.signalChild(query.Get("process"), query.Get("signal")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	defer signals.Close()

	story := exec.Command("npx", "--no-install", "playwright", "test")
	story.Dir = filepath.Join(scenario.Root(t), "webapp")
	story.Env = append(os.Environ(), "SNAPTASK_URL="+a.web, "SNAPTASK_SIGNALS="+signals.URL)
	out, err := story.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// signalChild sends a signal to the runner's child whose command line has these words.
func (a *application) signalChild(words, signal string) error {
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(a.process.Process.Pid), "-f", words).Output()
	if err != nil {
		return err
	}
	return exec.Command("kill", append([]string{"-" + signal}, strings.Fields(string(out))...)...).Run()
}
