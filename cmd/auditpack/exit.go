package main

import "errors"

// The exit codes are part of the interface; the help text lists them.
const (
	exitDone    = 0
	exitNothing = 1
	exitUsage   = 2
	exitGaps    = 3
	exitVerify  = 4
	exitFailOn  = 5
	exitPublish = 6
)

// A usageError is a command that was called wrongly.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// An exitError carries the exit code for an error that needs another one than 1.
// Its text may be empty when everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// invalid marks err as a mistake in what the user gave.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

// wroteBundle reports whether the code says so: then there was no time to interrupt.
func wroteBundle(code int) bool { return code == exitGaps || code == exitFailOn }

func exitCode(err error) int {
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitNothing
}
