package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/auditlog"
	"github.com/auditpack/auditpack/collect/files"
	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

// planFlags say which plan to use and which clusters to read.
type planFlags struct {
	plan, kubeconfig, context string
	from                      []string
	auditLogs                 []string
	imports                   []string
	complete                  bool
	secrets                   string
	gentle                    bool
}

func (p *planFlags) add(c *cobra.Command) {
	c.Flags().StringVarP(&p.plan, "file", "f", "", "use this plan `file`; without it the built-in plan")
	c.Flags().StringVar(&p.kubeconfig, "kubeconfig", "", "use this kubeconfig `file`, as kubectl does")
	c.Flags().StringVar(&p.context, "context", "", "use this `context` of the kubeconfig")
	c.Flags().StringArrayVar(&p.from, "from", nil, "read manifests, lists or a dump from this `path` instead of a cluster; - is standard input; repeatable")
	c.Flags().StringArrayVar(&p.auditLogs, "audit-log", nil, "read the cluster's Kubernetes audit log from this file or folder, .gz too; - is standard input; repeatable")
	c.Flags().StringArrayVar(&p.imports, "import", nil, "take what another tool says from this `file` or folder: Trivy, Grype, kube-bench, SARIF, aws, gcloud, az, Terraform, groups as CSV; add ,cluster=NAME or ,made=2026-09-30 where it does not say so; repeatable")
	c.Flags().BoolVar(&p.complete, "complete", false, "the files of --from hold the whole cluster: a kind that they do not speak of is not there")
	c.Flags().BoolVar(&p.gentle, "gentle", false, "ask an API server for one list at a time, and at most five pages a second")
	choiceFlag(c, &p.secrets, "secrets", "", "how much of secrets to ask for: none, inventory or rotation (default: the plan's)", "", "none", "inventory", "rotation")
}

// load reads the plan and what it names, and lets the flags replace its clusters.
func (p *planFlags) load() (*input.Set, error) {
	in, err := p.read()
	if err != nil {
		return nil, invalid(err)
	}
	spec := &in.Plan.Spec
	if p.secrets != "" {
		spec.Secrets = schema.SecretsTier(p.secrets)
	}
	if len(spec.Clusters) == 0 {
		spec.Clusters = []schema.PlanCluster{{Name: "cluster"}}
	}
	if p.complete && len(p.from) == 0 {
		return nil, invalid(errors.New("--complete is about the files of --from; in a plan, complete: true of a cluster says it"))
	}
	if p.context == "" && p.kubeconfig == "" && len(p.from) == 0 && len(p.auditLogs) == 0 {
		return in, nil
	}
	if len(spec.Clusters) > 1 {
		return nil, invalid(fmt.Errorf("the plan names %d clusters; --context, --kubeconfig, --from and --audit-log are for one", len(spec.Clusters)))
	}
	c := &spec.Clusters[0]
	if len(p.auditLogs) > 0 {
		c.AuditLogs = p.auditLogs
	}
	live := p.context != "" || p.kubeconfig != ""
	switch {
	case len(p.from) > 0 && live:
		return nil, invalid(errors.New("--from reads files; --context and --kubeconfig are for a cluster"))
	case slices.Contains(p.from, "-") && slices.Contains(p.auditLogs, "-"):
		return nil, invalid(errors.New("--from and --audit-log cannot both read standard input"))
	case len(p.from) > 0:
		c.From, c.Complete = p.from, p.complete
	case live:
		c.From, c.Context, c.Kubeconfig = nil, p.context, cmp.Or(p.kubeconfig, c.Kubeconfig)
	}
	return in, nil
}

func (p *planFlags) read() (*input.Set, error) {
	if p.plan == "" {
		return input.Default(templates.FS)
	}
	return input.Load(p.plan, templates.FS)
}

// sources makes one source of each cluster and each forge of the plan.
func (p *planFlags) sources(env *environment, in *input.Set, asOf time.Time) ([]collect.Source, error) {
	out, err := forges(env, in, asOf)
	if err != nil {
		return nil, err
	}
	for _, c := range in.Plan.Spec.Clusters {
		s, err := p.source(env, in, c)
		if err != nil {
			return nil, invalid(fmt.Errorf("cluster %s: %w", c.Name, err))
		}
		if len(c.AuditLogs) > 0 {
			s = collect.With(s, p.auditLog(env, in, c))
		}
		if s, err = withProvenance(env, in, c.Name, s); err != nil {
			return nil, invalid(err)
		}
		out = append(out, s)
	}
	files, err := p.importSource(env, in)
	if err != nil {
		return nil, err
	}
	if files != nil {
		out = append(out, files)
	}
	return out, nil
}

func (p *planFlags) source(env *environment, in *input.Set, c schema.PlanCluster) (collect.Source, error) {
	if len(c.From) == 0 {
		o, err := liveOptions(env, in, c)
		if err != nil {
			return nil, err
		}
		o.Gentle = p.gentle
		return kube.NewCluster(o), nil
	}
	if len(p.from) == 0 { // the plan's paths are relative to the plan
		c.From = inPlan(in, c.From)
	}
	return files.New(files.Options{Cluster: c, Spec: &in.Plan.Spec, Stdin: env.input, Progress: env.detail()}), nil
}

// auditLog reads the audit log of a cluster of the plan.
func (p *planFlags) auditLog(env *environment, in *input.Set, c schema.PlanCluster) func(context.Context, collect.Sink) error {
	o := auditlog.Options{Cluster: c.Name, Paths: c.AuditLogs, Stdin: env.input, Progress: env.progress()}
	if len(p.auditLogs) == 0 { // the plan's paths are relative to the plan
		o.Paths = inPlan(in, c.AuditLogs)
	}
	for _, b := range in.Plan.Spec.Access.BreakGlass {
		if b.Cluster == "" || b.Cluster == c.Name {
			o.BreakGlass = append(o.BreakGlass, b.Subjects...)
		}
	}
	return func(ctx context.Context, to collect.Sink) error { return auditlog.Read(ctx, o, to) }
}

// inPlan resolves paths of the plan.
func inPlan(in *input.Set, paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = in.Path(path)
	}
	return out
}

// liveOptions finds the API server of a cluster of the plan.
func liveOptions(env *environment, in *input.Set, c schema.PlanCluster) (kube.Options, error) {
	config, contextName, err := kube.Config(in.Path(c.Kubeconfig), c.Context)
	if err != nil {
		return kube.Options{}, err
	}
	return kube.Options{
		Cluster: c, Spec: &in.Plan.Spec, Config: config, Context: contextName, Version: tool().Version, Now: time.Now, Progress: env.progress(),
	}, nil
}

// asking returns the first arrow of the straight line for sources.
func asking(asOf time.Time, sources []collect.Source) func(context.Context, string) (*schema.Snapshot, error) {
	return func(ctx context.Context, dir string) (*schema.Snapshot, error) {
		return collect.Run(ctx, asOf, tool(), dir, sources...)
	}
}

// reading returns the first arrow of the straight line for a snapshot that was
// made before: its evidence is copied as it is, and only asOf may be another.
func reading(from fs.FS, s *schema.Snapshot, asOf time.Time) func(context.Context, string) (*schema.Snapshot, error) {
	return func(_ context.Context, dir string) (*schema.Snapshot, error) {
		again := *s
		again.AsOf = asOf
		const objects = "evidence/objects"
		if _, err := fs.Stat(from, objects); errors.Is(err, fs.ErrNotExist) {
			return &again, nil
		}
		return &again, members{dir}.copyFrom(from, objects)
	}
}
