package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/auditpack/auditpack/internal/controlplane"
)

// A cluster is a running control plane that has been filled.
type cluster struct {
	*controlplane.Server
	objects    int
	kubeconfig string // of an administrator
}

// newCluster starts a control plane and fills it. The filling is done by a process
// of its own: what a process starts inherits its peak of memory.
func newCluster(ctx context.Context, dir string, objects int) (*cluster, error) {
	server, err := controlplane.Launch()
	if err != nil {
		return nil, err
	}
	c := &cluster{server, objects, filepath.Join(dir, fmt.Sprintf("kubeconfig-%d", objects))}
	if err := c.fill(ctx); err != nil {
		server.Stop()
		return nil, fmt.Errorf("fill a cluster with %d objects: %w", objects, err)
	}
	return c, nil
}

func (c *cluster) fill(ctx context.Context) error {
	cfg, err := c.Config("bench", "system:masters")
	if err != nil {
		return err
	}
	if err := controlplane.WriteKubeconfig(c.kubeconfig, "bench", cfg); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "fill", "--kubeconfig", c.kubeconfig, "--etcd", c.Etcd(), "--objects", strconv.Itoa(c.objects))
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

func fillFrom(ctx context.Context, kubeconfig, etcd string, objects int) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	cfg.QPS = -1
	return fillCluster(ctx, cfg, etcd, objects)
}

// serve keeps a filled cluster until it is interrupted, for profiles.
func serve(ctx context.Context, objects int) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c, err := newCluster(ctx, dir, objects)
	if err != nil {
		return err
	}
	defer c.Stop()
	fmt.Printf("KUBECONFIG=%s\n", c.kubeconfig)
	<-ctx.Done()
	return nil
}
