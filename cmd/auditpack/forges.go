package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/github"
	"github.com/auditpack/auditpack/collect/gitlab"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

// forges makes one source of each forge of the plan. asOf ends the period where the
// plan does not say it.
func forges(env *environment, in *input.Set, asOf time.Time) ([]collect.Source, error) {
	var out []collect.Source
	for _, f := range in.Plan.Spec.Forges {
		s, err := forge(env, in, f, asOf)
		if err != nil {
			return nil, invalid(fmt.Errorf("forge %s: %w", f.Name, err))
		}
		out = append(out, s)
	}
	return out, nil
}

func forge(env *environment, in *input.Set, f schema.PlanForge, asOf time.Time) (collect.Source, error) {
	o := github.Options{
		Forge: f, Period: in.Plan.Spec.PeriodAsOf(asOf), Version: tool().Version, Now: time.Now, Wait: pause, Progress: env.progress(),
	}
	var err error
	if f.From != "" {
		// Saved answers have no time of their own, as manifests in files have none.
		o.Now = func() time.Time { return asOf }
		o.Saved, err = os.ReadFile(in.Path(f.From))
	} else {
		o.Token, err = forgeToken(in, f)
	}
	if err != nil {
		return nil, err
	}
	if f.Kind == schema.GitLab {
		return gitlab.New(gitlab.Options(o))
	}
	return github.New(o)
}

// forgeToken reads the token of a forge from the file or the variable that the plan
// names, or from the variable that the forge's own tools take.
func forgeToken(in *input.Set, f schema.PlanForge) (string, error) {
	if f.TokenFile != "" {
		b, err := os.ReadFile(in.Path(f.TokenFile))
		return string(bytes.TrimSpace(b)), err
	}
	name := f.TokenVariable
	if name == "" {
		name = map[schema.ForgeKind]string{schema.GitHub: "GITHUB_TOKEN", schema.GitLab: "GITLAB_TOKEN"}[f.Kind]
	}
	token := os.Getenv(name)
	if token == "" && f.TokenVariable != "" {
		return "", fmt.Errorf("the environment has no %s, which tokenVariable names", name)
	}
	return token, nil
}

// pause waits, unless the context ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
