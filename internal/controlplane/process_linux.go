package controlplane

import "syscall"

// dieWithParent has the kernel end the program when the test that started it dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
