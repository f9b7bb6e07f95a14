package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// askAgain is the time between two SIGTERMs: a server that has just been started may miss the first.
const askAgain = time.Second

// Exit is how a kept or attended program ended, if not with code 0: a code as a shell counts, so 128 and the signal's
// number after a signal.
type Exit int

func (e Exit) Error() string { return "exit status " + strconv.Itoa(int(e)) }

// exitOf turns what exec says of an end into an Exit.
func exitOf(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return Exit(128 + int(status.Signal()))
	}
	return Exit(exit.ExitCode())
}

// ExitCode is the code to exit with after err: 0 for nil, an Exit's own, else 1.
func ExitCode(err error) int {
	var exit Exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	default:
		return 1
	}
}

// Keep runs a program that knows nothing of lifelines: it asks the program to end with SIGTERM when ctx does, and waits
// for it. On Linux the program is killed should the keeper itself be. The error is an Exit, or says why it can't be started.
func Keep(ctx context.Context, path string, args ...string) error {
	// The kernel ties the program's life to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = endWithParent(syscall.SIGKILL)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return exitOf(err)
	case <-ctx.Done():
	}
	for {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			return exitOf(err)
		case <-time.After(askAgain):
		}
	}
}
