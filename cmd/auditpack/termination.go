package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// Where kubelet takes the last words of a container from, and how many bytes of
// them it keeps: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
const (
	terminationLog = "/dev/termination-log"
	maxLastWords   = 4096
)

func terminationFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "termination-log", "", "write why the command failed into this `file` (default: "+terminationLog+", where Kubernetes made it)")
}

// leaveWord writes an error to where the status of a pod takes it from. A file that
// nobody named is written only when it is there already.
func leaveWord(path string, failure error) error {
	if failure == nil || failure.Error() == "" {
		return nil
	}
	create := os.O_CREATE
	if path == "" {
		path, create = terminationLog, 0
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|create, 0o644)
	if create == 0 && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("leave word of the failure: %w", err)
	}
	_, err = f.WriteString(lastWords(failure))
	return errors.Join(err, f.Close())
}

// lastWords says what a failure means and what to do, and then what it is.
func lastWords(failure error) string {
	code := exitCode(failure)
	words := fmt.Sprintf("exit %d: %s\n%s\n%s\n", code, exitMeans[code], exitRemedies[code], failure)
	return strings.ToValidUTF8(words[:min(len(words), maxLastWords)], "")
}
