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

// parentMode has the test binary be a parent that starts a child and waits to be killed.
const parentMode = "PROCESS_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentMode) == "" {
		os.Exit(m.Run())
	}
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(ExitCode(serveInherited()))
	}
	if len(os.Args) > 1 && os.Args[1] == "keep" {
		ctx, cancel := Lifetime()
		defer cancel()
		os.Exit(ExitCode(Keep(ctx, os.Args[2], os.Args[3:]...)))
	}
	log, err := NewLog(filepath.Join(os.Getenv(parentMode), "log"))
	if err != nil {
		panic(err)
	}
	// The child tells its process id and then ignores its input, as a server that knows nothing of lifelines.
	child := Start(Spec{
		Name: "sleeper", Path: os.Args[0], Args: []string{"keep", "sh", "-c", "echo $$ >&2; exec sleep 60"},
		Env: os.Environ(), Log: log, Check: func(context.Context) error { return nil },
	}, func(string) {})
	for {
		if lines, _ := child.Log().After(0); len(lines) > 0 {
			os.Stdout.WriteString(lines[0].Text + "\n")
			time.Sleep(time.Minute)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// events collects what a child reports.
type events struct {
	mu   sync.Mutex
	said []string
}

func (e *events) add(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said = append(e.said, text)
}

func (e *events) all() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.said, "\n")
}

// shell is a child that runs a script, and works as soon as it has printed "ready".
func shell(t *testing.T, script string) (Spec, *events) {
	t.Helper()
	log, err := NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	return Spec{
		Name: "child", Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ(), Log: log, Patience: 5 * time.Second,
		Check: func(context.Context) error {
			if strings.Contains(log.Tail(keptLines), "ready") {
				return nil
			}
			return errors.New("not ready")
		},
	}, &events{}
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// ended says whether the process is gone, or a zombie that the machine's init has not collected yet.
func ended(pid int) bool {
	if gone(pid) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestChildThatDiesIsStartedAgainWithinThreeSeconds(t *testing.T) {
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
	require.Contains(t, reports.all(), "child ended by itself (signal: killed); starting it again")
	require.Eventually(t, func() bool { return strings.Contains(reports.all(), "child works again") }, 3*time.Second, 5*time.Millisecond)
}

func TestChildThatNeverWorksIsGivenUpWithItsLastWords(t *testing.T) {
	t.Parallel()
	spec, reports := shell(t, "echo no such configuration; exit 3")
	child := Start(spec, reports.add)
	defer child.Stop()
	err := child.Wait(t.Context())
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "no such configuration")
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	spec, reports := shell(t, "cat")
	child := Start(spec, reports.add)
	defer child.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, child.Wait(ctx), "child does not work yet")
}

func TestStop(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		killed bool
	}{
		"ends when asked":            {"trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done", false},
		"is killed when it won't":    {"trap '' TERM; echo ready; while :; do sleep 0.01; done", true},
		"takes its children with it": {"trap '' TERM; sleep 60 & echo ready; wait", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec, reports := shell(t, test.script)
			spec.Patience = 300 * time.Millisecond
			child := Start(spec, reports.add)
			require.NoError(t, child.Wait(t.Context()))
			pid := child.PID()
			child.Stop()
			child.Stop() // once more changes nothing
			require.True(t, gone(pid))
			require.Zero(t, child.PID())
			require.Error(t, child.Check(t.Context()))
			require.Equal(t, test.killed, strings.Contains(reports.all(), "killing it"))
		})
	}
}

func TestChildInheritsListenersAndALifeline(t *testing.T) {
	t.Parallel()
	spec, reports := shell(t, `echo "$LISTEN_FDS $EXIT_ON_STDIN_EOF"; cat <&3; echo ready; cat`)
	file, err := os.Create(filepath.Join(t.TempDir(), "inherited"))
	require.NoError(t, err)
	spec.Files = []*os.File{file}
	child := Start(spec, reports.add)
	defer child.Stop()
	require.NoError(t, child.Wait(t.Context()))
	require.Contains(t, spec.Log.Tail(10), "1 1\n")
}

func TestEverythingEndsWhenTheParentIsKilled(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentMode+"="+t.TempDir())
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

func TestKeepAsksAProgramThatMissedItsSignalAgain(t *testing.T) {
	t.Parallel()
	marker := filepath.Join(t.TempDir(), "deaf")
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
	script := "trap '' TERM; touch " + marker + "; sleep 0.5; trap 'exit 3' TERM; while :; do sleep 0.01; done"
	require.Equal(t, Exit(3), Keep(ctx, "/bin/sh", "-c", script))
}

func TestAttendGivesTheCommandsCode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		code   int
	}{
		"success":         {"exit 0", 0},
		"its own code":    {"exit 7", 7},
		"ended by signal": {"kill -9 $$", 137},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.code, ExitCode(Attend(t.Context(), os.Environ(), "/bin/sh", "-c", test.script)))
		})
	}
	require.Equal(t, 1, ExitCode(errors.New("anything else")))
}
