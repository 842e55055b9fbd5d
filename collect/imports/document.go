package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// A form is one that files may have.
type form struct {
	kind schema.ImportKind
	// resource is that of the query of the file.
	resource string
	// is reports whether a document of JSON has the form, by the names of its fields.
	is func(map[string]any) bool
	// read reads it, and says what is wrong.
	read func(*document) error
	// secrets are fields that are dropped beside those that always are.
	secrets []string
}

// forms are tried in order.
var forms = []form{
	{kind: schema.ImportTrivy, resource: schema.ImportedFiles, is: has("SchemaVersion", "ArtifactName"), read: readTrivy, secrets: []string{"Match", "Code"}},
	{kind: schema.ImportGrype, resource: schema.ImportedFiles, is: has("matches", "descriptor"), read: readGrype},
	{kind: schema.ImportSARIF, resource: schema.ScannerFindings, is: has("version", "runs"), read: readSARIF,
		secrets: []string{"snippet", "contextRegion", "contents", "environmentVariables", "commandLine", "arguments"}},
	{kind: schema.ImportKubeBench, resource: schema.BenchmarkResults, is: has("Controls"), read: readKubeBench},
	{kind: schema.ImportEKSCluster, resource: schema.ClusterSettings, is: func(m map[string]any) bool { return within(m, "cluster", "resourcesVpcConfig") }, read: readEKS},
	{kind: schema.ImportEKSAccessEntries, resource: schema.CloudPrincipals, is: has("accessEntries"), read: readAccessEntries},
	{kind: schema.ImportEKSAccessEntry, resource: schema.CloudPrincipals, is: func(m map[string]any) bool { return within(m, "accessEntry", "principalArn") }, read: readAccessEntry},
	{kind: schema.ImportAKSCluster, resource: schema.ClusterSettings, is: func(m map[string]any) bool { return m["type"] == "Microsoft.ContainerService/ManagedClusters" }, read: readAKS,
		secrets: []string{"servicePrincipalProfile", "adminPassword"}},
	{kind: schema.ImportGKECluster, resource: schema.ClusterSettings, is: has("currentMasterVersion", "selfLink"), read: readGKE,
		secrets: []string{"clientKey", "password", "clientCertificate"}},
	{kind: schema.ImportInfrastructurePlan, resource: schema.InfrastructurePlans, is: has("format_version", "terraform_version"), read: readPlan},
	{kind: schema.ImportVulnerabilityReports, resource: schema.ImportedFiles, is: isReport(vulnerabilityReports), read: readReports},
	{kind: schema.ImportPolicyReports, resource: schema.ImportedFiles, is: isReport(policyReports), read: readReports},
}

func has(names ...string) func(map[string]any) bool {
	return func(m map[string]any) bool {
		return !slices.ContainsFunc(names, func(n string) bool { _, ok := m[n]; return !ok })
	}
}

func within(m map[string]any, outer, inner string) bool {
	v, ok := m[outer].(map[string]any)
	return ok && has(inner)(v)
}

// A document is a file that is being read.
type document struct {
	file
	source  *Source
	asOf    time.Time
	content []byte

	form        form
	cluster     string
	tool        string
	toolVersion string
	format      string
	made        time.Time
	madeBy      string
	rows        []schema.Row
	kept        []byte
	dropped     []string
}

func newDocument(f file, content []byte, s *Source, asOf time.Time) *document {
	d := &document{file: f, source: s, asOf: asOf, content: content, form: form{kind: schema.ImportUnknown}, dropped: []string{}}
	if !f.plan.Made.IsZero() {
		d.made, d.madeBy = f.plan.Made.Time(), "plan"
	}
	d.cluster = f.plan.Cluster
	return d
}

// read recognises the file and reads it.
func (d *document) read() error {
	text := bytes.TrimSpace(bytes.TrimPrefix(d.content, []byte("\ufeff")))
	if len(text) == 0 {
		return errors.New("there is nothing in the file")
	}
	if text[0] != '{' && text[0] != '[' {
		return d.readText()
	}
	var v any
	decoder := json.NewDecoder(bytes.NewReader(d.content[len(d.content)-len(bytes.TrimPrefix(d.content, []byte("\ufeff"))):]))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return d.place(err, decoder.InputOffset())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return d.at(decoder.InputOffset(), "something follows the document")
	}
	return d.readValue(v)
}

