package assess

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

const (
	tracedDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	tracedCommit = "2222222222222222222222222222222222222222"
	builtCommit  = "3333333333333333333333333333333333333333"
)

// tracedWorld has one workload whose thread is whole: Argo CD deployed a manifest that
// pins the digest, from a commit of a change that somebody else approved.
func tracedWorld() *world {
	w := newWorld()
	w.Sources = append(w.Sources, schema.Source{Name: "hub", Kind: schema.SourceForge})
	w.Queries = append(w.Queries, schema.Query{Source: "hub", Resource: schema.MergedChanges, Repository: "git.example/shop/deploy", Outcome: schema.Complete})
	e := &w.Evidence
	e.Workloads = []schema.Workload{{Cluster: "c", Namespace: "prod", Kind: "Deployment", Name: "api", ManagedBy: "argocd", Application: "shop"}}
	e.Containers = []schema.Container{{Cluster: "c", Namespace: "prod", WorkloadKind: "Deployment", Workload: "api", Name: "api", Type: "container", Digest: tracedDigest}}
	e.Pods = []schema.Pod{{Cluster: "c", Namespace: "prod", Name: "api-1", Phase: "Running", OwnerKind: "Deployment", OwnerName: "api", ImageIDs: []string{"registry.example/api@" + tracedDigest}}}
	e.Applications = []schema.Application{{Cluster: "c", Namespace: "argocd", Kind: "Application", Name: "shop", Sources: []string{"ssh://git@Git.Example:22/shop/deploy.git"},
		Revision: tracedCommit, Sync: "Synced", DestinationNamespace: "prod", Deployed: asOf.Add(-time.Hour)}}
	e.ApplicationObjects = []schema.ApplicationObject{{Cluster: "c", Namespace: "argocd", Kind: "Application", Name: "shop",
		ObjectCluster: "c", ObjectGroup: "apps", ObjectKind: "Deployment", ObjectNamespace: "prod", ObjectName: "api", Sync: "Synced"}}
	e.MergedChanges = []schema.MergedChange{{Forge: "hub", Repository: "git.example/shop/deploy", Number: 7, MergeCommit: tracedCommit, Author: "ann", Approvers: []string{"bob"}, Merged: asOf.Add(-2 * time.Hour)}}
	return w
}

