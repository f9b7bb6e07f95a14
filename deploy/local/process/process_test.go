package process

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// modeVariable makes the test binary run another program than the tests.
const modeVariable = "PROCESS_TEST_MODE"

func TestMain(m *testing.M) {
	switch os.Getenv(modeVariable) {
	case "":
		os.Exit(m.Run())
	case "server":
		os.Exit(ExitCode(serveInherited()))
	case "wrap":
		ctx, cancel := Lifetime()
		defer cancel()
		os.Exit(ExitCode(Foreground(ctx, os.Environ(), os.Args[1], os.Args[2:]...)))
	case "parent":
		runParent(os.Args[1])
	}
}

// runParent prints the process ID of a wrapped program that ignores its input, then waits to be killed.
func runParent(folder string) {
	log, err := NewLog(filepath.Join(folder, "log"))
	if err != nil {
		panic(err)
	}
	child := Start(Spec{
		Name: "sleeper", Path: os.Args[0], Args: []string{"sh", "-c", "echo $$ >&2; exec sleep 60"},
		Env: append(os.Environ(), modeVariable+"=wrap"), Log: log, Check: func(context.Context) error { return nil },
	}, func(string) {})
	for {
		if lines, _ := child.Log().After(0); len(lines) > 0 {
			os.Stdout.WriteString(lines[0].Text + "\n")
			time.Sleep(time.Minute)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// events are what a child reports.
type events struct {
	mu   sync.Mutex
	text strings.Builder
}

func (e *events) add(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text.WriteString(text + "\n")
}

func (e *events) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.String()
}

// shell returns a child that runs a script and is ready once the script has printed "ready".
func shell(t *testing.T, script string) (Spec, *events) {
	t.Helper()
	log, err := NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	return Spec{
		Name: "child", Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ(), Log: log, StopTimeout: 5 * time.Second,
		Check: func(context.Context) error {
			if strings.Contains(log.Tail(keptLines), "ready") {
				return nil
			}
			return errors.New("no such line")
		},
	}, &events{}
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// ended reports whether the process has ended; it may be a zombie that init has not reaped yet.
func ended(pid int) bool {
	if gone(pid) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestExitedChildIsRestartedWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	spec, reports := shell(t, "echo ready; cat")
	child := Start(spec, reports.add)
	defer child.Stop()
	require.NoError(t, child.Wait(t.Context()))

	for range 3 {
		before := child.PID()
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		require.Eventually(t, func() bool { pid := child.PID(); return pid != 0 && pid != before }, 3*time.Second, 5*time.Millisecond)
	}
	require.Contains(t, reports.all(), "child exited (signal: killed); restarting it")
	require.Eventually(t, func() bool { return strings.Contains(reports.all(), "child is ready again") }, 3*time.Second, 5*time.Millisecond)
}

func TestWaitFailsWhenTheChildKeepsExiting(t *testing.T) {
	t.Parallel()
	spec, reports := shell(t, "echo no such configuration; exit 3")
	child := Start(spec, reports.add)
	defer child.Stop()
	err := child.Wait(t.Context())
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no such configuration")
}

func TestWaitFailsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	spec, reports := shell(t, "cat")
	child := Start(spec, reports.add)
	defer child.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, child.Wait(ctx), "child is not ready")
}

func TestRestartReplacesTheProcess(t *testing.T) {
	t.Parallel()
	spec, reports := shell(t, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done")
	child := Start(spec, reports.add)
	defer child.Stop()
	require.NoError(t, child.Wait(t.Context()))
	for range startAttempts + 1 {
		before := child.PID()
		child.Restart()
		require.Eventually(t, func() bool { pid := child.PID(); return pid != 0 && pid != before }, 3*time.Second, time.Millisecond)
		require.True(t, gone(before))
	}
	require.NoError(t, child.Wait(t.Context()), "a restart is not a failure")
	require.NotContains(t, reports.all(), "exited")
}

func TestStop(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		killed bool
	}{
		"ends on SIGTERM":            {"trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done", false},
		"is killed if it does not":   {"trap '' TERM; echo ready; while :; do sleep 0.01; done", true},
		"takes its children with it": {"trap '' TERM; sleep 60 & echo $!; echo ready; wait", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec, reports := shell(t, test.script)
			spec.StopTimeout = 300 * time.Millisecond
			child := Start(spec, reports.add)
			require.NoError(t, child.Wait(t.Context()))
			pid := child.PID()
			child.Stop()
			child.Stop() // changes nothing
			require.True(t, gone(pid))
			lines, _ := spec.Log.After(0)
			if grandchild, err := strconv.Atoi(lines[0].Text); err == nil {
				require.Eventually(t, func() bool { return ended(grandchild) }, time.Second, time.Millisecond)
			}
			require.Zero(t, child.PID())
			require.Error(t, child.Check(t.Context()))
			require.Equal(t, test.killed, strings.Contains(reports.all(), "was killed"))
		})
	}
}

func TestEverythingEndsWhenTheParentIsKilled(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0], t.TempDir())
	parent.Env = append(os.Environ(), modeVariable+"=parent")
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	sleeper, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.False(t, ended(sleeper))

	require.NoError(t, parent.Process.Kill())
	_, _ = io.Copy(io.Discard, out)
	_ = parent.Wait()
	require.Eventually(t, func() bool { return ended(sleeper) }, 5*time.Second, 10*time.Millisecond)
}

func TestRunReturnsTheExitCode(t *testing.T) {
	t.Parallel()
	spec, _ := shell(t, "echo said >&2; exit 3")
	require.Equal(t, Exit(3), Run(t.Context(), spec))
	require.Contains(t, spec.Log.Tail(1), "said")
	spec, _ = shell(t, "exit 0")
	require.NoError(t, Run(t.Context(), spec))
	spec.Path = "/no/such/program"
	require.Error(t, Run(t.Context(), spec))
}

func TestRunStopsTheChildWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	spec, _ := shell(t, "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, spec) }()
	require.Eventually(t, func() bool { return spec.Check(ctx) == nil }, 10*time.Second, 10*time.Millisecond)
	cancel()
	<-ended
	require.Contains(t, spec.Log.Tail(1), "asked")
}

func TestForegroundRepeatsAMissedSignal(t *testing.T) {
	t.Parallel()
	marker := filepath.Join(t.TempDir(), "ignores SIGTERM")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if _, err := os.Stat(marker); err == nil {
				cancel()
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	script := "trap '' TERM; touch '" + marker + "'; sleep 0.5; trap 'exit 3' TERM; while :; do sleep 0.01; done"
	require.Equal(t, Exit(3), Foreground(ctx, os.Environ(), "/bin/sh", "-c", script))
}

func TestForegroundReturnsTheExitCode(t *testing.T) {
	t.Parallel()
	for script, code := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 137} {
		require.Equal(t, code, ExitCode(Foreground(t.Context(), os.Environ(), "/bin/sh", "-c", script)), script)
	}
	require.Equal(t, 1, ExitCode(errors.New("anything else")))
}
