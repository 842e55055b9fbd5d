package input_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

func kindOf(document any) string { return reflect.TypeOf(document).Elem().Name() }

// lines returns the problems of an error as text.
func lines(t *testing.T, err error) []string {
	t.Helper()
	var problems *input.Error
	if !errors.As(err, &problems) {
		t.Fatalf("got error %v, want an *input.Error", err)
	}
	return strings.Split(problems.Error(), "\n")
}

const head = "apiVersion: auditpack.dev/v1alpha1\nkind: "

const planHead = head + `AuditPlan
metadata: {name: p}
spec:
  organization: Example
  scope: Everything
`

const overlayHead = head + "Overlay\nmetadata: {name: o}\nspec:\n"

const checkHead = head + `CheckSet
metadata: {name: c}
spec:
  checks:
  - {id: X-1.k1, control: X-1, kind: api, evaluation: auto, severity: high, source: s, logic: l, message: m, remediation: r`

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"unknown field", planHead + "  clusters:\n  - name: a\n    kontext: b\n", []string{
			`f.yaml:9:5: unknown field "kontext": did you mean "context"?`,
		}},
		{"field of another place", head + "AuditPlan\nmetadata:\n  name: p\n  organization: Example\nspec:\n  scope: s\n  userPattern: x\n", []string{
			`f.yaml:5:3: unknown field "organization" here: it belongs in spec`,
			`f.yaml:7:3: missing "organization"`,
			`f.yaml:8:3: unknown field "userPattern" here: it belongs in spec.access`,
		}},
		{"field of nothing near", planHead + "  clusters:\n  - name: a\n    colour: b\n", []string{
			`f.yaml:9:5: unknown field "colour": want one of name, context, kubeconfig, from, complete, auditLogs, environment, distribution`,
		}},
		{"field twice", planHead + "  scope: again\n", []string{
			`f.yaml:7:3: "scope" is given twice, first in line 6`,
		}},
		{"missing fields", head + "AuditPlan\nspec: {}\n", []string{
			`f.yaml:1:1: missing "metadata"`,
			`f.yaml:3:7: missing "organization"`,
			`f.yaml:3:7: missing "scope"`,
		}},
		{"empty text", head + "AuditPlan\nmetadata: {name: p}\nspec: {organization: ' ', scope: ''}\n", []string{
			`f.yaml:4:22: "organization" is empty`,
			`f.yaml:4:34: "scope" is empty`,
		}},
		{"nothing", planHead + "  overlay:\n  secrets: ~\n", []string{
			`f.yaml:7:11: "overlay" has no value: write one, or leave it out`,
			`f.yaml:8:12: "secrets" has no value: write one, or leave it out`,
		}},
		{"unknown kind", head + "AuditPlann\n", []string{`f.yaml:2:7: unknown kind "AuditPlann": did you mean "AuditPlan"?`}},
		{"wrong apiVersion", "apiVersion: v1\nkind: Overlay\n", []string{`f.yaml:1:13: apiVersion "v1" is not known: want "auditpack.dev/v1alpha1"`}},
		{"neither", "spec: {}\n", []string{
			`f.yaml:1:1: missing "apiVersion": want "auditpack.dev/v1alpha1"`,
			`f.yaml:1:1: missing "kind": want one of AuditPlan, ControlTable, CheckSet, Overlay, ExceptionRegister, DocumentRegister, AccessReview, ControlReview, ExceptionReview, SupportTable, QuestionnaireMap, AnswerLibrary, VerificationPolicy`,
		}},
		{"unknown value", planHead + "  secrets: inventry\n", []string{`f.yaml:7:12: unknown value "inventry": did you mean "inventory"?`}},
		{"unknown value, none near", planHead + "  secrets: everything\n", []string{`f.yaml:7:12: unknown value "everything": want one of none, inventory, rotation`}},
		{"wrong types", planHead + "  clusters: production\n  secrets: [none]\n  signing: true\n  namespaces:\n    exclude: {a: b}\n", []string{
			`f.yaml:7:13: want a list, found "production"`,
			`f.yaml:8:12: want text, found a list`,
			`f.yaml:9:12: want a mapping of fields, found "true"`,
			`f.yaml:11:14: want a list, found a mapping`,
		}},
		{"yes is not true", planHead + "  signing: {unsigned: yes}\n", []string{`f.yaml:7:23: want true or false, found "yes"`}},
		{"quoted true is text", planHead + "  signing: {unsigned: 'true'}\n", []string{`f.yaml:7:23: want true or false, found "true"`}},
		{"bad dates", planHead + "  period: {from: 2026-02-30, to: 01.03.2026}\n", []string{
			`f.yaml:7:18: want a date like 2026-11-22, found "2026-02-30"`,
			`f.yaml:7:34: want a date like 2026-11-22, found "01.03.2026"`,
		}},
		{"period backwards", planHead + "  period: {from: 2026-03-01, to: 2026-03-01}\n", []string{
			`f.yaml:7:34: the period ends on 2026-03-01, which is not after its start on 2026-03-01`,
		}},
		{"names", head + "AuditPlan\nmetadata: {name: My Plan}\nspec: {organization: a, scope: b}\n", []string{
			`f.yaml:3:18: "My Plan" is not of the form wanted: lower-case letters, digits, - and ., at most 63 in all`,
		}},
		{"plan", planHead + `  clusters:
  - {name: a, context: b, from: [c]}
  - {name: a, complete: true}
  access:
    userPattern: '*@example.com'
    deployers: [deployer]
    breakGlass: [{binding: b, subjects: []}]
  checks: [a.yaml, a.yaml]
  signing: {key: k, unsigned: true}
`, []string{
			`f.yaml:8:33: a cluster is read from files, or with context and kubeconfig, not both`,
			`f.yaml:9:12: "a" is given twice, first in line 8`,
			`f.yaml:9:25: only what is read from files can be said to be complete`,
			"f.yaml:11:18: not a regular expression: error parsing regexp: missing argument to repetition operator: `*`",
			`f.yaml:12:17: "deployer" is not of the form wanted: namespace/name`,
			`f.yaml:13:41: "subjects" needs at least one entry`,
			`f.yaml:14:20: "a.yaml" is given twice, first in line 14`,
			`f.yaml:15:31: a bundle is signed with a key or unsigned, not both`,
		}},
		{"document signature without anything", planHead + "  signing: {key: k, documents: {contact: a@example.com}}\n", []string{
			`f.yaml:7:32: a document signature needs certificate and key, or pkcs12`,
		}},
		{"document key missing", planHead + "  signing: {key: k, documents: {certificate: c.pem}}\n", []string{
			`f.yaml:7:46: the certificate's private key is missing: name it in key`,
		}},
		{"document certificate missing", planHead + "  signing:\n    key: k\n    documents:\n      key: awskms://alias\n", []string{
			`f.yaml:10:12: the key's certificate is missing: name it in certificate`,
		}},
		{"document signature twice", planHead + "  signing: {key: k, documents: {pkcs12: d.p12, certificate: c.pem, key: k.pem}}\n", []string{
			`f.yaml:7:61: pkcs12 has certificate and key: leave this out, or pkcs12`,
		}},
		{"document key twice", planHead + "  signing: {key: k, documents: {pkcs12: d.p12, key: k.pem}}\n", []string{
			`f.yaml:7:53: pkcs12 has certificate and key: leave this out, or pkcs12`,
		}},
		{"signed documents in an unsigned bundle", planHead + "  signing: {unsigned: true, documents: {pkcs12: d.p12}}\n", []string{
			`f.yaml:7:40: of an unsigned bundle nothing says that the signed documents belong to it: sign the bundle, too, or leave this out`,
		}},
		{"control table", head + `ControlTable
metadata: {name: t}
spec:
  title: t
  version: '1'
  areas: [{id: A, name: a, theme: t}]
  controls:
  - &c
    id: A-1
    area: B
    title: t
    risk: ''
    operates: o
    layers: [cluster, claster, cluster]
    responsibility: {platformTeam: A, appTeam: A/R}
    cadence: yearly
    evidenceMaxAgeDays: 0
    references: {iso27002_2022: [8.20]}
`, []string{
			`f.yaml:9:5: missing "statement"`,
			`f.yaml:11:11: unknown area "B": did you mean "A"?`,
			`f.yaml:13:11: "risk" is empty`,
			`f.yaml:15:23: unknown value "claster": did you mean "cluster"?`,
			`f.yaml:15:32: "cluster" is given twice, first in line 15`,
			`f.yaml:16:21: exactly one party is accountable (A or A/R), here 2 are`,
			`f.yaml:17:14: unknown value "yearly": want one of monthly, quarterly, semi-annual, annual`,
			`f.yaml:18:25: want at least 1 day`,
		}},
		{"check without population", checkHead + ", empty: excepted, scope: 'true', rules: [{when: 'true', result: pass}]}\n", []string{
			`f.yaml:6:133: only the exception register makes a result excepted`,
			`f.yaml:6:150: a scope needs the population whose rows it chooses from`,
			`f.yaml:6:165: rules need the population that they run over`,
		}},
		{"check with two ways to decide", checkHead + ", population: namespace, needs: [rols], go: f, rules: [{when: 'true', result: excepted}]}\n", []string{
			`f.yaml:6:138: unknown population "namespace": did you mean "namespaces"?`,
			`f.yaml:6:157: unknown population "rols": did you mean "roles"?`,
			`f.yaml:6:168: a check is decided by rules or by a function, not both`,
			`f.yaml:6:202: only the exception register makes a result excepted`,
		}},
		{"overlay", overlayHead + `  controls:
  - {id: ACC-01, signOff: {by: a}}
  - {id: ACC-01, notApplicable: {justification: j, approvedBy: '', approvedOn: 2026-01-01}}
  approvals:
  - {type: admin, kind: Group, name: g, owner: o, reason: r}
`, []string{
			`f.yaml:6:27: missing "on"`,
			`f.yaml:7:10: "ACC-01" is given twice, first in line 6`,
			`f.yaml:7:64: "approvedBy" is empty`,
			`f.yaml:9:5: missing "expires"`,
			`f.yaml:9:12: unknown value "admin": want one of administrator, escalation, secret-reader, deployer, exposure, supplier, singleton, exclusion`,
		}},
		{"exceptions", head + `ExceptionRegister
metadata: {name: e}
spec:
  maxDays: {hihg: 10, low: 0}
  exceptions:
  - {id: E-1, control: ACC-01, reason: r, requestedBy: a, approvedBy: b, approvedOn: 2026-05-01, expiresOn: 2026-04-01}
`, []string{
			`f.yaml:5:13: unknown key "hihg": did you mean "high"?`,
			`f.yaml:5:28: want at least 1 day`,
			`f.yaml:7:109: the exception expires on 2026-04-01, before it was approved on 2026-05-01`,
		}},
		{"documents", head + `DocumentRegister
metadata: {name: d}
spec:
  documents:
  - {id: D 1, title: t, type: letter, checks: [''], owner: o, asOf: 2026-05-01, validUntil: 2026-04-01, file: ../x, sha256: ABC}
`, []string{
			`f.yaml:6:10: "D 1" is not of the form wanted: letters, digits, -, . and _, at most 100 in all`,
			`f.yaml:6:31: unknown value "letter": want one of policy, procedure, record, report, export, attestation`,
			`f.yaml:6:48: the entry is empty`,
			`f.yaml:6:93: the document is valid until 2026-04-01, before its facts were true on 2026-05-01`,
			`f.yaml:6:111: "../x" lies outside the folder of the register`,
			`f.yaml:6:125: "ABC" is not of the form wanted: 64 hexadecimal digits in lower case`,
		}},
		{"no document", "", []string{`f.yaml:1:1: the file is empty: want a document with apiVersion and kind`}},
		{"only comments", "# nothing\n", []string{`f.yaml:1:1: the file is empty: want a document with apiVersion and kind`}},
		{"a list", "- a\n", []string{`f.yaml:1:1: want a document with apiVersion and kind, found a list`}},
		{"two documents", planHead + "---\n" + planHead, []string{`f.yaml:7:1: a second document begins here: write one document a file`}},
		{"syntax", planHead + "  clusters: [a\n  secrets: none\n", []string{`f.yaml:7: not valid YAML: did not find expected ',' or ']'`}},
		{"not text", planHead + "  # \xff\n", []string{`f.yaml:1:1: the file is not UTF-8 text`}},
		{"tags", planHead + "  overlay: !!binary YQ==\n", []string{`f.yaml:7:12: the tag !!binary is not supported`}},
		{"merge", planHead + "  <<: {overlay: a}\n", []string{`f.yaml:7:3: merge keys (<<) are not supported: write the fields out`}},
		{"a list as key", planHead + "  ? [a]\n  : b\n", []string{`f.yaml:7:5: want a name as key, found a list`}},
		{"JSON", "{\n  \"apiVersion\": \"auditpack.dev/v1alpha1\",\n  \"kind\": \"Overlay\", \"metadata\": {\"name\": \"é\", \"nam\": 1},\n  \"spec\": {}}\n", []string{
			`f.yaml:3:43: "é" is not of the form wanted: lower-case letters, digits, - and ., at most 63 in all`,
			`f.yaml:3:48: unknown field "nam": did you mean "name"?`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			document, err := input.Document("f.yaml", []byte(c.text))
			if document != nil {
				t.Errorf("got a document, want nil")
			}
			if diff := cmp.Diff(c.want, lines(t, err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// The YAML package counts lines in three ways.
func TestSyntaxLines(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a: b\nc: [a\nd: e\n", "f.yaml:2: not valid YAML: did not find expected ',' or ']'"},
		{"a: b\n- c\n", "f.yaml:2: not valid YAML: did not find expected key"},
		{"a: b\nc: d: e\n", "f.yaml:2: not valid YAML: mapping values are not allowed in this context"},
		{"a: b\n\tc: d\n", "f.yaml:2: not valid YAML: found a tab character that violates indentation"},
		{"a: \"\\q\"\n", "f.yaml:1: not valid YAML: found unknown escape character"},
		{"a: b\nc: *x\n", "f.yaml: not valid YAML: unknown anchor 'x' referenced"},
		{"a: b\nc: \x00\n", "f.yaml: not valid YAML: control characters are not allowed"},
	} {
		_, err := input.Document("f.yaml", []byte(c.text))
		if got := lines(t, err); !cmp.Equal(got, []string{c.want}) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// Text is what was written, whatever YAML 1.1 or 1.2 would make of it.
func TestTextIsWhatWasWritten(t *testing.T) {
	for _, text := range []string{"8.20", "1.10", "no", "off", "on", "y", "0x1F", "1_000", "1e3", "012", "12:30:45", "2026-11-22", "true", ".inf", "Null-1", "=", "'null'", `"~"`, "'8.20'"} {
		document, err := input.Document("f.yaml", fmt.Appendf(nil, "%s  overlay: %s\n  images: {registries: [%[2]s]}\n  namespaces: {environments: {%[2]s: %[2]s}}\n", planHead, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want := strings.Trim(text, `'"`)
		spec := document.(*schema.AuditPlan).Spec
		if got := []string{spec.Overlay, spec.Images.Registries[0], spec.Namespaces.Environments[want]}; !cmp.Equal(got, []string{want, want, want}) {
			t.Errorf("%s: got %q", text, got)
		}
	}
}

func TestAliases(t *testing.T) {
	document, err := input.Document("f.yaml", []byte(planHead+"  namespaces:\n    exclude: &list [a, b]\n    production: *list\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := document.(*schema.AuditPlan).Spec.Namespaces.Production; !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %q", got)
	}
}

func TestEmptyListIsNotAbsent(t *testing.T) {
	document, err := input.Document("f.yaml", []byte(planHead+"  namespaces: {exclude: []}\n"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := schema.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	second, err := input.Document("f.json", again)
	if err != nil {
		t.Fatal(err)
	}
	got := second.(*schema.AuditPlan).Spec.Namespaces
	if got.Exclude == nil || got.Production != nil {
		t.Errorf("got exclude %#v and production %#v, want an empty list and nil", got.Exclude, got.Production)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(planHead)
	for i := range 30 {
		fmt.Fprintf(&b, "  %s: 1\n", strings.Repeat("z", i+20))
	}
	_, err := input.Document("f.yaml", []byte(b.String()))
	got := lines(t, err)
	if len(got) != 21 || got[20] != "and 10 more" || !strings.HasPrefix(got[19], "f.yaml:26:3: ") {
		t.Errorf("got %d lines, the last are %q", len(got), got[max(0, len(got)-2):])
	}
}

// Files made to exhaust the reader are refused with one line.
func TestHostileFiles(t *testing.T) {
	manyAliases := overlayHead + "  controls:\n  - &c {id: A, owner: b}\n" + strings.Repeat("  - *c\n", 80_000)
	deep := planHead + "  overlay: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"too large", planHead + "#" + strings.Repeat(" ", 10<<20), "f.yaml:1:1: the file is larger than 10 MiB"},
		{"aliases", manyAliases, "f.yaml:6:23: the document has more than 200000 values, counting each alias as often as it is used"},
		{"billion laughs", "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nkind: *c\napiVersion: *a\n", `f.yaml:1:4: apiVersion "" is not known: want "auditpack.dev/v1alpha1"`},
		{"contains itself", overlayHead + "  controls: &a [*a]\n", "f.yaml:5:13: want a mapping of fields, found a list"},
		{"deep", deep, "f.yaml:7:12: want text, found a list"},
		{"deep JSON", strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "f.yaml:1:1: want a document with apiVersion and kind, found a list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := input.Document("f.yaml", []byte(c.text))
			if got := lines(t, err)[0]; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
