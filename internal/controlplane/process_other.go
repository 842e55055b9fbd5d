//go:build !linux

package controlplane

import "syscall"

// dieWithParent has no equivalent here: a test that is killed leaves its control plane behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
