//go:build linux

package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCPUCountsDescendants(t *testing.T) {
	t.Parallel()
	// The child's child works, the child only waits.
	cmd := exec.Command("/bin/sh", "-c", "sh -c 'while :; do :; done' & wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	require.Eventually(t, func() bool {
		used, err := cpu(cmd.Process.Pid)
		require.NoError(t, err)
		return used >= 50*time.Millisecond
	}, 20*time.Second, 10*time.Millisecond)
	require.Len(t, family(cmd.Process.Pid), 2)
}

func TestMemoryOfThisProcess(t *testing.T) {
	t.Parallel()
	held, err := memoryOf(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, held.RSS, int64(1<<20))
	require.LessOrEqual(t, held.PSS, held.RSS)
	most, err := peak(os.Getpid())
	require.NoError(t, err)
	require.GreaterOrEqual(t, most, held.RSS/2)
	_, err = memoryOf(1 << 30)
	require.Error(t, err)
}
