//go:build !linux

package process

import "syscall"

// endWithParent does nothing here: only Linux has such a signal.
func endWithParent(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
