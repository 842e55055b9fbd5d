package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

const (
	registerRows = 8
	readerRows   = 2
	// rotated is the check that holds the age of values against their limits.
	rotated = "SEC-05.k1"
	// helmRelease is the type of the records that Helm keeps of its releases.
	helmRelease = "helm.sh/release.v1"
)

// secretKeeping shows what manages secrets, a register of them, and who may read them.
func (b *builder) secretKeeping() []Block {
	blocks := []Block{KeyValues{Columns: 3, Items: []KeyValue{
		{"Secrets by manager", b.tallied(b.secretManagers(), "secrets")},
		{"Values in clear, by rule", b.tallied(b.credentialRules(), "credentials")},
		{"Subjects that may read secrets", b.secretReaders()},
	}}}
	blocks = append(blocks, heading("Register of secrets, without values"))
	blocks = append(blocks, b.secretRegister()...)
	return append(blocks, b.secretGrants()...)
}

func (b *builder) secretManagers() []string {
	n := map[string]int{}
	for _, s := range b.s.Evidence.Secrets {
		n[managerOf(s)]++
	}
	return counts(n)
}

// managerOf names what manages a secret, or says why that is not known.
func managerOf(s schema.Secret) string {
	if s.Tier != schema.SecretsRotation {
		return cmp.Or(s.Manager, "not known in this tier")
	}
	return cmp.Or(s.Manager, "no known manager")
}

func (b *builder) credentialRules() []string {
	n := map[string]int{}
	for _, c := range b.s.Evidence.Credentials {
		n[c.Rule]++
	}
	return counts(n)
}

// counts writes each key with its number, in the order of the keys.
func counts(n map[string]int) []string {
	var out []string
	for _, k := range sortedKeys(n) {
		out = append(out, k+" "+group(n[k]))
	}
	return out
}

// secretReaders counts the subjects that may list or read secrets anywhere.
func (b *builder) secretReaders() Text {
	readers, grants := map[string]bool{}, 0
	for _, g := range b.r.Derived.AccessGrants {
		if len(g.ReadsSecrets) > 0 && !g.BuiltIn {
			readers[g.Cluster+" "+subjectKey(g)] = true
			grants++
		}
	}
	t := b.counted(len(readers), "accessGrants")
	t.Note = fmt.Sprintf("in all clusters, by %s; the headline number is of production only", count(grants, "grant", "grants"))
	return t
}

func subjectKey(g schema.AccessGrant) string {
	return g.SubjectKind + " " + g.SubjectNamespace + "/" + g.SubjectName
}

// A secretKey names a secret or, without name, all of a namespace.
type secretKey struct{ cluster, namespace, name string }

// secretRegister lists secrets by what is wrong with their keeping, then by age.
func (b *builder) secretRegister() []Block {
	t := Table{
		Columns: []Column{
			{Title: "Secret", Width: 46}, {Title: "Cluster", Width: 17}, {Title: "Owner", Width: 23}, {Title: "Class", Width: 16}, {Title: "Manager", Width: 26},
			{Title: "Used by", Width: 11, Kind: NumberCell}, {Title: "Readers", Width: 14, Kind: NumberCell},
			{Title: "Last changed", Width: 17}, {Title: "Limit", Width: 18, Kind: StatusCell},
		},
		Dense: true,
		Empty: "There is no secret, or secrets were not asked for in this tier.",
	}
	users, readers, owners, state := b.secretUsers(), b.readersOf(), b.namespaceOwners(), b.rotationStates()
	secrets := slices.DeleteFunc(slices.Clone(b.s.Evidence.Secrets), func(s schema.Secret) bool { return s.Type == helmRelease })
	slices.SortStableFunc(secrets, func(x, y schema.Secret) int {
		return cmp.Or(
			cmp.Compare(toneRank(state(x).Tone), toneRank(state(y).Tone)),
			compareTrue(x.Manager == "", y.Manager == ""),
			changed(x).Compare(changed(y)),
		)
	})
	for _, s := range secrets {
		manager := plain(s.Manager)
		if s.Manager == "" {
			manager = Text{Value: managerOf(s), Tone: Unknown}
		}
		t.Rows = append(t.Rows, []Text{
			{Value: s.Namespace + "/" + s.Name}, plain(s.Cluster), plain(owners[secretKey{s.Cluster, s.Namespace, ""}]), plain(s.RotationClass), manager,
			number(users[secretKey{s.Cluster, s.Namespace, s.Name}]), number(readers(s)), day(changed(s)), state(s),
		})
	}
	return append(b.shown(t, registerRows, "secrets", "pods", "accessGrants"),
		small("Used by counts workloads of which a pod names the secret; readers counts subjects outside of Kubernetes' own. Records of Helm releases are on the sheet only."))
}

