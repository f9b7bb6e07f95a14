package serve

import (
	"math"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var variables = []string{
	"PORT", "METRICS_PORT", "BODY_LIMIT", "MAX_INFLIGHT", "READ_TIMEOUT", "WRITE_TIMEOUT", "EXEC_TIMEOUT", "SHUTDOWN_DELAY",
	"CONNECTION_AGE", "MAX_CONNECTIONS", "BODY_BUDGET", "USER_INFLIGHT", "QUEUE_TIME",
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
		Port: 8080, MetricsPort: 8081, MaxConnections: 1024,
		BodyLimit: 256 << 10, BodyBudget: 64 * (256<<10 + 1), MaxInflight: 64, UserInflight: 16, QueueTime: 5 * time.Second,
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, ExecTimeout: 10 * time.Second, ShutdownDelay: 0,
		ConnectionAge: 10 * time.Second,
	}, s)
}

func TestSettingsAreRead(t *testing.T) {
	setenv(t, map[string]string{
		"PORT": "0", "METRICS_PORT": "9", "BODY_LIMIT": "16777216", "MAX_INFLIGHT": "1", "READ_TIMEOUT": "500ms", "WRITE_TIMEOUT": "1m",
		"EXEC_TIMEOUT": "45s", "SHUTDOWN_DELAY": "5s", "CONNECTION_AGE": "1m",
		"MAX_CONNECTIONS": "300", "BODY_BUDGET": "33554432", "USER_INFLIGHT": "2", "QUEUE_TIME": "10s",
	})
	s, err := SettingsFromEnv()
	require.NoError(t, err)
	require.Equal(t, Settings{
		Port: 0, MetricsPort: 9, MaxConnections: 300,
		BodyLimit: 16 << 20, BodyBudget: 32 << 20, MaxInflight: 1, UserInflight: 2, QueueTime: 10 * time.Second,
		ReadTimeout: 500 * time.Millisecond, WriteTimeout: time.Minute, ExecTimeout: 45 * time.Second, ShutdownDelay: 5 * time.Second,
		ConnectionAge: time.Minute,
	}, s)
}

func TestAllSettingsOutOfRangeAreReportedTogether(t *testing.T) {
	wrong := map[string]string{
		"PORT": "-1", "METRICS_PORT": "8081 ", "BODY_LIMIT": "0", "MAX_INFLIGHT": "0", "READ_TIMEOUT": "0s", "WRITE_TIMEOUT": "0s",
		"EXEC_TIMEOUT": "-1s", "SHUTDOWN_DELAY": "-1s", "CONNECTION_AGE": "0s",
		"MAX_CONNECTIONS": "-1", "BODY_BUDGET": "0", "USER_INFLIGHT": "0", "QUEUE_TIME": "-1s",
	}
	setenv(t, wrong)
	_, err := SettingsFromEnv()
	for name := range wrong {
		require.ErrorContains(t, err, name+": must be")
	}
	require.ErrorContains(t, listenAndServe(t.Context(), t.Name(), Function{Handle: echo}), "EXEC_TIMEOUT: ", "and nothing is served")
}

func TestPortInUseIsNamed(t *testing.T) {
	taken := start(t, bounds(), echo)
	_, port, err := net.SplitHostPort(taken.address)
	require.NoError(t, err)
	for _, name := range []string{"PORT", "METRICS_PORT"} {
		setenv(t, map[string]string{"PORT": "0", "METRICS_PORT": "0", name: port})
		require.ErrorContains(t, listenAndServe(t.Context(), t.Name(), Function{Handle: echo}), name+": ")
	}
}

func TestConnectionsFitIntoAThirdOfTheMemory(t *testing.T) {
	t.Parallel()
	for memory, want := range map[int64]int{math.MaxInt64: 1024, 700 << 20: 1024, 56 << 20: 597, 8 << 20: 256} {
		require.Equal(t, want, connectionsWithin(memory))
	}
}
