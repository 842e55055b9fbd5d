package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// traces leads every workload of production back to an approved change, link by link.
func (a *assessment) traces() []schema.Trace {
	t := newTracer(a)
	var out []schema.Trace
	for i := range a.snap.Evidence.Workloads {
		if w := &a.snap.Evidence.Workloads[i]; a.facts.Production(w.Cluster, w.Namespace) {
			out = append(out, t.trace(w))
		}
	}
	return out
}

// A tracer has what the links of all traces are looked up in.
type tracer struct {
	facts    *Facts
	answers  answers
	evidence *schema.Evidence
	merged   merged
	// running are the digests that the pods of a workload run, containers the
	// containers of its template.
	running    map[schema.Subject][]string
	containers map[schema.Subject][]*schema.Container
	// declared are what applications say that they deploy, by the object.
	declared     map[schema.Subject][]*schema.ApplicationObject
	applications map[schema.Subject]*schema.Application
	provenance   map[string][]*schema.ImageProvenance // by cluster and digest
	changes      map[string][]*schema.MergedChange    // by commit
	deployments  map[string][]*schema.Deployment      // to production, by commit
}

func newTracer(a *assessment) *tracer {
	e := &a.snap.Evidence
	t := &tracer{
		facts: a.facts, answers: a.answers, evidence: e, merged: mergedIn(a.snap),
		running: map[schema.Subject][]string{}, containers: map[schema.Subject][]*schema.Container{},
		declared: map[schema.Subject][]*schema.ApplicationObject{}, applications: map[schema.Subject]*schema.Application{},
		provenance: map[string][]*schema.ImageProvenance{}, changes: map[string][]*schema.MergedChange{}, deployments: map[string][]*schema.Deployment{},
	}
	t.indexClusters(e)
	for i := range e.ImageProvenance {
		p := &e.ImageProvenance[i]
		key := p.Cluster + " " + p.Digest
		t.provenance[key] = append(t.provenance[key], p)
	}
	for i := range e.MergedChanges {
		c := &e.MergedChanges[i]
		for _, commit := range distinct([]string{c.MergeCommit, c.Head}) {
			t.changes[commit] = append(t.changes[commit], c)
		}
	}
	for i := range e.Deployments {
		if d := &e.Deployments[i]; slices.Contains(a.facts.forge(d.Forge).ProductionEnvironments(), d.Environment) {
			t.deployments[d.Commit] = append(t.deployments[d.Commit], d)
		}
	}
	return t
}

// indexClusters sorts what lies in clusters by the workload that it belongs to.
func (t *tracer) indexClusters(e *schema.Evidence) {
	for _, p := range e.Pods {
		owner := schema.Subject{Cluster: p.Cluster, Kind: p.OwnerKind, Namespace: p.Namespace, Name: p.OwnerName}
		for _, id := range p.ImageIDs {
			if _, digest, ok := strings.Cut(id, "@"); ok && running(&p) {
				t.running[owner] = append(t.running[owner], digest)
			}
		}
	}
	for i := range e.Containers {
		c := &e.Containers[i]
		owner := schema.Subject{Cluster: c.Cluster, Kind: c.WorkloadKind, Namespace: c.Namespace, Name: c.Workload}
		t.containers[owner] = append(t.containers[owner], c)
	}
	for i := range e.Applications {
		t.applications[e.Applications[i].Subject()] = &e.Applications[i]
	}
	for i := range e.ApplicationObjects {
		o := &e.ApplicationObjects[i]
		s := schema.Subject{Cluster: t.clusterAt(o.ObjectCluster), Kind: o.ObjectKind, Namespace: o.ObjectNamespace, Name: o.ObjectName}
		t.declared[s] = append(t.declared[s], o)
	}
}

// clusterAt names the cluster that an application deploys to: by its name, or by the
// host of its API server, which is where a live source was read from.
func (t *tracer) clusterAt(destination string) string {
	host := strings.TrimPrefix(destination, "https://")
	for _, s := range t.facts.sources {
		if s.Kind == schema.SourceCluster && host != destination && strings.TrimSuffix(s.Location, "/") == strings.TrimSuffix(host, "/") {
			return s.Name
		}
	}
	return destination
}

