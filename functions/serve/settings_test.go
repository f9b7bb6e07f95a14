package serve

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var variables = []string{
	"PORT", "METRICS_PORT", "BODY_LIMIT", "MAX_INFLIGHT", "READ_TIMEOUT", "WRITE_TIMEOUT", "EXEC_TIMEOUT", "SHUTDOWN_DELAY",
	"CONNECTION_AGE",
}

// setenv sets these variables and empties the others. It forbids t.Parallel.
func setenv(t *testing.T, settings map[string]string) {
	t.Helper()
	for _, name := range variables {
		t.Setenv(name, settings[name])
	}
}

func TestSettingsHaveDefaults(t *testing.T) {
	setenv(t, nil)
	s, err := SettingsFromEnv()
	require.NoError(t, err)
	require.Equal(t, Settings{
		Port: 8080, MetricsPort: 8081, BodyLimit: 256 << 10, MaxInflight: 64,
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, ExecTimeout: 10 * time.Second, ShutdownDelay: 0,
		ConnectionAge: 10 * time.Second,
	}, s)
}

func TestSettingsAreRead(t *testing.T) {
	setenv(t, map[string]string{
		"PORT": "0", "METRICS_PORT": "9", "BODY_LIMIT": "16777216", "MAX_INFLIGHT": "1", "READ_TIMEOUT": "500ms", "WRITE_TIMEOUT": "1m",
		"EXEC_TIMEOUT": "45s", "SHUTDOWN_DELAY": "5s", "CONNECTION_AGE": "1m",
	})
	s, err := SettingsFromEnv()
	require.NoError(t, err)
	require.Equal(t, Settings{
		Port: 0, MetricsPort: 9, BodyLimit: 16 << 20, MaxInflight: 1,
		ReadTimeout: 500 * time.Millisecond, WriteTimeout: time.Minute, ExecTimeout: 45 * time.Second, ShutdownDelay: 5 * time.Second,
		ConnectionAge: time.Minute,
	}, s)
}

func TestEachWrongSettingIsNamed(t *testing.T) {
	for _, c := range []struct{ name, value, problem string }{
		{"PORT", "http", "must be a whole number from 0"},
		{"PORT", "-1", "must be a whole number from 0"},
		{"METRICS_PORT", "8081 ", "must be a whole number from 0"},
		{"BODY_LIMIT", "16MiB", "must be a whole number from 1"},
		{"BODY_LIMIT", "0", "must be a whole number from 1"},
		{"MAX_INFLIGHT", "0", "must be a whole number from 1"},
		{"MAX_INFLIGHT", "99999999999999999999", "must be a whole number from 1"},
		{"READ_TIMEOUT", "10", "must be a duration"},
		{"READ_TIMEOUT", "0s", "must be a duration"},
		{"WRITE_TIMEOUT", "0s", "must be a duration"},
		{"EXEC_TIMEOUT", "0s", "must be a duration"},
		{"EXEC_TIMEOUT", "-1s", "must be a duration"},
		{"SHUTDOWN_DELAY", "-1s", "must be a duration"},
		{"CONNECTION_AGE", "0s", "must be a duration"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			setenv(t, map[string]string{c.name: c.value})
			_, err := SettingsFromEnv()
			require.ErrorContains(t, err, c.name+": "+c.problem)
		})
	}
}

func TestAllWrongSettingsAreNamedAtOnce(t *testing.T) {
	wrong := map[string]string{}
	for _, name := range variables {
		wrong[name] = "x"
	}
	setenv(t, wrong)
	_, err := SettingsFromEnv()
	for _, name := range variables {
		require.ErrorContains(t, err, name+": ")
	}
	require.ErrorContains(t, listenAndServe(t.Context(), t.Name(), echo), "EXEC_TIMEOUT: ", "and nothing is served")
}

func TestATakenPortIsNamed(t *testing.T) {
	taken := start(t, bounds(), echo)
	_, port, err := net.SplitHostPort(taken.address)
	require.NoError(t, err)
	for _, name := range []string{"PORT", "METRICS_PORT"} {
		setenv(t, map[string]string{"PORT": "0", "METRICS_PORT": "0", name: port})
		require.ErrorContains(t, listenAndServe(t.Context(), t.Name(), echo), name+": ")
	}
}