// readValue reads a document that was decoded.
func (d *document) readValue(v any) error {
	m, ok := v.(map[string]any)
	if list, isList := v.([]any); isList && len(list) > 0 {
		m, ok = list[0].(map[string]any) // kube-bench of earlier days writes a list
		if ok && has("tests", "node_type")(m) {
			m = map[string]any{"Controls": list}
		}
	}
	i := slices.IndexFunc(forms, func(f form) bool { return ok && f.is(m) })
	if i < 0 {
		return errors.New("its content is none of the forms that are known (docs/imports.md)")
	}
	d.form = forms[i]
	d.redact(m)
	err := d.form.read(d)
	switch {
	case err != nil:
		d.rows = nil
	case len(d.rows) > maxRows:
		err = fmt.Errorf("it has more than %d rows", maxRows)
		d.rows = nil
	case d.made.After(d.asOf.Add(24 * time.Hour)):
		err = fmt.Errorf("it says that it was made on %s, after the snapshot", schema.DateOf(d.made))
		d.rows = nil
	}
	return err
}

// decode decodes the file into the fields that are wanted.
func (d *document) decode(v any) error {
	if err := json.Unmarshal(bytes.TrimPrefix(d.content, []byte("\ufeff")), v); err != nil {
		return d.place(err, 0)
	}
	return nil
}

// place adds the line to an error of JSON.
func (d *document) place(err error, offset int64) error {
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return d.at(syntax.Offset, "it is no JSON: "+syntax.Error())
	case errors.As(err, &shape):
		return d.at(shape.Offset, shape.Field+" is a "+shape.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return d.at(int64(len(d.content)), "it is cut off")
	}
	return d.at(offset, "it cannot be read")
}

func (d *document) at(offset int64, message string) error {
	line := 1 + bytes.Count(d.content[:min(int(offset), len(d.content))], []byte("\n"))
	return fmt.Errorf("line %d: %s", line, message)
}

// says takes a time that the file itself says. It counts more than the plan's word.
func (d *document) says(t time.Time) {
	if !t.IsZero() {
		d.made, d.madeBy = t.UTC().Truncate(time.Second), "file"
	}
}

// about finds the cluster that a file is about: the plan's word for the file, else
// the only cluster, else the one that the file names as the plan does.
func (d *document) about(claimed string) error {
	clusters := d.source.Clusters
	switch {
	case d.cluster != "":
	case slices.ContainsFunc(clusters, func(c schema.PlanCluster) bool { return c.Name == claimed }):
		d.cluster = claimed
	case len(clusters) == 1:
		d.cluster = clusters[0].Name
	case claimed != "":
		return fmt.Errorf("it is about %q, which is no cluster of the plan: say which one with cluster: in the plan, or --import FILE,cluster=NAME", clip(claimed))
	default:
		return errors.New("it does not say which cluster it is about: say it with cluster: in the plan, or --import FILE,cluster=NAME")
	}
	return nil
}

// keep keeps the file, without what was dropped, in parts that each fit a line.
func (d *document) keep(to collect.Sink) error {
	text := d.kept
	if text == nil {
		text = d.content
	}
	if d.form.kind == schema.ImportUnknown {
		return nil // nobody knows what might have to be dropped from it
	}
	for n := 1; len(text) > 0; n++ {
		part := text[:min(len(text), maxPart)]
		for len(part) < len(text) && text[len(part)]&0xC0 == 0x80 {
			part = part[:len(part)-1] // not inside a character
		}
		text = text[len(part):]
		line, err := schema.MarshalLine(keptPart{
			APIVersion: schema.APIVersion, Kind: "ImportedFile", Metadata: keptName{Name: fmt.Sprintf("%s#%05d", d.name, n)}, Content: string(part),
		})
		if err != nil {
			return err
		}
		if err := to.Object(schema.ImportSource, schema.ImportedFiles, line); err != nil {
			return err
		}
	}
	return nil
}

type (
	keptPart struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Metadata   keptName `json:"metadata"`
		Content    string   `json:"content"`
	}
	keptName struct {
		Name string `json:"name"`
	}
)
