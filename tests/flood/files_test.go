package flood

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// raiseOpenFiles lets this process open as many files as the system allows, and skips the test if these are too few, or if the
// system does not tell how much memory a process has.
func raiseOpenFiles(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("needs /proc/PID/status of Linux")
	}
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	limit.Cur = limit.Max
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Max < uint64(*connections)+200 {
		t.Skipf("this system allows only %d open files", limit.Max)
	}
}