// A thread is one workload while its links are made.
type thread struct {
	*tracer
	workload *schema.Workload
	// declared is the object as its application names it, nil where none does;
	// application is nil where none is known.
	declared    *schema.ApplicationObject
	application *schema.Application
	// pinnedOnly is true where only what GitOps deployed leads from the digest to a commit.
	pinnedOnly bool
	// digests are what runs, commits what leads there, and changes how those were merged.
	digests []string
	commits []origin
	changes []*schema.MergedChange
	links   []schema.TraceLink
}

// An origin is a commit that something running was made of.
type origin struct {
	commit string
	// repositories are those that it may lie in; none where that is not known.
	repositories []string
	// others is how many of those are no repositories, but sources of charts.
	others int
	// application is what deploys the commit, nil for the commit that an image was built of.
	application *schema.Application
}

func (o origin) String() string {
	if len(o.repositories) == 1 {
		return o.repositories[0] + "@" + short(o.commit)
	}
	return short(o.commit)
}

// short is the form of a commit or digest that people tell apart.
func short(s string) string {
	prefix, rest, ok := strings.Cut(s, ":")
	if !ok {
		prefix, rest = "", s
	} else {
		prefix += ":"
	}
	return prefix + rest[:min(12, len(rest))]
}

func (t *tracer) trace(w *schema.Workload) schema.Trace {
	h := &thread{tracer: t, workload: w}
	h.findApplication()
	for _, link := range []func() schema.TraceLink{
		h.digest, h.pedigree, h.commit, h.change, h.approval, h.deployment, h.revision, h.object,
	} {
		h.links = append(h.links, link())
	}
	out := schema.Trace{Cluster: w.Cluster, Namespace: w.Namespace, Kind: w.Kind, Name: w.Name, Owner: t.facts.Owner(w.Subject()), State: schema.TraceUnbroken, Links: h.links}
	for _, state := range []struct {
		link  schema.LinkState
		trace schema.TraceState
	}{{schema.LinkBroken, schema.TraceBroken}, {schema.LinkNotSeen, schema.TraceNotSeen}} {
		if i := slices.IndexFunc(h.links, func(l schema.TraceLink) bool { return l.State == state.link }); i >= 0 {
			out.State, out.First, out.Reason = state.trace, h.links[i].Name, h.links[i].Evidence
			break
		}
	}
	return out
}

// findApplication looks for what deploys the workload: what lists the object, or
// else what the object says of itself.
func (h *thread) findApplication() {
	if l := h.tracer.declared[h.workload.Subject()]; len(l) > 0 {
		h.declared = l[0]
		owner := schema.Subject{Cluster: l[0].Cluster, Kind: l[0].Kind, Namespace: l[0].Namespace, Name: l[0].Name}
		h.application = h.applications[owner]
		return
	}
	claim := h.workload.Application
	if claim == "" {
		return
	}
	for _, a := range h.evidence.Applications {
		s := a.Subject()
		name := s.Name
		if a.Kind != "Application" {
			name = s.Kind + "/" + s.Namespace + "/" + s.Name
		}
		// Argo CD writes namespace_name for an application outside its own namespace.
		if s.Cluster == h.workload.Cluster && (name == claim || a.Kind == "Application" && s.Namespace+"_"+s.Name == claim) {
			h.application = h.applications[s]
			return
		}
	}
}

// made, broken and notSeen make links; the last argument says by what, or why not.
func made(name schema.LinkName, value, evidence string) schema.TraceLink {
	return schema.TraceLink{Name: name, State: schema.LinkMade, Value: value, Evidence: evidence}
}

func broken(name schema.LinkName, value, format string, args ...any) schema.TraceLink {
	return schema.TraceLink{Name: name, State: schema.LinkBroken, Value: value, Evidence: fmt.Sprintf(format, args...)}
}

func notSeen(name schema.LinkName, value, format string, args ...any) schema.TraceLink {
	return schema.TraceLink{Name: name, State: schema.LinkNotSeen, Value: value, Evidence: fmt.Sprintf(format, args...)}
}

// countTraces counts traces by their state.
func countTraces(traces []schema.Trace) (c schema.TraceCounts) {
	for _, t := range traces {
		switch t.State {
		case schema.TraceUnbroken:
			c.Unbroken++
		case schema.TraceBroken:
			c.Broken++
		default:
			c.NotSeen++
		}
	}
	return c
}
