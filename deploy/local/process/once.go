package process

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"syscall"
)

// Once runs a child that ends when it has done its work, and with this process at the latest. When ctx ends it is asked
// to end, and killed when it takes longer than its patience. Files and Check of spec do not matter. The error is an Exit,
// or says why it can't be started.
func Once(ctx context.Context, spec Spec) error {
	lifeline, hold, err := os.Pipe()
	if err != nil {
		return err
	}
	defer lifeline.Close()
	defer hold.Close()
	cmd := exec.CommandContext(ctx, spec.Path, spec.Args...)
	cmd.Env = append(slices.Clone(spec.Env), exitOnEOF+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = lifeline, spec.Log, spec.Log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // see Child
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = spec.Patience
	return exitOf(cmd.Run())
}
