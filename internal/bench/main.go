// Command bench measures auditpack on large clusters.
//
// It starts a real kube-apiserver and etcd, fills them with as many objects as it
// is told, and runs in turn, each in a process of its own: a client that lists
// everything and throws it away, which is the least that any collector needs;
// auditpack run with everything that it writes; and kubectl get -o yaml. It writes
// what they cost into docs/performance.md, with the machine and the date.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run carries out one command. measure starts this program again for the others,
// so that each has a peak of memory of its own.
func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: bench measure|serve|fill|list; each has --help")
	}
	flags := flag.NewFlagSet("bench "+args[0], flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "`file` that reaches the cluster, for fill and list")
	etcd := flags.String("etcd", "", "`URL` of the cluster's etcd, for fill")
	objects := flags.String("objects", "1000,12000,124000", "`numbers` of objects to fill clusters with")
	program := flags.String("program", "bin/auditpack", "auditpack, for measure")
	repeat := flags.Int("repeat", 3, "`times` that each is measured")
	out := flags.String("out", "docs", "`folder` of performance.md and its plot, for measure")
	how := flags.String("how", "typed", "raw or typed, for list")
	only := flags.Bool("collected", false, "list only what auditpack reads")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	sizes, err := numbers(*objects)
	if err != nil {
		return err
	}
	switch args[0] {
	case "measure":
		return measure(ctx, plan{sizes: sizes, program: *program, repeat: *repeat, out: *out})
	case "serve":
		return serve(ctx, sizes[0])
	case "fill":
		return fillFrom(ctx, *kubeconfig, *etcd, sizes[0])
	case "list":
		return list(ctx, *kubeconfig, *how, *only)
	}
	return fmt.Errorf("there is no command %q", args[0])
}

func numbers(list string) ([]int, error) {
	var out []int
	for _, s := range strings.Split(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("--objects %s: %q is no number of objects", list, s)
		}
		out = append(out, n)
	}
	return out, nil
}