func tracesOf(t *testing.T, w *world) []schema.Trace {
	t.Helper()
	report, err := Assess(context.Background(), &w.Snapshot, &w.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	return report.Derived.Traces
}

// TestTraces cuts one link of a whole thread after the other. What was not collected
// is never broken, and what is known to be broken stays so beside what was not seen.
func TestTraces(t *testing.T) {
	withProvenance := func(p schema.ImageProvenance) func(*world) {
		return func(w *world) {
			p.Cluster, p.Image, p.Digest = "c", "registry.example/api", tracedDigest
			w.Evidence.ImageProvenance = append(w.Evidence.ImageProvenance, p)
		}
	}
	built := withProvenance(schema.ImageProvenance{Evidence: schema.EvidenceProvenance, Verified: schema.VerifiedYes, Builder: "builder", Identity: "ci", SourceRepository: "git.example/shop/api", Commit: builtCommit})
	for _, tc := range []struct {
		name   string
		change func(*world)
		state  schema.TraceState
		first  schema.LinkName
		reason string
	}{
		{"whole by GitOps", func(*world) {}, schema.TraceUnbroken, "", ""},
		{"no pods may be read, and the template pins", func(w *world) { w.Evidence.Pods = nil; w.refuse("pods") }, schema.TraceNotSeen, schema.LinkDigest, "pods of c: forbidden"},
		{"no pod runs, and the template pins", func(w *world) { w.Evidence.Pods = nil }, schema.TraceUnbroken, "", ""},
		{"no pod runs, and a tag", func(w *world) { w.Evidence.Pods = nil; w.Evidence.Containers[0].Digest = "" }, schema.TraceNotSeen, schema.LinkDigest, "names a tag"},
		{"a tag, and no provenance collected", func(w *world) { w.Evidence.Containers[0].Digest = "" }, schema.TraceNotSeen, schema.LinkProvenance, "provenance was not collected; the manifest names a tag"},
		{"a tag, and none in the registry", func(w *world) {
			w.Evidence.Containers[0].Digest = ""
			withProvenance(schema.ImageProvenance{Evidence: schema.EvidenceNone})(w)
		}, schema.TraceNotSeen, schema.LinkProvenance, "the registry has no provenance"},
		{"provenance that does not verify, although pinned", withProvenance(schema.ImageProvenance{Evidence: schema.EvidenceProvenance, Verified: schema.VerifiedNo, Why: "another signer"}),
			schema.TraceBroken, schema.LinkProvenance, "another signer"},
		{"provenance of a repository that was not asked", built, schema.TraceNotSeen, schema.LinkChange, "git.example/shop/api were not asked for"},
		{"provenance of a merged change", func(w *world) {
			built(w)
			w.Queries = append(w.Queries, schema.Query{Source: "hub", Resource: schema.MergedChanges, Repository: "git.example/shop/api", Outcome: schema.Complete})
			w.Evidence.MergedChanges = append(w.Evidence.MergedChanges, schema.MergedChange{Forge: "hub", Repository: "git.example/shop/api", Number: 1, MergeCommit: builtCommit, Author: "ann", Approvers: []string{"eve"}})
		}, schema.TraceUnbroken, "", ""},
		{"provenance without a commit", withProvenance(schema.ImageProvenance{Evidence: schema.EvidenceProvenance, Verified: schema.VerifiedYes}), schema.TraceNotSeen, schema.LinkCommit, "names no commit"},
		{"a chart", func(w *world) { w.Evidence.Applications[0].Revision = "1.2.3" }, schema.TraceNotSeen, schema.LinkCommit, "release of a chart"},
		{"no forge", func(w *world) {
			w.Evidence.MergedChanges = nil
			w.Queries = unaskedFor(w.Queries, schema.MergedChanges)
		}, schema.TraceNotSeen, schema.LinkChange, "no forge was asked"},
		{"merged changes refused", func(w *world) { w.Evidence.MergedChanges = nil; w.refuse(schema.MergedChanges) }, schema.TraceNotSeen, schema.LinkChange, "forbidden"},
		{"pushed", func(w *world) {
			w.Evidence.MergedChanges[0].MergeCommit = builtCommit
			w.Evidence.DirectPushes = []schema.DirectPush{{Repository: "git.example/shop/deploy", Commit: tracedCommit, Author: "ann", Branch: "main"}}
		}, schema.TraceBroken, schema.LinkChange, "ann pushed it to main"},
		{"no change has it", func(w *world) { w.Evidence.MergedChanges[0].MergeCommit = builtCommit }, schema.TraceBroken, schema.LinkChange, "no merged change of the period"},
		{"older than what is known", func(w *world) {
			w.Evidence.MergedChanges[0].MergeCommit, w.Evidence.MergedChanges[0].Merged = builtCommit, asOf
		}, schema.TraceNotSeen, schema.LinkChange, "older than the period"},
		{"approved by the author", func(w *world) { w.Evidence.MergedChanges[0].Approvers = []string{"ann"} }, schema.TraceBroken, schema.LinkApproval, "nobody but its author"},
		{"changed after the approval", func(w *world) {
			w.Evidence.MergedChanges[0].Approvers, w.Evidence.MergedChanges[0].StaleApprovers = nil, []string{"bob"}
		}, schema.TraceBroken, schema.LinkApproval, "after the approval of bob"},
		{"the object differs", func(w *world) { w.Evidence.ApplicationObjects[0].Sync = "OutOfSync" }, schema.TraceBroken, schema.LinkRevision, "differs from the revision"},
		{"the application differs somewhere", func(w *world) {
			w.Evidence.ApplicationObjects, w.Evidence.Applications[0].Sync = nil, "OutOfSync"
		}, schema.TraceNotSeen, schema.LinkRevision, "does not say with which objects"},
		{"only a mark", func(w *world) { w.Evidence.ApplicationObjects = nil }, schema.TraceUnbroken, "", ""},
		{"the application was not read", func(w *world) { w.Evidence.ApplicationObjects, w.Evidence.Applications = nil, nil }, schema.TraceNotSeen, schema.LinkProvenance, "not collected"},
		{"nothing declares it", func(w *world) {
			w.Evidence.ApplicationObjects, w.Evidence.Workloads[0].ManagedBy, w.Evidence.Workloads[0].Application = nil, "", ""
		}, schema.TraceBroken, schema.LinkRevision, "nothing declares it"},
		{"applications refused", func(w *world) {
			w.Evidence.ApplicationObjects, w.Evidence.Workloads[0].ManagedBy, w.Evidence.Workloads[0].Application = nil, "", ""
			w.refuse("applications.argoproj.io")
		}, schema.TraceNotSeen, schema.LinkProvenance, "not collected"},
		{"Flux, by the address of its source", func(w *world) {
			w.Evidence.Workloads[0].ManagedBy, w.Evidence.Workloads[0].Application = "flux", "Kustomization/flux-system/shop"
			w.Evidence.ApplicationObjects = nil
			w.Evidence.Applications = []schema.Application{{Cluster: "c", Namespace: "flux-system", Kind: "Kustomization", Name: "shop", Sources: []string{"GitRepository/flux-system/shop"},
				Revision: "main@sha1:" + tracedCommit, Sync: "Synced"}}
			w.Evidence.ApplicationSources = []schema.ApplicationSource{{Cluster: "c", Namespace: "flux-system", Kind: "GitRepository", Name: "shop", Address: "git@git.example:shop/deploy"}}
		}, schema.TraceUnbroken, "", ""},
		{"not production", func(w *world) { w.Evidence.Workloads[0].Namespace = "dev" }, "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := tracedWorld()
			tc.change(w)
			traces := tracesOf(t, w)
			if tc.state == "" {
				if len(traces) != 0 {
					t.Errorf("got %d traces, want none", len(traces))
				}
				return
			}
			if len(traces) != 1 || len(traces[0].Links) != len(schema.Words(reflect.TypeFor[schema.LinkName]())) {
				t.Fatalf("got %+v, want one trace with every link", traces)
			}
			got := traces[0]
			if got.State != tc.state || got.First != tc.first || !strings.Contains(got.Reason, tc.reason) {
				t.Errorf("got %s at %s (%s), want %s at %s (%s)", got.State, got.First, got.Reason, tc.state, tc.first, tc.reason)
			}
		})
	}
}

