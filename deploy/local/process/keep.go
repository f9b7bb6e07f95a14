package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Keep runs a program that knows nothing of lifelines: it asks the program to end with SIGTERM when ctx does, and waits
// for it. On Linux the program is killed should the keeper itself be. The error is the program's, if any.
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
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	return cmd.Wait()
}

// ExitCode is the code to exit with after err, as a shell counts: 0 for nil, the program's own code, 128 and the signal
// that ended it, else 1.
func ExitCode(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		if err == nil {
			return 0
		}
		return 1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
