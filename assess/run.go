package assess

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// run runs one check over what it looks at.
func (a *assessment) run(ctx context.Context, c *compiledCheck) (*verdict, error) {
	v := newVerdict(c, a.ownerOf(c.Control))
	if reason := a.answers.unmadeAnywhere(populationsOf(c.Check)); reason != "" && c.by != ByNone {
		v.conclude(schema.ResultNotCollected, reason)
		return v, nil
	}
	switch {
	case c.by == ByNone && c.Kind == schema.CheckPipeline && len(a.forges) == 0:
		v.conclude(schema.ResultNotCollected, schema.NoPipelineSource)
	case c.by == ByNone:
		v.conclude(schema.ResultNotCollected, "this release does not decide this check")
	case c.by == ByGo && reads(c, schema.OriginImport):
		return v, a.runImports(ctx, v)
	case c.by == ByGo && reads(c, schema.OriginRegistry):
		return v, a.runRegistries(v)
	case c.by == ByDocuments, readsLog(c) && !a.logged():
		a.runDocuments(v)
	case c.Kind == schema.CheckRegister:
		return v, a.runFunc(v, a.pass(c, ""))
	case c.Kind == schema.CheckPipeline:
		return v, a.runForges(ctx, v)
	case len(a.clusters) == 0:
		v.conclude(schema.ResultNotCollected, "no cluster was read")
	default:
		for _, cluster := range a.clusters {
			if err := a.runCluster(ctx, v, cluster); err != nil {
				return nil, fmt.Errorf("cluster %s: %w", cluster, err)
			}
		}
	}
	return v, nil
}

// readsLog reports whether an audit log decides a check.
func readsLog(c *compiledCheck) bool { return reads(c, schema.OriginAuditLog) }

// logged reports whether an audit log was read. A check that a log decides is
// decided by documents where there is none.
func (a *assessment) logged() bool {
	return slices.ContainsFunc(a.snap.Queries, func(q schema.Query) bool { return q.Resource == schema.AuditLogRecords })
}

// runDocuments decides a check by the documents that are registered for it.
func (a *assessment) runDocuments(v *verdict) {
	outcomes := a.facts.judge.decideDocuments(v.check.Check, a.facts.Documents)
	counts := slices.ContainsFunc(outcomes, func(o Outcome) bool { return o.Result != schema.ResultNotApplicable })
	switch {
	case !counts && v.check.Empty != "":
		v.conclude(v.check.Empty, "no document in the register, and none is demanded")
	case !counts:
		v.conclude(schema.ResultNotCollected, "no document in the register")
	}
	for _, o := range outcomes {
		v.add(o, a.facts)
	}
}

// runCluster runs a check over one cluster, unless something that it needs was not seen.
func (a *assessment) runCluster(ctx context.Context, v *verdict, cluster string) error {
	c := v.check
	for _, p := range populationsOf(c.Check) {
		if reason := a.answers.gap(cluster, p); reason != "" {
			v.conclude(schema.ResultNotCollected, reason)
			return a.runGlimpse(ctx, v, cluster)
		}
	}
	if c.by == ByGo {
		return a.runFunc(v, a.pass(c, cluster))
	}
	e, d := a.rows(cluster)
	return a.runRules(ctx, v, e, d, cluster)
}

// runGlimpse tries the rules on those rows of a population with gaps that were seen.
// The check stays without result, but a reader must not take that for silence. Where
// another population that the check needs has gaps, and in checks in Go, which join
// and count, a row may deviate only because something else was not seen: those say nothing.
func (a *assessment) runGlimpse(ctx context.Context, v *verdict, cluster string) error {
	c := v.check
	unsure := slices.ContainsFunc(c.Needs, func(p string) bool { return p != c.Population && a.answers.gap(cluster, p) != "" })
	if c.by != ByRules || unsure {
		return nil
	}
	e, d := a.rows(cluster)
	_, err := a.runRows(ctx, v.glimpsed(), e, d, cluster)
	return err
}

// pass makes what a Go function is given.
func (a *assessment) pass(c *compiledCheck, cluster string) *Pass {
	p := &Pass{
		Check: c.Check, Snapshot: a.snap, Evidence: &schema.Evidence{}, Derived: &schema.Derived{},
		Inputs: a.in, Facts: a.facts, Controls: a.controls, Exceptions: a.exceptions,
	}
	if cluster == "" {
		return p
	}
	p.Cluster = a.facts.Cluster(cluster)
	if i := slices.IndexFunc(a.snap.Sources, func(s schema.Source) bool { return s.Name == cluster }); i >= 0 {
		p.Source = a.snap.Sources[i]
	}
	p.Evidence, p.Derived = a.rows(cluster)
	p.Access = a.access[cluster]
	return p
}

// rows returns what was collected from a cluster, and what was derived from it.
func (a *assessment) rows(cluster string) (*schema.Evidence, *schema.Derived) {
	e, d := a.evidence[cluster], a.derived[cluster]
	if e == nil {
		e = &schema.Evidence{}
	}
	if d == nil {
		d = &schema.Derived{}
	}
	return e, d
}

