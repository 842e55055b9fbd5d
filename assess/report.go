package assess

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// report puts the results of all steps together.
func (a *assessment) report() (*schema.Report, error) {
	r := &schema.Report{
		SchemaVersion: schema.Version,
		AsOf:          a.snap.AsOf,
		Tool:          a.snap.Tool,
		Plan:          a.planFacts(),
		Areas:         slices.Clone(a.in.Table.Spec.Areas),
		Sources:       slices.Clone(a.snap.Sources),
		Exceptions:    a.exceptions,
		Documents:     a.facts.Documents,
		Queries:       slices.Clone(a.snap.Queries),
		Derived:       a.all,
		Findings:      a.findings(),
		PartlySeen:    a.partlySeen(),
	}
	r.Checks = a.results()
	r.Controls = a.statuses(r.Checks, r.Findings, r.Exceptions)
	overlay := overlayByControl(a.in)
	for i, c := range r.Controls {
		r.Controls[i].Proposed = proposedParts(c.Control, overlay[c.ID], a.snap.Evidence.Clusters)
		r.Controls[i].AssuredBy = a.facts.assurances(c.ID)
	}
	var err error
	if r.Populations, err = a.populations(); err != nil {
		return nil, err
	}
	if r.Sample, err = a.sample(r); err != nil {
		return nil, err
	}
	r.Summary = a.summary(r)
	r.Questions = a.questions(r)
	r.Changes = a.since(r)
	return r, nil
}

// findings returns the findings of all checks, sorted.
func (a *assessment) findings() []schema.Finding {
	out := []schema.Finding{}
	for _, v := range a.verdicts {
		for _, f := range v.findings {
			out = append(out, f.Finding)
		}
	}
	slices.SortFunc(out, compareFindings)
	return out
}

// partlySeen returns the deviations in rows of populations that have gaps, sorted.
func (a *assessment) partlySeen() []schema.Finding {
	var out []schema.Finding
	for _, v := range a.verdicts {
		if v.glimpse == nil {
			continue
		}
		for _, f := range v.glimpse.findings {
			if f.Result == schema.ResultFail || f.Result == schema.ResultPartial {
				out = append(out, f.Finding)
			}
		}
	}
	slices.SortFunc(out, compareFindings)
	return out
}

func (a *assessment) planFacts() schema.PlanFacts {
	p := a.in.Plan
	period := p.Spec.PeriodAsOf(a.snap.AsOf)
	return schema.PlanFacts{
		Name: p.Metadata.Name, Organization: p.Spec.Organization, Scope: p.Spec.Scope,
		From: period.From.Time(), To: period.To.Time(),
		ControlTable:   a.in.Table.Metadata.Name + " " + a.in.Table.Spec.Version,
		Unsigned:       a.in.Unsigned,
		Demo:           a.in.Demo,
		Supersedes:     a.in.Supersedes,
		DocumentSigner: a.in.DocumentSigner,
	}
}

// populations describes every population, by name.
func (a *assessment) populations() ([]schema.PopulationResult, error) {
	out := make([]schema.PopulationResult, 0, len(schema.Populations))
	for _, p := range schema.Populations {
		if !a.concerns(p) || !p.Derived() && a.answers.unmadeAnywhere([]string{p.Name}) != "" {
			continue
		}
		rows := rowsOf(&a.snap.Evidence, &a.all, p.Name)
		h := sha256.New()
		for i := range rows.Len() {
			line, err := schema.MarshalLine(rows.Index(i).Interface())
			if err != nil {
				return nil, fmt.Errorf("population %s: %w", p.Name, err)
			}
			_, _ = h.Write(line)
		}
		out = append(out, schema.PopulationResult{
			Name: p.Name, Title: p.Title, Rows: rows.Len(), SHA256: hex.EncodeToString(h.Sum(nil)), Path: p.Path(),
			Derived: p.Derived(), Complete: len(a.clusters) > 0 && a.answers.complete(a.clusters, p.Name),
		})
	}
	slices.SortFunc(out, func(x, y schema.PopulationResult) int {
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	return out, nil
}

func (a *assessment) summary(r *schema.Report) schema.Summary {
	s := schema.Summary{ControlsByStatus: map[schema.Status]int{}, FindingsBySeverity: map[schema.Severity]int{}, ChecksByResult: map[schema.Result]int{}}
	for _, c := range r.Controls {
		s.ControlsByStatus[c.Status]++
		if c.Owner == "" {
			s.ControlsNoOwner++
		}
		if c.Review == schema.ReviewOverdue && c.Status != schema.NotApplicable {
			s.OverdueReviews++
		}
	}
	s.Traces = countTraces(r.Derived.Traces)
	for _, c := range r.Checks {
		s.ChecksByResult[c.Result]++
	}
	for _, f := range (controlEvidence{findings: r.Findings}).open() {
		s.FindingsBySeverity[f.Severity]++
	}
	for _, e := range r.Exceptions {
		switch e.State {
		case schema.ExceptionValid:
			s.OpenExceptions++
		case schema.ExceptionExpired:
			s.ExpiredExceptions++
		}
	}
	for _, q := range r.Queries {
		if q.Gap() {
			s.Gaps++
		}
	}
	return s
}

// statuses derives the status of every control.
func (a *assessment) statuses(checks []schema.CheckResult, findings []schema.Finding, exceptions []schema.ExceptionResult) []schema.ControlResult {
	evidence := map[string]*controlEvidence{}
	of := func(control string) *controlEvidence {
		if evidence[control] == nil {
			evidence[control] = &controlEvidence{gaps: map[string]string{}}
		}
		return evidence[control]
	}
	for _, c := range checks {
		e := of(c.Control)
		e.checks = append(e.checks, c)
		e.gaps[c.ID] = a.verdicts[c.ID].gap()
	}
	for _, f := range findings {
		e := of(f.Control)
		e.findings = append(e.findings, f)
	}
	for _, x := range exceptions {
		e := of(x.Control)
		e.exceptions = append(e.exceptions, x)
	}
	j := &statusJudge{today: a.facts.Today(), period: a.planFacts(), overlay: overlayByControl(a.in), reviews: a.in.ControlReviews, docs: a.facts.Documents, until: a.facts.judge.until}
	out := make([]schema.ControlResult, 0, len(a.controls))
	for _, c := range a.controls {
		out = append(out, j.judge(c, *of(c.ID)))
	}
	return out
}

// clusterNames returns the names of the clusters that the plan or the snapshot has, sorted.
func clusterNames(snap *schema.Snapshot, in *schema.Inputs) []string {
	names := map[string]bool{}
	for _, c := range in.Plan.Spec.Clusters {
		names[c.Name] = true
	}
	for _, s := range snap.Sources {
		if s.Kind != schema.SourceForge && s.Kind != schema.SourceImports {
			names[s.Name] = true
		}
	}
	for _, c := range snap.Evidence.Clusters {
		names[c.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
