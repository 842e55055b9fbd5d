package assess

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// review adds a review of a cluster that was completed so many days before the
// snapshot. Decisions are one a line: VERDICT KIND [NAMESPACE/]NAME BINDING ROLE,
// where BINDING is crb/NAME or rb/NAMESPACE/NAME.
func (w *world) review(t *testing.T, name, cluster string, daysAgo int, decisions string) {
	t.Helper()
	r := schema.AccessReview{Metadata: schema.Metadata{Name: name}}
	r.Spec = schema.AccessReviewSpec{Cluster: cluster, Reviewer: "zoe", CompletedOn: schema.DateOf(asOf).AddDays(-daysAgo)}
	for line := range strings.Lines(decisions) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		d := schema.ReviewDecision{Decision: schema.Verdict(f[0]), SubjectKind: f[1], SubjectName: f[2], RoleKind: "ClusterRole", Role: f[4]}
		if d.SubjectKind == "ServiceAccount" {
			d.SubjectNamespace, d.SubjectName, _ = strings.Cut(f[2], "/")
		}
		if b := strings.Split(f[3], "/"); b[0] == "crb" {
			d.BindingKind, d.Binding, d.Scope = "ClusterRoleBinding", b[1], rbac.ClusterWide
		} else {
			d.BindingKind, d.Binding, d.Scope = "RoleBinding", b[2], b[1]
		}
		r.Spec.Decisions = append(r.Spec.Decisions, d)
	}
	w.Reviews = append(w.Reviews, r)
}

// old dates every binding to long before any review.
func (w *world) old() {
	for i := range w.Evidence.Bindings {
		w.Evidence.Bindings[i].Created = asOf.AddDate(-1, 0, 0)
	}
}

