package process

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// attendPatience is how long an attended command may take to end when asked.
const attendPatience = 10 * time.Second

// Attend runs a command on this process's own streams. When ctx ends, and on Linux when this process does, the command gets
// SIGTERM. The error is an Exit, or says why
// it can't be started.
func Attend(ctx context.Context, env []string, name string, args ...string) error {
	runtime.LockOSThread() // see Keep
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = endWithParent(syscall.SIGTERM)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = attendPatience
	return exitOf(cmd.Run())
}
