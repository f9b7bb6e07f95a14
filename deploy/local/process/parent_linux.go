package process

import "syscall"

// endWithParent has the kernel send signal to a process when the thread that started it ends.
func endWithParent(signal syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: signal}
}
