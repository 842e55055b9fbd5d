package input_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

const reviewHead = head + `AccessReview
metadata: {name: q3}
spec:
  cluster: west
  period: {from: 2026-07-01, to: 2026-10-01}
  reviewer: zoe
  completedOn: 2026-10-06
  population: {name: grants, sha256: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef}
`

// right is a decision with other fields before the last ones.
func right(subject, scope, decision string) string {
	return "  - {" + subject + ", bindingKind: ClusterRoleBinding, binding: b, scope: '" + scope + "', roleKind: ClusterRole, role: r, decision: " + decision + "}\n"
}

func TestReviewProblems(t *testing.T) {
	const ann, bot = "subjectKind: User, subjectName: ann", "subjectKind: ServiceAccount, subjectName: bot"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"no decision", reviewHead + "  decisions: []\n", []string{`f.yaml:10:14: "decisions" needs at least one entry`}},
		{"fields that are missing", strings.Replace(reviewHead, "  reviewer: zoe\n", "", 1) + "  decisions:\n  - {subjectKind: User}\n", []string{
			`f.yaml:5:3: missing "reviewer"`,
			`f.yaml:10:5: missing "subjectName"`, `f.yaml:10:5: missing "bindingKind"`, `f.yaml:10:5: missing "binding"`, `f.yaml:10:5: missing "scope"`,
			`f.yaml:10:5: missing "roleKind"`, `f.yaml:10:5: missing "role"`, `f.yaml:10:5: missing "decision"`,
		}},
		{"another word", reviewHead + "  decisions:\n" + right(ann, "*", "remove"), []string{`f.yaml:11:142: unknown value "remove": did you mean "revoke"?`}},
		{"one right twice", reviewHead + "  decisions:\n" + right(ann, "*", "keep") + right(ann, "*", "revoke"), []string{
			`f.yaml:12:5: "User ann ClusterRoleBinding/b to ClusterRole/r" is given twice, first in line 11`}},
		{"namespaces of subjects", reviewHead + "  decisions:\n" + right(bot, "*", "keep") + right(ann+", subjectNamespace: ci", "*", "keep"), []string{
			`f.yaml:11:5: missing "subjectNamespace": a service account has one`,
			`f.yaml:12:61: only a service account has a namespace`}},
		{"a scope that the binding cannot have", reviewHead + "  decisions:\n" + right(ann, "prod", "keep"), []string{
			`f.yaml:11:95: a ClusterRoleBinding has the scope *, a RoleBinding its namespace`}},
		{"a period that ends before it starts", strings.Replace(reviewHead, "to: 2026-10-01", "to: 2026-07-01", 1) + "  decisions:\n" + right(ann, "*", "keep"), []string{
			`f.yaml:6:34: the period ends on 2026-07-01, which is not after its start on 2026-07-01`}},
		{"a digest that is none", strings.Replace(reviewHead, "5f70", "5F70", 1) + "  decisions:\n" + right(ann, "*", "keep"), []string{
			`f.yaml:9:38: "5F70bf18a086007016e948b04aed3b82103a36be"… is not of the form wanted: 64 hexadecimal digits in lower case`}},
		{"an interval of no days", planHead + "  intervalDays: 0\n", []string{`f.yaml:7:17: want at least 1 day`}},
		{"a rotation limit of no days", planHead + "  rotation: {classes: {high: 0}, pipeline: -1}\n", []string{`f.yaml:7:30: want at least 1 day`, `f.yaml:7:44: want at least 1 day`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			document, err := input.Document("f.yaml", []byte(c.text))
			if document != nil {
				t.Error("got a document, want nil")
			}
			if diff := cmp.Diff(c.want, lines(t, err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// reviewed is a platform with two access reviews.
func reviewed(clusters, first, second string) fstest.MapFS {
	files := platform()
	files["audit/plan.yaml"].Data = append(files["audit/plan.yaml"].Data, clusters+"  reviews: [r/1.yaml, r/2.yaml]\n"...)
	review := reviewHead + "  decisions:\n" + right("subjectKind: User, subjectName: ann", "*", "keep")
	files["audit/r/1.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(review, "q3", first, 1))}
	files["audit/r/2.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(review, "q3", second, 1))}
	return files
}

func TestReviewsFitThePlan(t *testing.T) {
	_, err := input.LoadFS(reviewed("  clusters: [{name: east}, {name: wets}]\n", "q3", "q3"), "audit/plan.yaml", builtin)
	want := []string{
		`audit/r/1.yaml:5:12: unknown cluster "west": did you mean "wets"?`,
		`audit/r/2.yaml:3:18: "q3" is given twice, first in audit/r/1.yaml:3:18`,
		`audit/r/2.yaml:5:12: unknown cluster "west": did you mean "wets"?`,
	}
	if diff := cmp.Diff(want, lines(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	set, err := input.LoadFS(reviewed("", "q2", "q3"), "audit/plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Reviews) != 2 || set.Reviews[0].Metadata.Name != "q2" || set.Reviews[1].Metadata.Name != "q3" {
		t.Errorf("reviews are %+v", set.Reviews)
	}
}

// chained is a Set with reviews and a previous bundle, and the grants of that.
func chained(t *testing.T) (*input.Set, []byte) {
	t.Helper()
	set, err := input.LoadFS(reviewed("", "q2", "q3"), "audit/plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	var grants []byte
	for _, name := range []string{"ann", "bob"} {
		line, err := schema.MarshalLine(schema.AccessGrant{Cluster: "c", SubjectKind: "User", SubjectName: name, Escalations: []string{"create pods"}})
		if err != nil {
			t.Fatal(err)
		}
		grants = append(grants, line...)
	}
	facts := schema.PreviousFacts{
		Digest: strings.Repeat("0a", 32), AsOf: time.Date(2026, 8, 22, 12, 0, 0, 0, time.UTC), Plan: "p",
		Sources: []schema.ClaimedSource{{Name: "c", Kind: schema.SourceCluster, UID: "u", Collector: "ann"}},
		Queries: []schema.Query{{Source: "c", Resource: "namespaces", Outcome: schema.Forbidden, Reason: "no"}},
	}
	if err := set.SetPrevious(facts, bytes.NewReader(grants)); err != nil {
		t.Fatal(err)
	}
	return set, grants
}

func TestPreviousIsKept(t *testing.T) {
	set, grants := chained(t)
	bundle := memory{fstest.MapFS{}}
	if err := set.Save(bundle.create); err != nil {
		t.Fatal(err)
	}
	kept := bundle.MapFS["inputs/previous-access-grants.jsonl"].Data
	if !bytes.Equal(grants, kept) {
		t.Errorf("the grants are not kept byte for byte:\n%s", cmp.Diff(string(grants), string(kept)))
	}
	sum := sha256.Sum256(grants)
	if want := hex.EncodeToString(sum[:]); set.Previous.GrantsSHA256 != want || len(set.Previous.Grants) != 2 {
		t.Errorf("got %d grants of %s, want 2 of %s", len(set.Previous.Grants), set.Previous.GrantsSHA256, want)
	}
	again, err := input.LoadFrom(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set.Inputs, again.Inputs); diff != "" {
		t.Errorf("inputs (-saved +read):\n%s", diff)
	}
	second := memory{fstest.MapFS{}}
	if err := again.Save(second.create); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bundle.MapFS, second.MapFS); diff != "" {
		t.Errorf("saved again (-first +second):\n%s", diff)
	}
}

func TestPreviousThatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ grants, want string }{
		{"{\"cluster\": \"c\"}\n{\"clutser\": \"c\"}\n", "line 2: read JSON: json: unknown field \"clutser\""},
		{"{\"cluster\": \"c\"}", "the last line is cut off"},
		{"\n", "line 1: read JSON: EOF"},
	} {
		set, _ := chained(t)
		before := set.Previous
		err := set.SetPrevious(schema.PreviousFacts{}, strings.NewReader(c.grants))
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: got error %v, want %q", c.grants, err, c.want)
		}
		if set.Previous != before {
			t.Errorf("%q: the previous bundle is another one after the error", c.grants)
		}
	}
	for _, c := range []struct{ name, path, old, new, want string }{
		{"grants changed", "inputs/previous-access-grants.jsonl", "ann", "eve", "its SHA-256 is not the one that inputs/previous.json gives"},
		{"facts of no known form", "inputs/previous.json", `"plan"`, `"plna"`, "unknown field"},
		{"facts that are gone", "inputs/index.json", "inputs/previous.json", "inputs/gone.json", "open inputs/gone.json"},
		{"grants that are gone", "inputs/index.json", "previous-access-grants", "gone", "open inputs/gone.jsonl"},
	} {
		set, _ := chained(t)
		bundle := memory{fstest.MapFS{}}
		if err := set.Save(bundle.create); err != nil {
			t.Fatal(err)
		}
		data := bundle.MapFS[c.path].Data
		bundle.MapFS[c.path].Data = bytes.ReplaceAll(data, []byte(c.old), []byte(c.new))
		if bytes.Equal(data, bundle.MapFS[c.path].Data) {
			t.Fatalf("%s: %s has no %q", c.name, c.path, c.old)
		}
		got, err := input.LoadFrom(bundle)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", c.name, err, c.want)
		}
		if got != nil {
			t.Errorf("%s: got a set with the error", c.name)
		}
	}
}