// runFunc runs a check in Go and completes its messages.
func (a *assessment) runFunc(v *verdict, p *Pass) error {
	outcomes, err := v.check.decide(p)
	if err != nil {
		return err
	}
	inScope := 0
	for _, o := range outcomes {
		if err := oneOf(o.Result, resultOrder); err != nil {
			return fmt.Errorf("outcome for %s: %w", o.Subject, err)
		}
		if o.Message == "" && isFinding(o.Result) {
			if o.Message, err = fill(v.check.Message, o.Vars); err != nil {
				return fmt.Errorf("outcome for %s: %w", o.Subject, err)
			}
		}
		if o.Result != schema.ResultNotApplicable {
			inScope++
		}
		v.add(o, a.facts)
	}
	if inScope == 0 {
		a.runEmpty(v, p.Cluster.Name)
	}
	return nil
}

// runRules tries the rules on every row of the check's population in one cluster or forge.
func (a *assessment) runRules(ctx context.Context, v *verdict, e *schema.Evidence, d *schema.Derived, cluster string) error {
	inScope, err := a.runRows(ctx, v, e, d, cluster)
	if err == nil && inScope == 0 {
		a.runEmpty(v, cluster)
	}
	return err
}

// runRows tries the rules on every row, and returns how many of them are in scope.
func (a *assessment) runRows(ctx context.Context, v *verdict, e *schema.Evidence, d *schema.Derived, cluster string) (inScope int, err error) {
	table := rowsOf(e, d, v.check.Population)
	vars := map[string]any{"cluster": a.facts.Cluster(cluster), "plan": &a.settings, "asOf": a.facts.AsOf}
	for i := range table.Len() {
		if err := ctx.Err(); err != nil {
			return inScope, err
		}
		row := table.Index(i).Addr()
		o, err := a.runRow(v.check, row, vars)
		if err != nil {
			return inScope, err
		}
		if o.Result != schema.ResultNotApplicable {
			inScope++
		}
		v.add(o, a.facts)
	}
	return inScope, nil
}

// runRow tries the rules on one row. vars is used again for the next.
func (a *assessment) runRow(c *compiledCheck, row reflect.Value, vars map[string]any) (Outcome, error) {
	o := Outcome{Subject: row.Interface().(schema.Row).Subject(), Result: schema.ResultPass}
	vars["row"] = row.Interface()
	vars["ns"] = a.namespaceOf(o.Subject)
	if c.scope != nil {
		in, err := holds(c.scope, vars)
		if err != nil {
			return o, fmt.Errorf("scope, for %s: %w", o.Subject, err)
		}
		if !in {
			o.Result = schema.ResultNotApplicable
			return o, nil
		}
	}
	for i, r := range c.rules {
		yes, err := holds(r.when, vars)
		if err != nil {
			return o, fmt.Errorf("rules[%d].when, for %s: %w", i, o.Subject, err)
		}
		if !yes {
			continue
		}
		o.Result, o.Severity = r.result, r.severity
		if !isFinding(o.Result) {
			return o, nil
		}
		message := c.message
		if r.message != nil {
			message = r.message
		}
		if o.Message, err = message.write(vars); err != nil {
			return o, fmt.Errorf("rules[%d].message, for %s: %w", i, o.Subject, err)
		}
		return o, nil
	}
	return o, nil
}

// namespaceOf returns the namespace that a subject lies in, or is; an empty one
// where there is none.
func (a *assessment) namespaceOf(s schema.Subject) *schema.Namespace {
	name := s.Namespace
	if s.Kind == "Namespace" {
		name = s.Name
	}
	if n, ok := a.facts.namespaces[nsKey{s.Cluster, name}]; ok {
		return n
	}
	return &schema.Namespace{}
}

// runEmpty gives the result of a check that found no row in scope in a cluster.
func (a *assessment) runEmpty(v *verdict, cluster string) {
	c := v.check
	reason := "there is nothing in scope"
	if cluster != "" {
		reason = "there is nothing in scope in " + cluster
	}
	if c.Population != "" && a.answers.absent(cluster, c.Population) {
		reason = absentReason(cluster, c.Population)
	}
	switch {
	case c.Empty == "" && a.undescribed(c, cluster):
		v.conclude(schema.ResultNotCollected, "no namespace of "+cluster+" is described, only named by what lies in it")
	case c.Empty == "":
		v.conclude(schema.ResultNotApplicable, reason)
	case isFinding(c.Empty):
		v.add(Outcome{Subject: a.facts.Cluster(cluster).Subject(), Result: c.Empty, Message: reason + "."}, a.facts)
	default:
		v.conclude(c.Empty, reason)
	}
}

// undescribed reports whether a check asks about namespaces, and there are
// workloads in a cluster without any. No cluster is so; manifests that are applied
// with kubectl's --namespace are.
func (a *assessment) undescribed(c *compiledCheck, cluster string) bool {
	e, _ := a.rows(cluster)
	return len(e.Namespaces) == 0 && len(e.Workloads) > 0 && slices.Contains(populationsOf(c.Check), "namespaces")
}

// ownerOf returns the owner of a control.
func (a *assessment) ownerOf(control string) string {
	if i := slices.IndexFunc(a.controls, func(c schema.Control) bool { return c.ID == control }); i >= 0 {
		return a.controls[i].Owner
	}
	return ""
}
