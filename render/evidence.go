package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// This file has the tables of the question pages. They show facts of the evidence;
// what the facts mean for a control is said by its checks, not here.

func (b *builder) exposure() string {
	services, hosts, clear := 0, 0, 0
	for _, s := range b.s.Evidence.Services {
		if (s.Type == "LoadBalancer" && !s.InternalAnnotation) || s.Type == "NodePort" || len(s.ExternalIPs) > 0 {
			services++
		}
	}
	for _, i := range b.s.Evidence.Ingresses {
		hosts++
		if !i.TLS && !i.CloudTLS {
			clear++
		}
	}
	return fmt.Sprintf("%s by load balancer, node port or external address, and %s by ingress, %s without TLS",
		count(services, "service", "services"), count(hosts, "host", "hosts"), group(clear))
}

// delivery shows what claims each workload, and how images are pinned.
func (b *builder) delivery() []Block {
	type line struct{ argo, flux, helm, none, digest, tag, latest int }
	lines := map[string]*line{}
	at := func(cluster string) *line {
		if lines[cluster] == nil {
			lines[cluster] = &line{}
		}
		return lines[cluster]
	}
	for _, w := range b.s.Evidence.Workloads {
		l := at(w.Cluster)
		switch w.ManagedBy {
		case "argocd":
			l.argo++
		case "flux":
			l.flux++
		case "helm":
			l.helm++
		default:
			l.none++
		}
	}
	for _, c := range b.s.Evidence.Containers {
		l := at(c.Cluster)
		switch c.PinnedBy {
		case "digest":
			l.digest++
		case "tag":
			l.tag++
		default:
			l.latest++
		}
	}
	t := Table{
		Columns: []Column{{Title: "Cluster", Width: 44},
			{Title: "Claimed by Argo CD", Width: 18, Kind: NumberCell}, {Title: "Flux", Width: 14, Kind: NumberCell}, {Title: "Helm only", Width: 16, Kind: NumberCell},
			{Title: "No pipeline", Width: 18, Kind: NumberCell}, {Title: "Images by digest", Width: 20, Kind: NumberCell}, {Title: "by tag", Width: 16, Kind: NumberCell},
			{Title: "by latest", Width: 16, Kind: NumberCell}},
		Dense: true,
		Empty: "No workload was read.",
	}
	for _, name := range sortedKeys(lines) {
		l := lines[name]
		t.Rows = append(t.Rows, []Text{plain(name), number(l.argo), number(l.flux), number(l.helm), number(l.none), number(l.digest), number(l.tag), number(l.latest)})
	}
	blocks := append(b.timeline(), heading("What claims the workloads, and how images are pinned"))
	blocks = append(blocks, b.shown(t, pageRows, "workloads", "containers")...)
	return append(blocks, small("A label of a pipeline on a workload is an indicator: whoever can write the object can write the label."))
}

// tallied lists counts of one population, and says when it has gaps.
func (b *builder) tallied(counts []string, population string) Text {
	if len(b.incomplete(population)) == 0 {
		return Text{Value: cmp.Or(list(counts, 6), "none")}
	}
	return Text{Value: cmp.Or(list(counts, 6), "not collected"), Note: "the evidence has gaps", Tone: Unknown}
}

// logging shows the flags of the API server that concern the audit log.
func (b *builder) logging() []Block {
	t := Table{
		Columns: []Column{{Title: "Cluster", Width: 40}, {Title: "Flag", Width: 60}, {Title: "Value", Width: 70}},
		Dense:   true,
		Empty:   "The API server's flags are not visible in any cluster, as is usual where the control plane is managed. How audit logging is set must come from the provider.",
	}
	for _, f := range b.s.Evidence.ControlPlaneFlags {
		if strings.Contains(f.Flag, "audit") {
			t.Rows = append(t.Rows, []Text{plain(f.Cluster), plain(f.Flag), plain(f.Value)})
		}
	}
	e := b.s.Evidence
	facts := KeyValues{Columns: 4, Items: []KeyValue{
		{"Outputs of log agents", b.counted(len(e.LogOutputs), "logOutputs")},
		{"Alert rules", b.counted(len(e.AlertRules), "alertRules")},
		{"Routes of alerts", b.counted(len(e.AlertRoutes), "alertRoutes")},
		{"Audit logs read", b.counted(len(e.AuditLogs), "auditLogs")},
	}}
	return append([]Block{facts}, b.shown(t, pageRows, "controlPlaneFlags")...)
}

