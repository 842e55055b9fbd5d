package kube_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
)

// The server is killed and started again in the middle of a list. What was asked
// for at that moment may be a gap with its reason; no object comes twice, and a
// list that is called complete is.
func TestServerRestarts(t *testing.T) {
	s := controlplane.Start(t)
	s.Apply(t, []byte("{apiVersion: v1, kind: Namespace, metadata: {name: crowd}}"))
	fillAccounts(t, s, "crowd", manyAccounts)
	var once atomic.Bool
	cfg := spoiled(t, reader(t, s, "sees-restart"), "serviceaccounts", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !firstPage(r) && once.CompareAndSwap(false, true) {
			s.Restart(t)
		}
		next.ServeHTTP(w, r)
	})
	_, got := run(t, options(cfg, schema.SecretsNone))
	for _, q := range got.queries {
		if q.Gap() && q.Reason == "" {
			t.Errorf("a gap without a reason: %+v", q)
		}
	}
	q, names := got.of("serviceaccounts")[0], accountNames(got, "crowd")
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("an account came twice")
	}
	if !once.Load() || q.Outcome == schema.Complete && len(names) != manyAccounts || q.Outcome != schema.Complete && !q.Gap() {
		t.Errorf("restarted: %t; %d accounts of %d, and %+v", once.Load(), len(names), manyAccounts, q)
	}
}

// A collector whose clock is hours off reads everything, and the source says by how much.
func TestClockIsOff(t *testing.T) {
	s := filled(t)
	cfg := reader(t, s, "sees-another-time")
	for _, off := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		o := options(cfg, schema.SecretsNone)
		o.Now = func() time.Time { return time.Now().Add(off) }
		src, got := run(t, o)
		if gaps := got.gaps(); gaps != nil {
			t.Errorf("%s: gaps: %v", off, gaps)
		}
		said := time.Duration(src.ClockOffsetMillis) * time.Millisecond
		if said.Abs() < off.Abs()-5*time.Minute || said.Abs() > off.Abs()+5*time.Minute {
			t.Errorf("%s: the source says %s", off, said)
		}
	}
}

// Objects as large, and names as long, as a server takes, and a namespace that is
// being deleted, are read like all others.
func TestExtremes(t *testing.T) {
	s := filled(t)
	namespace, name := "n"+strings.Repeat("s", 62), "a"+strings.Repeat("b", 251)+"c"
	var rules strings.Builder // of a role of about 1.4 MB, close to what etcd stores
	for i := range 14_000 {
		fmt.Fprintf(&rules, "- {apiGroups: [''], resources: [configmaps], resourceNames: ['%s-%05d'], verbs: [get]}\n", strings.Repeat("r", 45), i)
	}
	s.Apply(t, fmt.Appendf(nil, `
{apiVersion: v1, kind: Namespace, metadata: {name: %[1]s}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: %[2]s, namespace: %[1]s}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: %[2]s, namespace: %[1]s}, data: {large: "%[3]s"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: %[2]s, namespace: %[1]s}
rules:
%[4]s---
{apiVersion: v1, kind: Namespace, metadata: {name: leaving, deletionTimestamp: "2026-09-01T00:00:00Z"}}
`, namespace, name, strings.Repeat("x", 1<<20-1000), rules.String()))
	src, got := run(t, options(reader(t, s, "sees-extremes"), schema.SecretsNone))
	if gaps := got.gaps(); gaps != nil || src.UID == "" {
		t.Errorf("gaps: %v", gaps)
	}
	if diff := cmp.Diff([]string{name}, accountNames(got, namespace)); diff != "" {
		t.Errorf("service accounts (-want +got):\n%s", diff)
	}
	if i := slices.IndexFunc(got.evidence.Roles, func(r schema.Role) bool { return r.Namespace == namespace }); i < 0 || got.evidence.Roles[i].Name != name || len(got.evidence.Roles[i].Rules) != 14_000 {
		t.Errorf("the large role is missing, or rules of it (at %d)", i)
	}
	if i := slices.IndexFunc(got.evidence.Namespaces, func(n schema.Namespace) bool { return n.Name == "leaving" }); i < 0 || got.evidence.Namespaces[i].TerminatingSince.IsZero() {
		t.Errorf("the namespace that is being deleted is not called so (at %d)", i)
	}
}
