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

const (
	repeatSignal      = time.Second // between two SIGTERMs: a server that is starting may miss the first
	foregroundTimeout = 30 * time.Second
)

// Exit is the nonzero exit code of a program, in the convention of shells: 128 + N after signal N.
type Exit int

func (e Exit) Error() string { return "exit status " + strconv.Itoa(int(e)) }

// exitOf turns an exec.ExitError into an Exit.
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

// ExitCode returns the code to exit with after err: 0 for nil, an Exit's own, else 1.
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

// Foreground runs a program that does not know the protocol on this process's streams. When ctx ends, it sends SIGTERM until
// the program has ended. On Linux the program is killed if this process is. The error is an Exit, or the reason why the program
// can't start.
func Foreground(ctx context.Context, env []string, path string, args ...string) error {
	// The kernel kills the program when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, args...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = killWithParent()
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
	kill := time.AfterFunc(foregroundTimeout, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	for {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			return exitOf(err)
		case <-time.After(repeatSignal):
		}
	}
}
