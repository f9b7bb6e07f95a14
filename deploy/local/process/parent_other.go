//go:build !linux

package process

import "syscall"

// killWithParent does nothing: only Linux has parent-death signals.
func killWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
