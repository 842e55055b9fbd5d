package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

func newPreflight(env *environment) *cobra.Command {
	var f planFlags
	var output string
	c := &cobra.Command{
		Use:   "preflight",
		Short: "Tell what may be read and what to grant; nothing is collected",
		Long: `Ask each cluster of the plan what the account may list, and print the least ClusterRole
that is still missing. Ask each forge of the plan every question, and print which the token
may not ask. Say what each file of another tool was recognised as. Exit code 3 means that a run would have gaps.`,
		Example: `  auditpack preflight -f audit/plan.yaml
  auditpack preflight --context prod -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return preflight(cmd.Context(), env, f, output) },
	}
	f.add(c)
	outputFlag(c, &output)
	return c
}

// readiness is what preflight found out about one cluster, one forge, or the files of other tools.
type readiness struct {
	Cluster string `json:"cluster,omitempty"`
	Forge   string `json:"forge,omitempty"`
	// Imports is true for the files of other tools, which are the resources then.
	Imports       bool          `json:"imports,omitempty"`
	ServerVersion string        `json:"serverVersion"`
	Username      string        `json:"username"`
	Resources     []mayResource `json:"resources"`
	// Grant is a ClusterRole in YAML with what is missing, or empty.
	Grant string `json:"grant"`
}

type mayResource struct {
	Resource string `json:"resource"`
	// Access is allowed, absent or refused.
	Access string `json:"access"`
	Reason string `json:"reason,omitempty"`
}

func preflight(ctx context.Context, env *environment, f planFlags, output string) error {
	in, err := f.load()
	if err != nil {
		return err
	}
	var all []readiness
	for _, c := range in.Plan.Spec.Clusters {
		if len(c.From) > 0 {
			env.say("%s is read from files: nothing to ask", c.Name)
			continue
		}
		r, err := ready(ctx, env, in, c)
		if err != nil {
			return fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		all = append(all, r)
	}
	forges, err := readyForges(ctx, env, in)
	if err != nil {
		return err
	}
	all = append(all, forges...)
	files, err := readyImports(ctx, env, f, in)
	if err != nil {
		return err
	}
	all = append(all, files...)
	if output == "json" {
		if err := printJSON(env, all); err != nil {
			return err
		}
	}
	refused := false
	for _, r := range all {
		refused = refused || r.Grant != "" || (r.Forge != "" || r.Imports) && slices.ContainsFunc(r.Resources, func(m mayResource) bool { return m.Access == "refused" })
		switch {
		case output != "text":
		case r.Imports:
			printImports(env, r)
		case r.Forge != "":
			printForge(env, r)
		default:
			printReadiness(env, r)
		}
	}
	if refused {
		return &exitError{exitGaps, errors.New("a run would have gaps")}
	}
	return nil
}

func ready(ctx context.Context, env *environment, in *input.Set, c schema.PlanCluster) (readiness, error) {
	o, err := liveOptions(env, in, c)
	if err != nil {
		return readiness{}, err
	}
	access, err := kube.Preflight(ctx, o)
	if err != nil {
		return readiness{}, err
	}
	r := readiness{Cluster: c.Name, ServerVersion: access.ServerVersion, Username: access.Collector.Username}
	for _, k := range access.Kinds {
		m := mayResource{Resource: k.Kind.Name(), Access: "refused", Reason: k.Reason}
		switch {
		case k.Allowed:
			m.Access = "allowed"
		case k.Absent:
			m.Access = "absent"
		}
		r.Resources = append(r.Resources, m)
	}
	if missing := access.Missing(); len(missing) > 0 {
		r.Grant = string(kube.ClusterRole("What auditpack may not read yet of "+c.Name+".", "auditpack-missing", missing))
	}
	return r, nil
}

func printReadiness(env *environment, r readiness) {
	p := newPaint(env)
	counts := map[string]int{}
	for _, m := range r.Resources {
		counts[m.Access]++
	}
	fmt.Fprintf(env.stdout, "%s (%s) as %s: %d kinds may be read, %d are not served, %s\n", r.Cluster, r.ServerVersion, printable(r.Username),
		counts["allowed"], counts["absent"], p.bad(counts["refused"] > 0, fmt.Sprintf("%d are refused", counts["refused"])))
	for _, m := range r.Resources {
		if m.Access == "refused" || env.verbose {
			fmt.Fprintf(env.stdout, "  %-8s %s %s\n", m.Access, m.Resource, printable(m.Reason))
		}
	}
	if r.Grant != "" {
		fmt.Fprintf(env.stdout, "\nGrant this, and bind it to the account:\n\n%s\n", r.Grant)
	}
}
