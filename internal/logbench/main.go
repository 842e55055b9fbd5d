// Command logbench measures how fast an audit log is read, and with how much memory,
// against jq -c and grep on the same file in the same run. It writes what it found
// into docs/audit-logs.md.
//
//	logbench measure --size 2G     write a log, read it with each program, and note it down
//	logbench read FILE             only read a log, as auditpack run does
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/auditpack/auditpack/collect/auditlog"
	"github.com/auditpack/auditpack/schema"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "logbench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "read":
		return auditlog.Read(context.Background(), auditlog.Options{Cluster: "bench", Paths: args[1:]}, nowhere{})
	case len(args) > 0 && args[0] == "measure":
		flags := flag.NewFlagSet("measure", flag.ContinueOnError)
		size := flags.String("size", "2G", "the size of the log: a number of bytes, or with M or G")
		repeat := flags.Int("repeat", 3, "how often each program reads it")
		note := flags.String("note", "docs/audit-logs.md", "the file that gets the result; empty prints it")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		bytes, err := parseSize(*size)
		if err != nil {
			return err
		}
		return measure(bytes, max(*repeat, 1), *note)
	}
	return fmt.Errorf("usage: logbench measure [--size 2G] [--repeat 3] [--note FILE] | logbench read FILE")
}

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) Rows(...schema.Row)                  {}
func (nowhere) Query(schema.Query)                  {}
func (nowhere) Object(string, string, []byte) error { return nil }
