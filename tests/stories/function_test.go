package stories

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

// function is a process of a function beside the application's own, on the application's servers, with settings of its
// own. Nobody starts it again.
type function struct {
	url     string
	process *exec.Cmd
	ended   chan struct{}
	output  *bytes.Buffer // to be read after ended
}

// function starts a process of the function of this name. Its settings and secrets are those of the application's own
// process, but for those in settings and for the address of the database, unless that is empty.
func (a *application) function(t *testing.T, name, database string, settings map[string]string) *function {
	t.Helper()
	return a.serve(t, exec.Command(a.process.Path, "function", name), name, database, settings)
}

// serve is function for a program of the caller's choice.
func (a *application) serve(t *testing.T, program *exec.Cmd, name, database string, settings map[string]string) *function {
	t.Helper()
	port := freePort(t)
	f := &function{"http://127.0.0.1:" + port, program, make(chan struct{}), &bytes.Buffer{}}
	f.process.Env = []string{"SECRETS_DIR=" + a.secrets(t, name, database), "PORT=" + port, "METRICS_PORT=" + freePort(t)}
	f.process.Stdout, f.process.Stderr = f.output, f.output
	for _, all := range []map[string]string{a.settings(t, name), settings} { // the last one counts
		for setting, value := range all {
			f.process.Env = append(f.process.Env, setting+"="+value)
		}
	}
	require.NoError(t, f.process.Start())
	go func() {
		f.process.Wait()
		close(f.ended)
	}()
	t.Cleanup(func() {
		f.process.Process.Signal(syscall.SIGTERM)
		select {
		case <-f.ended:
		case <-time.After(20 * time.Second):
			f.process.Process.Kill()
			<-f.ended
		}
		require.Empty(t, scenario.Reveals(f.output.String(), secretsOf(t, a.state)), "the log of %s reveals secrets", name)
		if t.Failed() {
			t.Logf("%s said:\n%s", name, f.output)
		}
	})
	require.Eventually(t, func() bool {
		healthy, err := scenario.Send("GET", f.url+"/_/health", "", nil)
		return err == nil && healthy.Status == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond, "%s is not healthy", name)
	return f
}

// alive says whether the process that was started is still the one that runs.
func (f *function) alive() bool {
	select {
	case <-f.ended:
		return false
	default:
		return true
	}
}

// secrets copies a function's secrets into a folder and has them name another database server.
func (a *application) secrets(t *testing.T, name, database string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	from := filepath.Join(a.state, "secrets", name)
	files, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, file := range files {
		secret, err := os.ReadFile(filepath.Join(from, file.Name()))
		require.NoError(t, err)
		if file.Name() == "mysql-dsn" && database != "" {
			secret = []byte(strings.Replace(string(secret), a.database(t), database, 1))
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, file.Name()), secret, 0o600))
	}
	return folder
}

// database is the address of the application's database server.
func (a *application) database(t *testing.T) string {
	t.Helper()
	dsn, err := os.ReadFile(filepath.Join(a.state, "secrets", "get-tasks", "mysql-dsn"))
	require.NoError(t, err)
	parsed, err := mysql.ParseDSN(strings.TrimSpace(string(dsn)))
	require.NoError(t, err)
	return parsed.Addr
}

// settings are those of the application's process of a function, as faas-cli describe shows them.
func (a *application) settings(t *testing.T, name string) map[string]string {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(a.state, "keys", "gateway-password"))
	require.NoError(t, err)
	request, err := http.NewRequest("GET", a.URL+"/system/function/"+name, nil)
	require.NoError(t, err)
	request.SetBasicAuth("admin", strings.TrimSpace(string(password)))
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var described struct{ EnvVars map[string]string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&described))
	return described.EnvVars
}
