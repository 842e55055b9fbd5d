package assess

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// Facts are what a run's inputs say, in the form that checks ask for. Facts do
// not change after newFacts and are safe for concurrent use.
type Facts struct {
	// AsOf is the snapshot's, UTC and whole seconds. Age is counted to it.
	AsOf time.Time
	Plan schema.PlanSpec
	// Documents has every entry of the document register with its freshness, in the order of the register.
	Documents []schema.DocumentResult

	judge       *documentJudge
	userPattern *regexp.Regexp
	approvals   []schema.Approval
	namespaces  map[nsKey]*schema.Namespace
	clusters    map[string]schema.Cluster
	owners      map[schema.Subject]string // of workloads, controls and documents
	uids        map[string]string
	sources     []schema.Source
	production  map[string]bool // clusters that have a production namespace
	members     []schema.GroupMember
}

type nsKey struct{ cluster, name string }

func newFacts(snap *schema.Snapshot, in *schema.Inputs) (*Facts, error) {
	f := &Facts{
		AsOf:       snap.AsOf,
		Plan:       in.Plan.Spec,
		approvals:  in.Overlay.Spec.Approvals,
		namespaces: map[nsKey]*schema.Namespace{},
		clusters:   map[string]schema.Cluster{},
		owners:     map[schema.Subject]string{},
		uids:       map[string]string{},
		sources:    snap.Sources,
		production: map[string]bool{},
		members:    snap.Evidence.GroupMembers,
	}
	if p := f.Plan.Access.UserPattern; p != "" {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("plan access.userPattern: %w", err)
		}
		f.userPattern = re
	}
	for _, s := range snap.Sources {
		f.uids[s.Name] = s.UID
	}
	for _, c := range snap.Evidence.Clusters {
		f.clusters[c.Name] = c
		f.uids[c.Name] = cmp.Or(c.UID, f.uids[c.Name])
	}
	for i := range snap.Evidence.Namespaces {
		n := &snap.Evidence.Namespaces[i]
		f.namespaces[nsKey{n.Cluster, n.Name}] = n
	}
	f.inferNamespaces(&snap.Evidence)
	for _, n := range f.namespaces {
		if f.Production(n.Cluster, n.Name) {
			f.production[n.Cluster] = true
		}
	}
	for _, w := range snap.Evidence.Workloads {
		f.owners[w.Subject()] = w.Owner
	}
	for _, c := range overlaid(in) {
		f.owners[controlSubject(c.ID)] = c.Owner
	}
	for _, d := range in.Documents.Spec.Documents {
		f.owners[documentSubject(d.ID)] = d.Owner
	}
	f.judge = newDocumentJudge(f.Today(), in)
	f.Documents = f.judge.judgeAll(in.Documents.Spec.Documents)
	return f, nil
}

// inferNamespaces adds the namespaces of workloads that no row of namespaces names,
// as in manifests that are applied with kubectl's --namespace. They are judged like
// others, so that what runs in them is not passed over as out of scope. They are
// no rows: checks of namespaces do not look at them.
func (f *Facts) inferNamespaces(e *schema.Evidence) {
	for _, w := range e.Workloads {
		key := nsKey{w.Cluster, w.Namespace}
		if f.namespaces[key] == nil {
			f.namespaces[key] = &schema.Namespace{
				Cluster: w.Cluster, Name: w.Namespace, Environment: f.Cluster(w.Cluster).Environment,
				InScope: !slices.Contains(f.Plan.Namespaces.Exclude, w.Namespace),
			}
		}
	}
}

// Today returns the day of the snapshot in UTC.
func (f *Facts) Today() schema.Date { return schema.DateOf(f.AsOf) }

// Cluster returns the row of a cluster; a row with only the name when there is none.
func (f *Facts) Cluster(name string) schema.Cluster {
	if c, ok := f.clusters[name]; ok {
		return c
	}
	return schema.Cluster{Name: name, UID: f.uids[name]}
}

// ClusterUID returns what identifies a cluster from bundle to bundle; empty when unknown.
func (f *Facts) ClusterUID(name string) string { return f.uids[name] }

// Namespace returns the row of a namespace, and whether there is one.
func (f *Facts) Namespace(cluster, name string) (schema.Namespace, bool) {
	if n, ok := f.namespaces[nsKey{cluster, name}]; ok {
		return *n, true
	}
	return schema.Namespace{}, false
}