func TestRevokedRights(t *testing.T) {
	const access = `
		clusterrole everything: * * *
		crb ops -> everything: Group dev
		rb prod/bot -> ClusterRole everything: ServiceAccount ci/bot
		`
	reviewed := func(reviews func(t *testing.T, w *world)) func(*world) {
		return func(w *world) { reviews(t, w) }
	}
	runCases(t, "ACC-04.k1", []checkCase{
		{name: "no review", result: schema.ResultNotCollected, rbac: access},
		{name: "a review of another cluster, and one of tomorrow", result: schema.ResultNotCollected, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "other", "d", 10, "revoke Group dev crb/ops everything")
			w.review(t, "late", "c", -1, "revoke Group dev crb/ops everything")
		})},
		{name: "one survives, one is gone, one is kept", result: schema.ResultFail, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q3", "c", 10, `
				revoke Group dev crb/ops everything
				revoke User gone crb/ops everything
				keep ServiceAccount ci/bot rb/prod/bot everything`)
		}), want: []string{
			"fail high | Group dev ClusterRoleBinding/ops to ClusterRole/everything | Group dev was marked for revocation on 2026-11-12 and still holds ClusterRole everything in the whole cluster, by ClusterRoleBinding ops.",
		}},
		{name: "all are gone", result: schema.ResultPass, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q3", "c", 10, `
				revoke Group dev crb/ops-old view
				revoke ServiceAccount ci/bot rb/dev/bot everything`)
		})},
		{name: "nothing was revoked", result: schema.ResultPass, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q3", "c", 10, "keep Group dev crb/ops everything")
		})},
		{name: "bound again under another name", result: schema.ResultFail, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q3", "c", 10, `
				revoke Group dev crb/ops-old everything
				revoke ServiceAccount ci/bot rb/prod/bot-old everything`)
		}), want: []string{
			"fail high | Group dev ClusterRoleBinding/ops to ClusterRole/everything | Group dev was marked for revocation on 2026-11-12 and still holds ClusterRole everything in the whole cluster, by ClusterRoleBinding ops.",
			"fail high | ServiceAccount ci/bot RoleBinding/prod/bot to ClusterRole/everything | ServiceAccount ci/bot was marked for revocation on 2026-11-12 and still holds ClusterRole everything in namespace prod, by RoleBinding bot.",
		}},
		{name: "the second of two bindings was taken away", result: schema.ResultPass, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q3", "c", 10, `
				revoke Group dev crb/ops-old everything
				keep Group dev crb/ops everything`)
		})},
		{name: "a later review gave it back", result: schema.ResultPass, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q2", "c", 100, "revoke Group dev crb/ops everything")
			w.review(t, "q3", "c", 10, "keep Group dev crb/ops everything")
		})},
		{name: "a later review took it away", result: schema.ResultFail, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q3", "c", 10, "revoke Group dev crb/ops everything")
			w.review(t, "q2", "c", 100, "keep Group dev crb/ops everything")
		}), want: []string{
			"fail high | Group dev ClusterRoleBinding/ops to ClusterRole/everything | Group dev was marked for revocation on 2026-11-12 and still holds ClusterRole everything in the whole cluster, by ClusterRoleBinding ops.",
		}},
		{name: "bindings that may not be read", result: schema.ResultNotCollected, rbac: access, more: reviewed(func(t *testing.T, w *world) {
			w.review(t, "q3", "c", 10, "revoke Group dev crb/ops everything")
			w.refuse("clusterrolebindings.rbac.authorization.k8s.io")
		})},
	})
}

func TestAccessReviewed(t *testing.T) {
	const access = `
		clusterrole everything: * * *
		clusterrole reader: core pods get
		clusterrole cluster-admin builtin: * * *
		crb cluster-admin builtin -> cluster-admin: Group system:masters
		crb ops -> everything: Group dev
		crb look -> reader: Group all
		rb prod/bot -> ClusterRole everything: ServiceAccount ci/bot
		`
	const both = `
		keep Group dev crb/ops everything
		keep ServiceAccount ci/bot rb/prod/bot everything`
	record := func(w *world, asOf schema.Date, covers ...string) {
		w.Documents.Spec.Documents = append(w.Documents.Spec.Documents, schema.DocumentRecord{ID: "d", Title: "Review", Type: schema.DocRecord, AsOf: asOf,
			Checks: []string{"ACC-04.d1"}, Location: "wiki", Covers: covers})
	}
	today := schema.DateOf(asOf)
	runCases(t, "ACC-04.d1", []checkCase{
		{name: "neither record nor review", result: schema.ResultNotCollected, rbac: access},
		{name: "a record of another cluster", result: schema.ResultNotCollected, rbac: access, more: func(w *world) { record(w, today, "d") }},
		{name: "a record", result: schema.ResultPass, rbac: access, more: func(w *world) { record(w, today.AddDays(-100), "c") }},
		{name: "an old record", result: schema.ResultPartial, rbac: access, more: func(w *world) { record(w, today.AddDays(-101), "c") },
			want: []string{"partial high | Cluster c | Review (d), which covers c, is out of date since 2026-11-21."}},
		{name: "a complete review", result: schema.ResultPass, rbac: access, more: func(w *world) {
			w.old()
			w.review(t, "q3", "c", 100, both)
		}},
		{name: "a complete review, too long ago, and an old record", result: schema.ResultPartial, rbac: access, more: func(w *world) {
			w.old()
			w.review(t, "q3", "c", 101, both)
			record(w, today.AddDays(-101), "c")
		}, want: []string{
			"partial high | AccessReview q3 | The access review q3 of 2026-08-13 is out of date since 2026-11-21.",
			"partial high | Cluster c | Review (d), which covers c, is out of date since 2026-11-21."}},
		{name: "the newest review counts", result: schema.ResultPass, rbac: access, more: func(w *world) {
			w.old()
			w.review(t, "q2", "c", 200, "keep Group dev crb/ops everything")
			w.review(t, "q3", "c", 10, both)
			w.review(t, "q4", "c", -10, "keep Group dev crb/ops everything")
		}},
		{name: "a right without a decision", result: schema.ResultFail, rbac: access, more: func(w *world) {
			w.old()
			w.review(t, "q3", "c", 10, "revoke Group dev crb/ops everything")
		}, want: []string{"fail high | AccessReview q3 | The access review q3 of 2026-11-12 by zoe is not complete: it has no decision on 1 of 2 privileged rights that are older than it: ServiceAccount ci/bot by prod/bot."}},
		{name: "a right that is younger than the review", result: schema.ResultPass, rbac: access, more: func(w *world) {
			w.old()
			w.Evidence.Bindings[3].Created = asOf.AddDate(0, 0, -10)
			w.review(t, "q3", "c", 10, "keep Group dev crb/ops everything")
		}},
		{name: "the list of the previous bundle was reviewed", result: schema.ResultFail, rbac: access, more: func(w *world) {
			w.review(t, "q3", "c", 10, both)
			w.Reviews[0].Spec.Population.SHA256 = "abc"
			w.previous(30, schema.AccessGrant{SubjectKind: "User", SubjectName: "ann", Scope: "*", BindingKind: "ClusterRoleBinding", Binding: "a", RoleKind: "ClusterRole", Role: "r", AdminEquivalent: true})
		}, want: []string{"fail high | AccessReview q3 | The access review q3 of 2026-11-12 by zoe is not complete: it has no decision on 1 of 1 privileged right that it reviewed: User ann by a."}},
		{name: "the reviewer alone", result: schema.ResultFail, rbac: "clusterrole everything: * * *\ncrb z -> everything: User zoe", more: func(w *world) {
			w.old()
			w.review(t, "q3", "c", 10, "keep User zoe crb/z everything")
		}, want: []string{"fail high | AccessReview q3 | The access review q3 of 2026-11-12 by zoe is not complete: reviewers decided about rights of their own: User zoe by z."}},
		{name: "two reviewers, one list", result: schema.ResultPass, rbac: access, more: func(w *world) {
			w.old()
			w.review(t, "q3-a", "c", 10, "keep Group dev crb/ops everything")
			w.review(t, "q3-b", "c", 12, "keep ServiceAccount ci/bot rb/prod/bot everything")
			w.Reviews[0].Spec.Population.SHA256, w.Reviews[1].Spec.Population.SHA256 = "abc", "abc"
		}},
		{name: "two reviewers, two lists", result: schema.ResultFail, rbac: access, more: func(w *world) {
			w.old()
			w.review(t, "q3-a", "c", 10, "keep Group dev crb/ops everything")
			w.review(t, "q3-b", "c", 12, "keep ServiceAccount ci/bot rb/prod/bot everything")
			w.Reviews[0].Spec.Population.SHA256, w.Reviews[1].Spec.Population.SHA256 = "abc", "def"
		}, want: []string{"fail high | AccessReview q3-a | The access review q3-a of 2026-11-12 by zoe is not complete: it has no decision on 1 of 2 privileged rights that are older than it: ServiceAccount ci/bot by prod/bot."}},
		{name: "the first part is too old", result: schema.ResultPartial, rbac: access, more: func(w *world) {
			w.old()
			w.review(t, "q3-a", "c", 10, "keep Group dev crb/ops everything")
			w.review(t, "q3-b", "c", 101, "keep ServiceAccount ci/bot rb/prod/bot everything")
			w.Reviews[0].Spec.Population.SHA256, w.Reviews[1].Spec.Population.SHA256 = "abc", "abc"
		}, want: []string{"partial high | AccessReview q3-a | The access review q3-a of 2026-08-13 is out of date since 2026-11-21."}},
		{name: "a reviewer known by another name", result: schema.ResultFail, rbac: "clusterrole everything: * * *\ncrb z -> everything: User oidc:zoe, Group dev", more: func(w *world) {
			w.old()
			w.review(t, "q3", "c", 10, "keep User oidc:zoe crb/z everything\nkeep Group dev crb/z everything")
			w.Reviews[0].Spec.ReviewerSubjects = []string{"oidc:zoe"}
		}, want: []string{"fail high | AccessReview q3 | The access review q3 of 2026-11-12 by zoe is not complete: reviewers decided about rights of their own: User oidc:zoe by z."}},
		{name: "a review of tomorrow", result: schema.ResultFail, rbac: access, more: func(w *world) { w.review(t, "q4", "c", -1, both) },
			want: []string{"fail high | AccessReview q4 | The access review q4 of 2026-11-23 by zoe is not complete: it is dated after the snapshot."}},
	})
}

// previous is the bundle of so many days ago, in which everything was answered
// and the cluster had these grants.
func (w *world) previous(daysAgo int, grants ...schema.AccessGrant) {
	p := &schema.PreviousFacts{AsOf: asOf.AddDate(0, 0, -daysAgo), Sources: []schema.ClaimedSource{{Name: "c", UID: "uid-c"}}, GrantsSHA256: "abc"}
	grantsOf, _ := schema.PopulationNamed("accessGrants")
	for _, r := range grantsOf.AllResources() {
		p.Queries = append(p.Queries, schema.Query{Source: "c", Resource: r, Outcome: schema.Complete})
	}
	for _, g := range grants {
		g.Cluster = "c"
		p.Grants = append(p.Grants, g)
	}
	w.Previous = p
}

// before makes the previous bundle of roles and bindings, as world.rbac reads them.
func before(t *testing.T, text string) func(*world) {
	return func(w *world) {
		earlier := newWorld()
		earlier.rbac(t, text)
		w.previous(92, rbac.Resolve("v1.37.1", &earlier.Evidence).Grants...)
	}
}

func TestNewRights(t *testing.T) {
	const access = `
		clusterrole everything: * * *
		clusterrole reader: core pods get
		crb ops -> everything: Group dev
		crb look -> reader: Group all
		`
	named := func(change func(*schema.PreviousFacts)) func(*world) {
		return func(w *world) {
			before(t, access)(w)
			change(w.Previous)
		}
	}
	runCases(t, "ACC-04.k2", []checkCase{
		{name: "no previous bundle", result: schema.ResultNotCollected, rbac: access},
		{name: "no difference", result: schema.ResultPass, rbac: access, more: before(t, access)},
		{name: "nothing privileged, before and now", result: schema.ResultPass, more: before(t, "")},
		{name: "only rights that are not privileged came", result: schema.ResultPass, rbac: access, more: before(t, "clusterrole everything: * * *\ncrb ops -> everything: Group dev")},
		{name: "one came, one went", result: schema.ResultNeedsReview, rbac: access, more: before(t, `
			clusterrole everything: * * *
			rb prod/bot -> ClusterRole everything: ServiceAccount ci/bot`), want: []string{
			"needs_review medium | Group dev ClusterRoleBinding/ops to ClusterRole/everything | Group dev, by ClusterRoleBinding ops, has ClusterRole everything in the whole cluster: not in the bundle of 2026-08-22, and no merged change is linked to it.",
			"needs_review medium | Cluster c | Privileged rights added since the bundle of 2026-08-22: 1, of which 1 have no linked change. Removed: ServiceAccount ci/bot by prod/bot.",
		}},
		{name: "only removals", result: schema.ResultPass, more: before(t, access)},
		{name: "a role gave more, another less", result: schema.ResultNeedsReview, rbac: `
			clusterrole deploy: apps deployments create,patch; core secrets get
			clusterrole bind: rbac.authorization.k8s.io clusterroles bind view
			crb d -> deploy: Group dev
			crb b -> bind: Group dev`, more: before(t, `
			clusterrole deploy: apps deployments patch
			clusterrole bind: rbac.authorization.k8s.io clusterroles bind
			crb d -> deploy: Group dev
			crb b -> bind: Group dev`), want: []string{
			"needs_review medium | Group dev ClusterRoleBinding/d to ClusterRole/deploy | Group dev, by ClusterRoleBinding d, has ClusterRole deploy in the whole cluster, which gives more than in the bundle of 2026-08-22: create deployments, get secrets. No merged change is linked to it.",
			"needs_review medium | Cluster c | Privileged rights added since the bundle of 2026-08-22: 1, of which 1 have no linked change. With fewer rights: Group dev by b.",
		}},
		{name: "from everything to something is less", result: schema.ResultPass, rbac: `
			clusterrole ops: core secrets get; core pods create
			crb ops -> ops: Group dev`, more: before(t, "clusterrole ops: * * *\ncrb ops -> ops: Group dev")},
		{name: "a right became privileged", result: schema.ResultNeedsReview, rbac: "clusterrole ops: * * *\ncrb ops -> ops: Group dev",
			more: before(t, "clusterrole ops: core pods get\ncrb ops -> ops: Group dev"), want: []string{
				"needs_review medium | Group dev ClusterRoleBinding/ops to ClusterRole/ops | Group dev, by ClusterRoleBinding ops, has ClusterRole ops in the whole cluster, which gives more than in the bundle of 2026-08-22: every right. No merged change is linked to it.",
				"needs_review medium | Cluster c | Privileged rights added since the bundle of 2026-08-22: 1, of which 1 have no linked change.",
			}},
		{name: "the cluster had another name", result: schema.ResultPass, rbac: access, more: named(func(p *schema.PreviousFacts) {
			p.Sources[0].Name = "was-c"
			for i := range p.Grants {
				p.Grants[i].Cluster = "was-c"
			}
			for i := range p.Queries {
				p.Queries[i].Source = "was-c"
			}
		})},
		{name: "another cluster had the name", result: schema.ResultNotCollected, rbac: access, more: named(func(p *schema.PreviousFacts) { p.Sources[0].UID = "uid-of-the-old-one" })},
		{name: "the cluster was not in the bundle", result: schema.ResultNotCollected, rbac: access, more: named(func(p *schema.PreviousFacts) { p.Sources = nil })},
		{name: "the bundle had a gap", result: schema.ResultNotCollected, rbac: access, more: named(func(p *schema.PreviousFacts) { p.Queries[0].Outcome = schema.Forbidden })},
		{name: "bindings that may not be read", result: schema.ResultNotCollected, rbac: access, more: func(w *world) {
			before(t, access)(w)
			w.refuse("rolebindings.rbac.authorization.k8s.io")
		}},
	})
}

// Why something is not collected is part of the report.
func TestReviewGapsAreNamed(t *testing.T) {
	for _, c := range []struct {
		check, want string
		more        func(*world)
	}{
		{"ACC-04.k1", "the plan names no access review of c that was completed by 2026-11-22", func(*world) {}},
		{"ACC-04.k2", "the plan names no previous bundle", func(*world) {}},
		{"ACC-04.k2", "the bundle of 2026-08-22 does not have the cluster c", func(w *world) { before(t, "")(w); w.Previous.Sources = nil }},
		{"ACC-04.k2", "in the bundle of 2026-08-22: clusterrolebindings.rbac.authorization.k8s.io of c: forbidden", func(w *world) {
			before(t, "")(w)
			w.Previous.Queries[0].Outcome = schema.Forbidden
		}},
		{"ACC-04.d1", "No completed access review for c in the period from 2026-08-24 to 2026-11-21.", func(*world) {}},
	} {
		w := newWorld()
		c.more(w)
		result, _ := w.judge(t, c.check)
		if diff := cmp.Diff(c.want, result.Reason); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.check, diff)
		}
	}
}
