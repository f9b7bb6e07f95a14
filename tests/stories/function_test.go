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

	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// function is an additional process of a function, with settings of its own. It is not restarted.
type function struct {
	url     string
	process *exec.Cmd
	ended   chan struct{}
	output  bytes.Buffer // complete after ended
}

// startFunction runs program as a function of a and waits until it is healthy. Its secrets and settings are those of the
// application's own process, except for those in settings and, unless it is empty, the address of the database.
func startFunction(t *testing.T, a *application.Application, program *exec.Cmd, name, database string, settings map[string]string) *function {
	t.Helper()
	port, metrics := application.FreePort(t), application.FreePort(t)
	f := &function{url: "http://127.0.0.1:" + port, process: program, ended: make(chan struct{})}
	program.Env = []string{"SECRETS_DIR=" + copySecrets(t, a, name, database), "PORT=" + port, "METRICS_PORT=" + metrics}
	program.Stdout, program.Stderr = &f.output, &f.output
	for _, all := range []map[string]string{environment(t, a, name), settings} { // the last one wins
		for setting, value := range all {
			program.Env = append(program.Env, setting+"="+value)
		}
	}
	require.NoError(t, program.Start())
	go func() {
		_ = program.Wait()
		close(f.ended)
	}()
	t.Cleanup(func() {
		_ = program.Process.Signal(syscall.SIGTERM)
		killing := time.AfterFunc(20*time.Second, func() { _ = program.Process.Kill() })
		defer killing.Stop()
		<-f.ended
		require.True(t, program.ProcessState.Success(), "%s does not end on SIGTERM", name)
		require.Contains(t, f.output.String(), "draining")
		require.Empty(t, scenario.Reveals(f.output.String(), a.Secrets(t)), "the log of %s reveals secrets", name)
		if t.Failed() {
			t.Logf("output of %s:\n%s", name, &f.output)
		}
	})
	isOK := func(url string) bool {
		answer, err := client.Send(t.Context(), "GET", url, "", nil)
		return err == nil && answer.Status == http.StatusOK
	}
	require.Eventually(t, func() bool { return isOK(f.url + "/_/health") }, 20*time.Second, 20*time.Millisecond, "%s is not healthy", name)
	require.True(t, isOK("http://127.0.0.1:"+metrics+"/metrics"))
	return f
}

// running reports whether the process is still running.
func (f *function) running() bool {
	select {
	case <-f.ended:
		return false
	default:
		return true
	}
}

// copySecrets copies a function's secrets into a folder and replaces the address of the database unless database is empty.
func copySecrets(t *testing.T, a *application.Application, name, database string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(filepath.Join(a.State, "secrets", name))))
	if database != "" {
		files, err := filepath.Glob(filepath.Join(folder, "mysql-dsn*"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		dsn, err := os.ReadFile(files[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(files[0], []byte(strings.Replace(string(dsn), databaseOf(t, a), database, 1)), 0o600))
	}
	return folder
}

// databaseOf returns the address of the application's database server.
func databaseOf(t *testing.T, a *application.Application) string {
	t.Helper()
	dsn, err := mysql.ParseDSN(a.DSN(t))
	require.NoError(t, err)
	return dsn.Addr
}

// environment returns the settings of the application's own process of a function, as `faas-cli describe` shows them.
func environment(t *testing.T, a *application.Application, name string) map[string]string {
	t.Helper()
	var described struct{ EnvVars map[string]string }
	require.NoError(t, json.NewDecoder(system(t, a, "/system/function/"+name, a.GatewayPassword(t)).Body).Decode(&described))
	return described.EnvVars
}
