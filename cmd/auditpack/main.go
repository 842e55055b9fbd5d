// Command auditpack takes a dated, read-only snapshot of Kubernetes clusters,
// holds it against a control table, and hands over a signed audit pack.
//
// The straight line of the program is in produce.go; every other file is one
// command, or one thing that commands share.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	if note := saveMemory(os.Getenv, os.DirFS("/")); note != "" {
		fmt.Fprintln(os.Stderr, note)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs the program and returns its exit code.
func execute(ctx context.Context, args []string, stdin *os.File, stdout, stderr *os.File) int {
	env := &environment{stdin: stdin, stdout: stdout, stderr: stderr, input: untilDone(ctx, stdin), getenv: os.Getenv}
	root := newRoot(env)
	showAsCalled(root, os.Args[0])
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	code := exitCode(err)
	if ctx.Err() != nil && !wroteBundle(code) {
		fmt.Fprintf(stderr, "%s: interrupted; no bundle was written\n", root.Name())
		return exitNothing
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(stderr, "%s: %s\n", root.Name(), text)
	}
	if code == exitUsage {
		var usage *usageError
		if errors.As(err, &usage) {
			fmt.Fprintf(stderr, "Run '%s --help' for what it takes.\n", usage.command)
		}
	}
	return code
}

// environment is what a command may see of the world.
type environment struct {
	stdin, stdout, stderr *os.File
	// input is stdin as sources read it: an interrupt ends it.
	input          io.Reader
	getenv         func(string) string
	quiet, verbose bool
	colour         string
}

const rootLong = `auditpack takes a dated, read-only snapshot of Kubernetes clusters, holds it against
an ISO/IEC 27017 control table with owners and review dates, and hands over a signed
audit pack: a PDF to read, a workbook to work in, and an archive that anyone can check.

Exit codes:
  0  done, every query was answered
  1  nothing usable was written
  2  wrong usage, or an invalid input file
  3  a bundle was written, and the evidence has gaps
  4  verification failed
  5  a bundle was written, and --fail-on was met
  6  a bundle was written, and could not be published everywhere`

func newRoot(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "auditpack",
		Short: "Signed audit packs of Kubernetes platforms",
		Long:  rootLong,
		Example: `  auditpack demo                      the whole job on the built-in sample platform
  auditpack init audit                a starter plan to fill in
  auditpack run -f audit/plan.yaml    collect, assess, render, seal
  auditpack verify pack.zip --key cosign.pub`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd.CommandPath(), err} })
	flags := root.PersistentFlags()
	flags.BoolVarP(&env.quiet, "quiet", "q", false, "print what was asked for and errors only, no summary")
	flags.BoolVarP(&env.verbose, "verbose", "v", false, "print every question that is put")
	flags.StringVar(&env.colour, "color", "auto", "colour the output: auto, always or never")
	root.AddCommand(newDemo(env), newInit(env), newPreflight(env), newRun(env), newCollect(env), newReport(env), newVerify(env), newPublish(env), newDiff(env), newFleet(env), newControls(env), newKeys(env), newReview(env), newDocuments(env), newAnswer(env), newVersion(env), newMan())
	checkUsage(root)
	return root
}

// checkUsage makes wrong arguments and missing flags of a command, and of those below it, usage errors.
func checkUsage(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = func(cmd *cobra.Command, given []string) error {
			if err := args(cmd, given); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			return nil
		}
	}
	if c.RunE != nil {
		c.PreRunE = func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateRequiredFlags(); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		checkUsage(sub)
	}
}
