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

// administrators lists who holds everything, cluster by cluster, and by which path.
func (b *builder) administrators() []Block {
	t := Table{
		Columns: []Column{
			{Title: "Effective administrator", Width: 46}, {Title: "Path", Width: 92}, {Title: "Approval", Width: 17, Kind: StatusCell}, {Title: "Since", Width: 15},
		},
		Dense: true,
		Empty: "No administrator was found outside of Kubernetes' own.",
	}
	builtIn := 0
	for _, g := range b.r.Derived.AccessGrants {
		if !g.AdminEquivalent || g.Scope != "*" {
			continue
		}
		if g.BuiltIn {
			builtIn++
			continue
		}
		who := Text{Value: strings.TrimPrefix(g.SubjectNamespace+"/"+g.SubjectName, "/"), Bold: true, Note: g.SubjectKind + " in " + g.Cluster}
		approval := Text{Value: cmp.Or(g.Approval, "none"), Tone: Bad}
		if g.Approval == "approved" {
			approval.Tone = Good
		}
		t.Rows = append(t.Rows, []Text{who, plain(g.Path), approval, date(g.Since)})
	}
	blocks := b.shown(t, "accessGrants")
	if builtIn > 0 {
		blocks = append(blocks, small("%s proven to be Kubernetes' own and left out here; they are on %s.",
			count(builtIn, "further grant is", "further grants are"), sheet("Access grants")))
	}
	return blocks
}

// barriers shows for each namespace in scope what stands between it and the others.
func (b *builder) barriers() []Block {
	type key struct{ cluster, name string }
	policies, quotas, host, open := map[key]int{}, map[key]int{}, map[key]int{}, 0
	for _, p := range b.s.Evidence.NetworkPolicies {
		policies[key{p.Cluster, p.Namespace}]++
	}
	for _, q := range b.s.Evidence.Quotas {
		quotas[key{q.Cluster, q.Namespace}]++
	}
	for _, w := range b.s.Evidence.Workloads {
		if len(w.HostAccess) > 0 {
			host[key{w.Cluster, w.Namespace}]++
		}
	}
	t := Table{
		Columns: []Column{
			{Title: "Namespace", Width: 52}, {Title: "Environment", Width: 24}, {Title: "Owner", Width: 26}, {Title: "Pod security", Width: 22},
			{Title: "Network policies", Width: 16, Kind: NumberCell}, {Title: "Quotas", Width: 14, Kind: NumberCell}, {Title: "With host access", Width: 16, Kind: NumberCell},
		},
		Dense: true,
		Empty: "No namespace is in scope.",
	}
	for _, n := range b.s.Evidence.Namespaces {
		if !n.InScope {
			continue
		}
		k := key{n.Cluster, n.Name}
		if policies[k] == 0 {
			open++
		}
		level := plain(n.PodSecurityEnforce)
		if n.PodSecurityEnforce == "" {
			level = Text{Value: "no label", Tone: Bad}
		}
		t.Rows = append(t.Rows, []Text{
			{Value: n.Name, Note: n.Cluster}, plain(n.Environment), plain(n.Owner), level, number(policies[k]), number(quotas[k]), number(host[k]),
		})
	}
	// The least protected first.
	slices.SortStableFunc(t.Rows, func(x, y []Text) int {
		return cmp.Or(cmp.Compare(barrierCount(x), barrierCount(y)), strings.Compare(x[0].Value, y[0].Value))
	})
	namespaces := len(t.Rows)
	blocks := b.shown(t, "namespaces", "networkPolicies", "quotas", "workloads")
	if len(b.incomplete("namespaces", "networkPolicies", "services", "ingresses")) > 0 {
		return blocks // the sums below would be too small
	}
	return append(blocks, small("%s in scope, %s no network policy at all. Exposed to the outside: %s.",
		count(namespaces, "namespace is", "namespaces are"), count(open, "has", "have"), b.exposure()))
}

func barrierCount(row []Text) int {
	n := 0
	if row[3].Tone == Plain {
		n++
	}
	for _, c := range row[4:6] {
		if c.Value != "0" {
			n++
		}
	}
	return n
}

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
	return append(b.shown(t, "workloads", "containers"), small("A label of a pipeline on a workload is an indicator: whoever can write the object can write the label."))
}

// secretKeeping shows who may read secrets, and what manages them.
func (b *builder) secretKeeping() []Block {
	managers := map[string]int{}
	for _, s := range b.s.Evidence.Secrets {
		unknown := "no known manager"
		if s.Tier != schema.SecretsRotation {
			unknown = "not known in this tier"
		}
		managers[cmp.Or(s.Manager, unknown)]++
	}
	var kept []string
	for _, m := range sortedKeys(managers) {
		kept = append(kept, m+" "+group(managers[m]))
	}
	rules := map[string]int{}
	for _, c := range b.s.Evidence.Credentials {
		rules[c.Rule]++
	}
	var clear []string
	for _, r := range sortedKeys(rules) {
		clear = append(clear, r+" "+group(rules[r]))
	}
	readers := map[string]int{}
	t := Table{
		Columns: []Column{{Title: "Grant to read secrets", Width: 48}, {Title: "Where", Width: 34}, {Title: "Path", Width: 88}},
		Dense:   true,
		Empty:   "Nobody but Kubernetes' own components may read secrets.",
	}
	for _, g := range b.r.Derived.AccessGrants {
		if len(g.ReadsSecrets) == 0 || g.BuiltIn {
			continue
		}
		who := strings.TrimPrefix(g.SubjectNamespace+"/"+g.SubjectName, "/")
		readers[g.Cluster+" "+g.SubjectKind+" "+who]++
		where := "namespace " + g.Scope
		if g.Scope == "*" {
			where = "whole cluster"
		}
		t.Rows = append(t.Rows, []Text{{Value: who, Note: g.SubjectKind + " in " + g.Cluster, Bold: true}, {Value: where, Note: strings.Join(g.ReadsSecrets, ", ")}, plain(g.Path)})
	}
	slices.SortStableFunc(t.Rows, func(x, y []Text) int { return strings.Compare(y[1].Value, x[1].Value) })
	who := b.counted(len(readers), "accessGrants")
	who.Note = fmt.Sprintf("in all clusters, by %s; the headline number is of production only", count(len(t.Rows), "grant", "grants"))
	blocks := []Block{KeyValues{Columns: 3, Items: []KeyValue{
		{"Secrets by manager", b.tallied(kept, "secrets")},
		{"Values in clear, by rule", b.tallied(clear, "credentials")},
		{"Subjects that may read secrets", who},
	}}}
	return append(blocks, b.shown(t, "accessGrants")...)
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
	return b.shown(t, "controlPlaneFlags")
}

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
	return append([]Block{volumes}, b.shown(t, "backups")...)
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
	return []Block{t, Paragraph{Style: Small, Text: Text{Value: "The whole matrix is in the chapter on responsibilities.", Link: "responsibilities"}}}
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
