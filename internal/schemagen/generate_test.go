package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

// generated returns the schema files as they should be.
func generated(t *testing.T) map[string][]byte {
	t.Helper()
	t.Chdir("../..")
	files, err := generate("schema")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPublishedSchemasAreCurrent(t *testing.T) {
	want := generated(t)
	got, err := fs.Glob(schema.JSONSchemas, "*.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), got); diff != "" {
		t.Errorf("files of schema/json differ from the types (-types +files); run go generate ./schema:\n%s", diff)
	}
	for _, name := range got {
		data, err := fs.ReadFile(schema.JSONSchemas, name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want[name]), string(data)); diff != "" {
			t.Errorf("%s differs from the types (-types +file); run go generate ./schema:\n%s", name, diff)
		}
	}
}

func TestGenerateTwice(t *testing.T) {
	first := generated(t)
	second, err := generate("schema")
	if err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(first, second, bytes.Equal) {
		t.Error("two runs gave different bytes")
	}
}

// What people write is explained where they write it.
func TestInputFieldsHaveDescriptions(t *testing.T) {
	for name, data := range generated(t) {
		if slices.Contains([]string{"report.schema.json", "snapshot.schema.json", "populations.schema.json", "manifest.schema.json", "verificationresult.schema.json", "changes.schema.json", "fleet.schema.json"}, name) {
			continue
		}
		var s struct {
			Properties map[string]described                                 `json:"properties"`
			Defs       map[string]struct{ Properties map[string]described } `json:"$defs"`
		}
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
		s.Defs[""] = struct{ Properties map[string]described }{s.Properties}
		for def, d := range s.Defs {
			for p, v := range d.Properties {
				if v.Description == "" {
					t.Errorf("%s: field %s of %s has no description", name, p, def)
				}
			}
		}
	}
}

type described struct {
	Description string `json:"description"`
}

// compiled returns the schema of a file, or a part of it.
func compiled(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	name, _, _ := strings.Cut(file, "#")
	data, err := fs.ReadFile(schema.JSONSchemas, name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The files that we ship are valid as an editor sees them, and so is what
// reading and writing makes of them.
func TestTemplatesAreValid(t *testing.T) {
	var names []string
	err := fs.WalkDir(templates.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if path.Ext(name) == ".yaml" && !strings.HasPrefix(name, "sample/") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 12 {
		t.Fatalf("found only %q", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data, err := fs.ReadFile(templates.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			document, err := input.Document(name, data)
			if err != nil {
				t.Fatal(err)
			}
			kind := reflect.TypeOf(document).Elem().Name()
			s := compiled(t, strings.ToLower(kind)+".schema.json")
			if err := s.Validate(asEditor(t, data)); err != nil {
				t.Errorf("as written: %v", err)
			}
			again, err := schema.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(parse(t, again)); err != nil {
				t.Errorf("as written again: %v", err)
			}
		})
	}
}

// asEditor reads YAML as a YAML 1.2 editor does: a date is text.
func asEditor(t *testing.T, data []byte) any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	var datesAsText func(n *yaml.Node)
	datesAsText = func(n *yaml.Node) {
		if n.ShortTag() == "!!timestamp" {
			n.Tag = "!!str"
		}
		for _, c := range n.Content {
			datesAsText(c)
		}
	}
	datesAsText(&root)
	var v any
	if err := root.Decode(&v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, b)
}

func parse(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