// changed is when the value last changed: the newest that is known.
func changed(s schema.Secret) time.Time {
	if s.DataChanged.IsZero() {
		return s.Created
	}
	return s.DataChanged
}

// toneRank puts what is worst first.
func toneRank(t Tone) int {
	return slices.Index([]Tone{Severe, Bad, Warn, Unknown, Plain, Muted, Good}, t)
}

// secretUsers counts the workloads that refer to each secret.
func (b *builder) secretUsers() map[secretKey]int {
	n := map[secretKey]int{}
	seen := map[string]bool{}
	for _, p := range b.s.Evidence.Pods {
		for _, name := range p.Secrets {
			k := secretKey{p.Cluster, p.Namespace, name}
			workload := fmt.Sprint(k, p.OwnerKind, "/", cmp.Or(p.OwnerName, p.Name))
			if !seen[workload] {
				seen[workload] = true
				n[k]++
			}
		}
	}
	return n
}

// readersOf returns a function that counts who may read a secret.
func (b *builder) readersOf() func(schema.Secret) int {
	subjects := map[secretKey]map[string]bool{}
	add := func(k secretKey, g schema.AccessGrant) {
		if subjects[k] == nil {
			subjects[k] = map[string]bool{}
		}
		subjects[k][subjectKey(g)] = true
	}
	for _, g := range b.r.Derived.AccessGrants {
		if g.BuiltIn {
			continue
		}
		if len(g.ReadsSecrets) > 0 {
			add(secretKey{g.Cluster, g.Scope, ""}, g)
		}
		for _, name := range g.ReadsNamedSecrets {
			add(secretKey{g.Cluster, g.Scope, name}, g)
		}
	}
	return func(s schema.Secret) int {
		all := map[string]bool{}
		for _, scope := range []string{everywhere, s.Namespace} {
			for _, name := range []string{"", s.Name} {
				for who := range subjects[secretKey{s.Cluster, scope, name}] {
					all[who] = true
				}
			}
		}
		return len(all)
	}
}

func (b *builder) namespaceOwners() map[secretKey]string {
	owners := map[secretKey]string{}
	for _, n := range b.s.Evidence.Namespaces {
		owners[secretKey{n.Cluster, n.Name, ""}] = n.Owner
	}
	return owners
}

// rotationStates returns a function that says how the age of a value stands to its
// limit, in the words of the check that decides it.
func (b *builder) rotationStates() func(schema.Secret) Text {
	found := b.findingsBySubject(rotated)
	decided := slices.ContainsFunc(b.r.Checks, func(c schema.CheckResult) bool { return c.ID == rotated && causeOf(c) == "" })
	return func(s schema.Secret) Text {
		f, ok := found[s.Subject()]
		switch {
		case ok && f.Exception != "":
			return Text{Value: "excepted", Note: f.Exception, Tone: Warn}
		case ok && open(f):
			return Text{Value: "beyond", Tone: Bad}
		case ok:
			return Text{Value: "not set", Tone: Unknown}
		case !decided || s.Tier != schema.SecretsRotation:
			return Text{Value: "not known", Tone: Unknown}
		case s.RotationClass != "":
			return Text{Value: "within", Tone: Good}
		}
		return Text{Value: "none", Tone: Muted}
	}
}

// secretGrants lists who may read secrets, those of the whole cluster first.
func (b *builder) secretGrants() []Block {
	t := Table{
		Columns: []Column{{Title: "May read secrets", Width: 58}, {Title: "Where", Width: 34}, {Title: "Path", Width: 84}},
		Dense:   true,
		Empty:   "Nobody but Kubernetes' own components may read secrets.",
	}
	for _, g := range b.r.Derived.AccessGrants {
		if len(g.ReadsSecrets) == 0 || g.BuiltIn {
			continue
		}
		where := "namespace " + g.Scope
		if g.Scope == everywhere {
			where = "whole cluster"
		}
		t.Rows = append(t.Rows, []Text{holder(g), {Value: where, Note: strings.Join(g.ReadsSecrets, ", ")}, plain(g.BindingKind + " " + grantPath(g))})
	}
	slices.SortStableFunc(t.Rows, func(x, y []Text) int { return strings.Compare(y[1].Value, x[1].Value) })
	return b.shown(t, readerRows, "accessGrants")
}
