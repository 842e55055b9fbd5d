package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/imports"
	"github.com/auditpack/auditpack/collect/registry"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

// parseImport reads the value of --import: a file, and what is to be known of it as
// ,cluster=NAME ,made=DATE and ,stack=NAME.
func parseImport(value string) (schema.PlanImport, error) {
	var out schema.PlanImport
	parts := strings.Split(value, ",")
	for len(parts) > 1 {
		key, v, ok := strings.Cut(parts[len(parts)-1], "=")
		if !ok || !slices.Contains([]string{"cluster", "made", "stack"}, key) {
			break // a comma in the name of the file
		}
		switch key {
		case "cluster":
			out.Cluster = v
		case "stack":
			out.Stack = v
		case "made":
			if err := out.Made.UnmarshalText([]byte(v)); err != nil {
				return out, fmt.Errorf("--import %s: made: %w", value, err)
			}
		}
		parts = parts[:len(parts)-1]
	}
	out.Path = strings.Join(parts, ",")
	if out.Path == "" {
		return out, fmt.Errorf("--import %s: no file is named", value)
	}
	return out, nil
}

// importSource reads the files of other tools that the plan and the flags name; nil
// where they name none.
func (p *planFlags) importSource(env *environment, in *input.Set) (collect.Source, error) {
	spec := &in.Plan.Spec
	var all []schema.PlanImport
	for _, i := range spec.Imports {
		i.Path = in.Path(i.Path)
		all = append(all, i)
	}
	for _, value := range p.imports {
		i, err := parseImport(value)
		if err != nil {
			return nil, invalid(err)
		}
		all = append(all, i)
	}
	if len(all) == 0 {
		return nil, nil
	}
	s, err := imports.Open(imports.Options{Imports: all, Clusters: spec.Clusters, Spec: spec, Progress: env.detail()})
	if err != nil {
		return nil, invalid(err)
	}
	return s, nil
}

// withProvenance has registries asked about the images that run in a cluster, where
// the plan says whose signatures count.
func withProvenance(env *environment, in *input.Set, cluster string, s collect.Source) (collect.Source, error) {
	policy := in.Plan.Spec.Images.Provenance
	if policy == nil {
		return s, nil
	}
	signers, err := readSigners(in, policy)
	if err != nil {
		return nil, fmt.Errorf("images.provenance: %w", err)
	}
	r, err := registry.New(registry.Options{
		Cluster: cluster, Images: policy.Images, Signers: signers, DockerConfig: dockerConfig(in, policy), Insecure: policy.Insecure, Version: tool().Version, Progress: env.progress(),
	})
	if err != nil {
		return nil, fmt.Errorf("images.provenance: %w", err)
	}
	return collect.After(s, r.Note, r.Read), nil
}

func readSigners(in *input.Set, policy *schema.ProvenancePolicy) (*registry.Signers, error) {
	var keys [][]byte
	for _, path := range policy.Keys {
		b, err := os.ReadFile(in.Path(path))
		if err != nil {
			return nil, err
		}
		keys = append(keys, b)
	}
	var root []byte
	if policy.TrustedRoot != "" {
		var err error
		if root, err = os.ReadFile(in.Path(policy.TrustedRoot)); err != nil {
			return nil, err
		}
	}
	return registry.NewSigners(keys, policy.Identities, root)
}

// dockerConfig is the folder of docker's configuration.
func dockerConfig(in *input.Set, policy *schema.ProvenancePolicy) string {
	if policy.DockerConfig != "" {
		return in.Path(policy.DockerConfig)
	}
	if folder := os.Getenv("DOCKER_CONFIG"); folder != "" {
		return folder
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker")
}

// importAnswers is a sink that keeps what was recognised, and no other row.
type importAnswers struct {
	forgeAnswers
	imports []schema.Import
}

func (a *importAnswers) Rows(rows ...schema.Row) {
	for _, r := range rows {
		if i, ok := r.(schema.Import); ok {
			a.imports = append(a.imports, i)
		}
	}
}

// readyImports says what each file of another tool was recognised as.
func readyImports(ctx context.Context, env *environment, f planFlags, in *input.Set) ([]readiness, error) {
	s, err := f.importSource(env, in)
	if err != nil || s == nil {
		return nil, err
	}
	var sink importAnswers
	if _, err := s.Collect(ctx, time.Now().UTC(), &sink); err != nil {
		return nil, err
	}
	r := readiness{Imports: true}
	for _, q := range sink.queries {
		name := strings.TrimPrefix(q.Target, "read ")
		m := mayResource{Resource: name, Access: "allowed", Reason: q.Reason}
		if q.Gap() {
			m.Access = "refused"
		} else if i := slices.IndexFunc(sink.imports, func(i schema.Import) bool { return i.File == name }); i >= 0 {
			m.Reason = describeImport(sink.imports[i])
		}
		r.Resources = append(r.Resources, m)
	}
	return []readiness{r}, nil
}

// describeImport says what a file is, in one line.
func describeImport(i schema.Import) string {
	s := string(i.Kind)
	if i.Cluster != "" {
		s += " of " + i.Cluster
	}
	if i.Made.IsZero() {
		s += ", without a date: say it with made:"
	} else {
		s += ", made " + schema.DateOf(i.Made).String() + " by the word of the " + i.MadeBy
	}
	if len(i.Dropped) > 0 {
		s += "; not kept: " + strings.Join(i.Dropped, ", ")
	}
	return s
}

// printImports says which files are read, and which are not.
func printImports(env *environment, r readiness) {
	p := newPaint(env)
	bad := 0
	for _, m := range r.Resources {
		if m.Access == "refused" {
			bad++
		}
	}
	fmt.Fprintf(env.stdout, "%d files of other tools, %s\n", len(r.Resources), p.bad(bad > 0, fmt.Sprintf("%d of them cannot be used", bad)))
	for _, m := range r.Resources {
		name := printable(m.Resource) + ": "
		if m.Access == "refused" {
			name = "" // the reason begins with it
		}
		fmt.Fprintf(env.stdout, "  %-8s %s%s\n", map[string]string{"refused": "unusable", "allowed": "read"}[m.Access], name, printable(m.Reason))
	}
}