// TestTraceSaysByWhat holds the evidence of each link of a whole thread.
func TestTraceSaysByWhat(t *testing.T) {
	var got []string
	for _, l := range tracesOf(t, tracedWorld())[0].Links {
		got = append(got, string(l.Name)+": "+l.Value+" ("+l.Evidence+")")
	}
	want := []string{
		"digest: sha256:111111111111 (the kubelet reports it of running pods)",
		"provenance: sha256:111111111111 (provenance was not collected; what Application argocd/shop deployed pins the digest)",
		"commit: git.example/shop/deploy@222222222222 (the revision that Application argocd/shop applied)",
		"change: git.example/shop/deploy#7 (it is among the merged changes of hub)",
		"approval: bob (approved git.example/shop/deploy#7 of ann)",
		"deployment: bob (approved git.example/shop/deploy#7 of ann; its merge is what Application argocd/shop deploys)",
		"revision: 222222222222 (Application argocd/shop applied it on 2026-11-22, and finds the object in step)",
		"object: Deployment prod/api (it is in the list of objects of Application argocd/shop)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func unaskedFor(queries []schema.Query, resource string) []schema.Query {
	var out []schema.Query
	for _, q := range queries {
		if q.Resource != resource {
			out = append(out, q)
		}
	}
	return out
}
