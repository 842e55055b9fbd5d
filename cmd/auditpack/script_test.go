package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(controlplane.Tests{M: m}, map[string]func(){
		"auditpack": func() {
			os.Exit(execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// TestScripts runs the real command. Each script is a story: what a user types,
// what is printed, which files are there after it, and which must not be.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Condition:           authoritiesBuilt,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"authorities":   authorities,
			"status":        status,
			"flip":          flip,
			"keypair":       keypair,
			"digest":        digest,
			"nowhere":       nowhere,
			"fill":          fill,
			"office":        office,
			"cells":         cells,
			"questionnaire": questionnaire,
			"kept":          kept,
			"statuses":      statuses,
		},
	})
}

// status CODE COMMAND… runs a command and expects its exit code.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND [ARG…]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit interface{ ExitCode() int }
		if !asExit(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if want := args[0]; fmt.Sprint(got) != want {
		ts.Fatalf("exit status %d, want %s", got, want)
	}
}

func asExit(err error, target *interface{ ExitCode() int }) bool {
	e, ok := err.(interface{ ExitCode() int })
	*target = e
	return ok
}

// flip FILE PERCENT changes one bit of the byte that lies so far into the file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE PERCENT")
	}
	var percent int
	if _, err := fmt.Sscan(args[1], &percent); err != nil {
		ts.Fatalf("%v", err)
	}
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	b[(len(b)-1)*percent/100] ^= 1
	ts.Check(os.WriteFile(path, b, 0o600))
}

// statuses REPORT prints the status of each control of a report, one a line.
func statuses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: statuses REPORT")
	}
	var r schema.Report
	ts.Check(schema.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	for _, c := range r.Controls {
		_, err := fmt.Fprintln(ts.Stdout(), c.ID, c.Status)
		ts.Check(err)
	}
}

// digest NAME FILE sets a variable to the SHA-256 of a file.
func digest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: digest NAME FILE")
	}
	ts.Setenv(args[0], fmt.Sprintf("%x", sha256.Sum256([]byte(ts.ReadFile(args[1])))))
}

// keypair NAME writes NAME.key, encrypted with the password "pass", and NAME.pub.
func keypair(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keypair NAME")
	}
	private, public, err := seal.GenerateKey([]byte("pass"))
	ts.Check(err)
	dir := ts.MkAbs(".")
	ts.Check(os.WriteFile(filepath.Join(dir, args[0]+".key"), private, 0o600))
	ts.Check(os.WriteFile(filepath.Join(dir, args[0]+".pub"), public, 0o600))
}

// nowhere TEXT DIR fails when a file below DIR, or a part of an archive or
// workbook below it, holds the text.
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: nowhere TEXT DIR")
	}
	files := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return holdsNot(path, b, args[0])
	}))
	if files == 0 {
		ts.Fatalf("%s has no file", args[1])
	}
}

func holdsNot(path string, b []byte, text string) error {
	if bytes.Contains(b, []byte(text)) {
		return fmt.Errorf("%s holds %q", path, text)
	}
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil // not an archive
	}
	for _, part := range archive.File {
		r, err := part.Open()
		if err != nil {
			return err
		}
		inner, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := holdsNot(path+":"+part.Name, inner, text); err != nil {
			return err
		}
	}
	return nil
}
