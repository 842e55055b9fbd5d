package assess

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// auditLogFuncs are the checks that an audit log decides, where the plan names one.
var auditLogFuncs = map[string]Func{
	"auditCanary": auditCanary,
	"humanWrites": humanWrites,
}

// auditLog returns what the audit log of the cluster covers, nil where none was given.
func (p *Pass) auditLog() *schema.AuditLog {
	if len(p.Evidence.AuditLogs) == 0 {
		return nil
	}
	return &p.Evidence.AuditLogs[0]
}

// auditCanary decides MON-01.k2: whether the requests of a run can be found in the
// audit store. Each run marks its requests; that they arrived shows in an audit log
// given to a later run, or in a document of MON-01.d2 that covers the marker.
func auditCanary(p *Pass) ([]Outcome, error) {
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNeedsReview}
	s, log, before := p.Source, p.auditLog(), p.sourceBefore()
	seen := func(marker string) bool { return log != nil && marker != "" && slices.Contains(log.Markers, marker) }
	switch {
	case seen(s.Marker), seen(before.Marker), s.Marker != "" && p.Facts.Documented("MON-01.d2", s.Marker):
		o.Result = schema.ResultPass
	case log != nil && log.Rejected == 0 && before.Marker != "" && spans(log, p.Inputs.Previous.AsOf):
		o.Result = schema.ResultFail
		o.Message = fmt.Sprintf("The audit log of %s covers %s, and has no request of the run of that time, whose user agent had %q.",
			p.Cluster.Name, p.Inputs.Previous.AsOf.Format(time.RFC3339), before.Marker)
	case s.Marker == "":
		o.Result, o.Message = schema.ResultNotCollected, "nothing was asked of the API server of "+p.Cluster.Name+" that its audit log could show"
	default:
		o.Message = fmt.Sprintf("Look in the audit store for requests of %s between %s and %s whose user agent has %q.",
			s.Collector.Username, s.Started.UTC().Format(time.RFC3339), s.Finished.UTC().Format(time.RFC3339), s.Marker)
	}
	return []Outcome{o}, nil
}

// sourceBefore returns what the bundle before this one says of the cluster; the
// zero value where there is none, or where it did not know the cluster.
func (p *Pass) sourceBefore() schema.ClaimedSource {
	if p.Inputs.Previous == nil {
		return schema.ClaimedSource{}
	}
	all := p.Inputs.Previous.Sources
	if i := slices.IndexFunc(all, func(s schema.ClaimedSource) bool { return s.Name == p.Cluster.Name && s.UID == p.Source.UID }); i >= 0 {
		return all[i]
	}
	return schema.ClaimedSource{}
}

// spans reports whether a log has records from before and from after a time, and
// no silence around it.
func spans(log *schema.AuditLog, t time.Time) bool {
	if t.Before(log.First) || t.After(log.Last) {
		return false
	}
	return !slices.ContainsFunc(log.Silences, func(s string) bool {
		from, to, _ := strings.Cut(s, "/")
		start, err1 := time.Parse(time.RFC3339, from)
		end, err2 := time.Parse(time.RFC3339, to)
		return err1 != nil || err2 != nil || t.After(start) && t.Before(end)
	})
}

// humanWrites decides CHG-02.d1 for each person whom the audit log shows writing
// in production, and says which part of the period the log does not cover.
func humanWrites(p *Pass) ([]Outcome, error) {
	period := p.Facts.Plan.PeriodAsOf(p.Facts.AsOf)
	from, to := period.From.Time(), period.To.Time()
	byUser := map[string][]schema.AuditAction{}
	for _, a := range p.Evidence.AuditActions {
		if slices.Contains(a.Classes, schema.AuditWrite) && a.Allowed > 0 && p.writesProduction(a) && !a.Last.Before(from) && a.First.Before(to) {
			byUser[a.User] = append(byUser[a.User], a)
		}
	}
	out := []Outcome{p.logCoverage(from, to)}
	for _, user := range slices.Sorted(maps.Keys(byUser)) {
		out = append(out, p.judgeWriter(user, byUser[user]))
	}
	return out, nil
}

// writesProduction reports whether an action changed something in a production
// namespace, or something without namespace in a cluster that has one.
func (p *Pass) writesProduction(a schema.AuditAction) bool {
	if a.Namespace == "" {
		return p.Facts.Production(p.Cluster.Name, "*")
	}
	return p.Facts.Production(p.Cluster.Name, a.Namespace)
}

func (p *Pass) judgeWriter(user string, actions []schema.AuditAction) Outcome {
	subject := schema.Subject{Cluster: p.Cluster.Name, Kind: "User", Name: user}
	o := Outcome{Subject: subject, Result: schema.ResultFail}
	emergency := slices.ContainsFunc(actions, func(a schema.AuditAction) bool { return slices.Contains(a.Classes, schema.AuditBreakGlass) })
	switch {
	case p.Facts.Approval(schema.ApproveDeployer, subject) == Approved, p.Facts.Documented("CHG-02.d2", user):
		o.Result = schema.ResultPass
		return o
	case emergency:
		o.Result = schema.ResultNeedsReview
	}
	n, first, last := 0, actions[0].First, actions[0].Last
	var what []string
	for _, a := range actions {
		n += a.Allowed
		if a.First.Before(first) {
			first = a.First
		}
		if a.Last.After(last) {
			last = a.Last
		}
		what = append(what, strings.TrimSpace(a.Verb+" "+a.Resource+" "+strings.Trim(a.Namespace+"/"+a.Name, "/")))
	}
	o.Message = fmt.Sprintf("%s wrote to production %s between %s and %s without a record of an emergency change: %s.",
		user, times(n), first.Format(time.RFC3339), last.Format(time.RFC3339), listed(what, namesShown))
	return o
}

// times says how often, in words.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// logCoverage is the outcome for the log itself: what it does not cover nobody saw.
func (p *Pass) logCoverage(from, to time.Time) Outcome {
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass}
	log := p.auditLog()
	end := to
	if p.Facts.AsOf.Before(end) {
		end = p.Facts.AsOf
	}
	switch {
	case log.First.After(from.AddDate(0, 0, 1)) || log.Last.Before(end.AddDate(0, 0, -1)):
		o.Result = schema.ResultNotCollected
		o.Message = fmt.Sprintf("the audit log of %s covers %s to %s, and the period is %s to %s",
			p.Cluster.Name, log.First.Format(time.DateOnly), log.Last.Format(time.DateOnly), from.Format(time.DateOnly), to.Format(time.DateOnly))
	case len(log.Silences) > 0:
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("The audit log of %s has no record in %s.", p.Cluster.Name, listed(log.Silences, namesShown))
	}
	return o
}