// InScope reports whether a namespace is judged: a row or a workload names it, and
// the plan does not exclude it.
func (f *Facts) InScope(cluster, namespace string) bool {
	n, ok := f.Namespace(cluster, namespace)
	return ok && n.InScope
}

// Environment returns the environment of a namespace, or that of its cluster
// where the namespace has none of its own.
func (f *Facts) Environment(cluster, namespace string) string {
	n, _ := f.Namespace(cluster, namespace)
	return cmp.Or(n.Environment, f.Cluster(cluster).Environment)
}

// Production reports whether a namespace is in scope and its environment counts as
// production; for the namespace "*", whether the cluster has such a namespace.
func (f *Facts) Production(cluster, namespace string) bool {
	if namespace == "*" {
		return f.production[cluster]
	}
	return f.InScope(cluster, namespace) && slices.Contains(f.Plan.Namespaces.Production, f.Environment(cluster, namespace))
}

// settings returns the parts of the plan that expressions see.
func (f *Facts) settings() Settings {
	return Settings{
		Registries:       f.Plan.Images.Registries,
		Production:       f.Plan.Namespaces.Production,
		PipelineManagers: f.Plan.Access.PipelineManagers,
		RunnerNamespaces: f.Plan.Access.RunnerNamespaces,
	}
}

// UserPattern returns the expression that names of identity-provider users match,
// or nil when the plan gives none.
func (f *Facts) UserPattern() *regexp.Regexp { return f.userPattern }

// Owner returns the owner of the workload, namespace, control or document that a
// subject is or lies in, or an empty string.
func (f *Facts) Owner(s schema.Subject) string {
	w := s
	w.Field = ""
	if o := f.owners[w]; o != "" {
		return o
	}
	name := s.Namespace
	if s.Kind == "Namespace" {
		name = s.Name
	}
	n, _ := f.Namespace(s.Cluster, name)
	return n.Owner
}

// ApprovalState says how an approval stands.
type ApprovalState string

// The states of an approval. An entry without owner, reason or end date approves nothing.
const (
	Approved        ApprovalState = "approved"
	ApprovalExpired ApprovalState = "expired"
	NotApproved     ApprovalState = "none"
)

// Approval looks a subject up among the overlay's approvals of a type. Cluster,
// kind, namespace and name must be equal; an approval without cluster is for every
// cluster. The last day counts.
func (f *Facts) Approval(t schema.ApprovalType, s schema.Subject) ApprovalState {
	state := NotApproved
	today := f.Today()
	for _, a := range f.approvals {
		if a.Type != t || a.Kind != s.Kind || a.Namespace != s.Namespace || a.Name != s.Name ||
			a.Cluster != "" && a.Cluster != s.Cluster {
			continue
		}
		if a.Owner == "" || a.Reason == "" || a.Expires.IsZero() {
			continue
		}
		if !a.Expires.Before(today) {
			return Approved
		}
		state = ApprovalExpired
	}
	return state
}

// Documented reports whether a document that is fresh or due, and free of
// problems, is registered for the check and covers the item.
func (f *Facts) Documented(check, item string) bool {
	if check == groupExports && f.fresh(item) {
		return true
	}
	return slices.ContainsFunc(f.Documents, func(d schema.DocumentResult) bool {
		return slices.Contains(d.Checks, check) && slices.Contains(d.Covers, item) && counts(d)
	})
}

// Evidenced reports whether a document that is evidence is registered for a check.
func (f *Facts) Evidenced(check string) bool {
	return slices.ContainsFunc(f.Documents, func(d schema.DocumentResult) bool { return slices.Contains(d.Checks, check) && counts(d) })
}

// Assured reports whether an assurance document of a provider or supplier, fresh or
// due and free of problems, covers a control.
func (f *Facts) Assured(control string) bool { return len(f.assurances(control)) > 0 }

// assurances returns the ids of those documents, in the order of the register.
func (f *Facts) assurances(control string) []string {
	var out []string
	for _, d := range f.Documents {
		if (d.Type == schema.DocAttestation || d.Type == schema.DocReport) && slices.Contains(d.Covers, control) && counts(d) {
			out = append(out, d.ID)
		}
	}
	return out
}

// counts reports whether a document is evidence.
func counts(d schema.DocumentResult) bool {
	return (d.Freshness == schema.Fresh || d.Freshness == schema.Due) && len(d.Problems) == 0
}
