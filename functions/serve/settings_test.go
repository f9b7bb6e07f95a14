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

// setenv sets these variables and empties the others.
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

func TestAllSettingsOutOfRangeAreReportedTogether(t *testing.T) {
	wrong := map[string]string{
		"PORT": "-1", "METRICS_PORT": "8081 ", "BODY_LIMIT": "0", "MAX_INFLIGHT": "0", "READ_TIMEOUT": "0s", "WRITE_TIMEOUT": "0s",
		"EXEC_TIMEOUT": "-1s", "SHUTDOWN_DELAY": "-1s", "CONNECTION_AGE": "0s",
	}
	setenv(t, wrong)
	_, err := SettingsFromEnv()
	for name := range wrong {
		require.ErrorContains(t, err, name+": must be")
	}
	require.ErrorContains(t, listenAndServe(t.Context(), t.Name(), echo), "EXEC_TIMEOUT: ", "and nothing is served")
}

func TestPortInUseIsNamed(t *testing.T) {
	taken := start(t, bounds(), echo)
	_, port, err := net.SplitHostPort(taken.address)
	require.NoError(t, err)
	for _, name := range []string{"PORT", "METRICS_PORT"} {
		setenv(t, map[string]string{"PORT": "0", "METRICS_PORT": "0", name: port})
		require.ErrorContains(t, listenAndServe(t.Context(), t.Name(), echo), name+": ")
	}
}