// backupRows is how many objects of backup products the page shows.
const backupRows = 10

// recovery lists what the backup products say of themselves.
func (b *builder) recovery() []Block {
	t := Table{
		Columns: []Column{
			{Title: "Backup object", Width: 54}, {Title: "Phase", Width: 24}, {Title: "Namespaces", Width: 46}, {Title: "Volumes", Width: 18}, {Title: "Completed", Width: 24},
		},
		Dense: true,
		Empty: "No backup product was found in the clusters. Backups that are made outside of them need a document.",
	}
	for _, k := range b.s.Evidence.Backups {
		namespaces := plain(list(k.Namespaces, 4))
		if len(k.ExcludedNamespaces) > 0 {
			namespaces.Note = "without " + list(k.ExcludedNamespaces, 8)
		}
		included := "no"
		switch {
		case k.VolumesIncluded:
			included = "included"
		case len(k.Namespaces) == 0:
			included = "" // a place or a class, and not a copy
		}
		phase := plain(k.Phase)
		if k.Paused {
			phase.Note = "paused"
		}
		t.Rows = append(t.Rows, []Text{
			{Value: k.Name, Note: k.Kind + " of " + k.Product + " in " + k.Cluster}, phase, namespaces, plain(included), day(k.Completed),
		})
	}
	slices.SortStableFunc(t.Rows, func(x, y []Text) int { return strings.Compare(y[4].Value, x[4].Value) })
	volumes := KeyValues{Columns: 3, Items: []KeyValue{
		{"Persistent volumes", b.counted(len(b.s.Evidence.Volumes), "volumes")},
		{"Claims", b.counted(len(b.s.Evidence.VolumeClaims), "volumeClaims")},
	}}
	return append([]Block{volumes}, b.shown(t, backupRows, "backups")...)
}

// sharedDuties counts for each party where it is accountable or responsible.
func (b *builder) sharedDuties() []Block {
	t := Table{
		Columns: []Column{{Title: "Party", Width: 40}, {Title: "Accountable for", Width: 65}, {Title: "Responsible in", Width: 65}},
		Dense:   true,
	}
	for _, p := range partyNames {
		var accountable, responsible []string
		for _, c := range b.r.Controls {
			role := p.role(c.Responsibility)
			if strings.HasPrefix(role, "A") {
				accountable = append(accountable, c.ID)
			} else if strings.Contains(role, "R") {
				responsible = append(responsible, c.ID)
			}
		}
		t.Rows = append(t.Rows, []Text{{Value: p.name, Bold: true}, controlCount(accountable), controlCount(responsible)})
	}
	return append([]Block{t, Paragraph{Style: Small, Text: Text{Value: "The whole matrix is in the chapter on responsibilities.", Link: "responsibilities"}}},
		b.assumptions()...)
}

func controlCount(ids []string) Text {
	if len(ids) == 0 {
		return plain("")
	}
	return Text{Value: count(len(ids), "control", "controls"), Note: list(ids, 8)}
}

// honesty counts what is owned, current and decided.
func (b *builder) honesty() []Block {
	s := b.r.Summary
	decided := 0
	for _, c := range b.r.Checks {
		if c.Implemented {
			decided++
		}
	}
	return []Block{KeyValues{Columns: 3, Items: []KeyValue{
		{"Controls without owner", number(s.ControlsNoOwner)},
		{"Reviews overdue", number(s.OverdueReviews)},
		{"Queries not answered completely", number(s.Gaps)},
		{"Exceptions in force", number(s.OpenExceptions)},
		{"Exceptions expired", number(s.ExpiredExceptions)},
		{"Checks decided by a rule", plain(fmt.Sprintf("%d of %d", decided, len(b.r.Checks)))},
		{"Results of checks", plain(tally(s.ChecksByResult, results))},
		{"Documents by state", plain(b.documentStates())},
	}}}
}

func (b *builder) documentStates() string {
	counts := map[schema.Freshness]int{}
	failing := 0
	for _, d := range b.r.Documents {
		if len(d.Problems) > 0 {
			failing++
			continue
		}
		counts[d.Freshness]++
	}
	states := tally(counts, []schema.Freshness{schema.Fresh, schema.Due, schema.Stale, schema.Missing})
	if failing > 0 {
		states = strings.TrimSuffix(count(failing, "fails", "fail")+", "+states, ", ")
	}
	return states
}
