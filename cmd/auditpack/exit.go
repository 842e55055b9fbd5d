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

// exitMeans says what each code means, to those who were not there.
var exitMeans = map[int]string{
	exitDone:    "a bundle was written, every query was answered",
	exitNothing: "nothing usable was written",
	exitUsage:   "wrong usage, or an invalid input file",
	exitGaps:    "a bundle was written, and the evidence has gaps",
	exitVerify:  "verification failed",
	exitFailOn:  "a bundle was written, and --fail-on was met",
	exitPublish: "a bundle was written, and could not be published everywhere",
}

// exitRemedies say what to do, to whoever finds the status of a pod.
var exitRemedies = map[int]string{
	exitNothing: "Nothing was changed; run it again when the cause below is gone.",
	exitUsage:   "Correct the plan or the flags; auditpack preflight tries them without writing anything.",
	exitGaps:    "The report lists each gap with what was asked; auditpack preflight names missing rights.",
	exitVerify:  "Do not use the bundle until it is clear who changed or signed it.",
	exitFailOn:  "The report lists the findings, the most severe first.",
	exitPublish: "Publish what was written with auditpack publish, which never overwrites, or run again when the cause below is gone.",
}

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
