package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/auditpack/auditpack/schema"
)

const module = "github.com/auditpack/auditpack"

// A side says who writes a document: people, who may leave out what is optional
// and must not leave empty what is required, or the program, which writes every
// field that is not omitted when zero.
type side int

const (
	byPeople side = iota
	byProgram
)

// generate returns the schema files by name. dir is the folder of package schema,
// relative to the module's root, which is the working directory.
func generate(dir string) (map[string][]byte, error) {
	comments := new(jsonschema.Reflector)
	if err := comments.AddGoComments(module, dir, jsonschema.WithFullComment()); err != nil {
		return nil, fmt.Errorf("read comments of %s: %w", dir, err)
	}
	out := map[string][]byte{}
	for name, s := range map[string]*jsonschema.Schema{
		"auditplan":          written(schema.AuditPlan{}, schema.KindAuditPlan, comments),
		"controltable":       written(schema.ControlTable{}, schema.KindControlTable, comments),
		"checkset":           written(schema.CheckSet{}, schema.KindCheckSet, comments),
		"overlay":            written(schema.Overlay{}, schema.KindOverlay, comments),
		"exceptionregister":  written(schema.ExceptionRegister{}, schema.KindExceptionRegister, comments),
		"documentregister":   written(schema.DocumentRegister{}, schema.KindDocumentRegister, comments),
		"accessreview":       written(schema.AccessReview{}, schema.KindAccessReview, comments),
		"controlreview":      written(schema.ControlReview{}, schema.KindControlReview, comments),
		"exceptionreview":    written(schema.ExceptionReview{}, schema.KindExceptionReview, comments),
		"questionnairemap":   written(schema.QuestionnaireMap{}, schema.KindQuestionnaireMap, comments),
		"answerlibrary":      written(schema.AnswerLibrary{}, schema.KindAnswerLibrary, comments),
		"supporttable":       written(schema.SupportTable{}, schema.KindSupportTable, comments),
		"verificationpolicy": written(schema.VerificationPolicy{}, schema.KindVerificationPolicy, comments),
		"verificationresult": describe(reflect.TypeFor[schema.VerificationResult](), byProgram, comments),
		"snapshot":           describe(reflect.TypeFor[schema.Snapshot](), byProgram, comments),
		"report":             describe(reflect.TypeFor[schema.Report](), byProgram, comments),
		"changes":            describe(reflect.TypeFor[schema.Changes](), byProgram, comments),
		"fleet":              describe(reflect.TypeFor[schema.FleetReport](), byProgram, comments),
		"manifest":           describe(reflect.TypeFor[schema.Manifest](), byProgram, comments),
		"populations":        populations(comments),
	} {
		file := name + ".schema.json"
		s.ID = jsonschema.ID("https://auditpack.dev/schema/" + file)
		data, err := encode(s)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", file, err)
		}
		out[file] = data
	}
	return out, nil
}

// encode writes a schema as schema.Marshal writes documents. The schema type
// writes itself with HTML escapes, which are taken out again.
func encode(s *jsonschema.Schema) ([]byte, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	for escape, text := range map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&"} {
		data = bytes.ReplaceAll(data, []byte(escape), []byte(text))
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// written describes a document that people write.
func written(document any, kind schema.Kind, comments *jsonschema.Reflector) *jsonschema.Schema {
	s := describe(reflect.TypeOf(document), byPeople, comments)
	fix(property(s, "apiVersion"), schema.APIVersion)
	fix(property(s, "kind"), string(kind))
	return s
}

func fix(p *jsonschema.Schema, value string) {
	p.Const, p.Enum, p.MinLength = value, nil, nil
}

// populations describes the lines of each file of evidence/populations under
// properties/NAME.
func populations(comments *jsonschema.Reflector) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Version:              jsonschema.Version,
		Description:          "The rows of each population. A line of evidence/populations/NAME.jsonl is described by #/properties/NAME.",
		Type:                 "object",
		Properties:           jsonschema.NewProperties(),
		AdditionalProperties: jsonschema.FalseSchema,
		Definitions:          jsonschema.Definitions{},
	}
	for _, p := range schema.Populations {
		t := reflect.TypeOf(p.Row)
		row := describe(t, byProgram, comments)
		for name, def := range row.Definitions {
			s.Definitions[name] = def
		}
		row.Definitions, row.Version = nil, ""
		s.Definitions[t.Name()] = row
		s.Properties.Set(p.Name, &jsonschema.Schema{
			Ref: "#/$defs/" + t.Name(), Title: p.Title, Description: p.Question,
		})
	}
	return s
}

// describe returns the schema of a struct type with its fields at the root.
func describe(t reflect.Type, by side, comments *jsonschema.Reflector) *jsonschema.Schema {
	r := &jsonschema.Reflector{
		ExpandedStruct: true,
		Anonymous:      true,
		CommentMap:     comments.CommentMap,
		Mapper:         scalar,
	}
	s := r.ReflectFromType(t)
	refine(s, t, by)
	for _, inner := range structs(t) {
		if def := s.Definitions[inner.Name()]; def != nil {
			refine(def, inner, by)
		}
	}
	return s
}

// scalar describes the types that are written as text.
func scalar(t reflect.Type) *jsonschema.Schema {
	switch {
	case t == reflect.TypeFor[schema.Date]():
		return &jsonschema.Schema{Type: "string", Pattern: "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
	case schema.Words(t) != nil:
		return &jsonschema.Schema{Type: "string", Enum: enum(schema.Words(t))}
	}
	return nil
}

func enum(words []string) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

// refine adds to the properties of a struct what the tags of its fields say.
func refine(s *jsonschema.Schema, t reflect.Type, by side) {
	s.Description = strings.TrimSpace(s.Description)
	s.Required = nil
	for _, f := range schema.Fields(t) {
		p := property(s, f.Name)
		p.Description = strings.Join(strings.Fields(p.Description), " ")
		required := by == byProgram && f.Always || by == byPeople && f.Required
		if required {
			s.Required = append(s.Required, f.Name)
		}
		text := p
		if p.Items != nil {
			text = p.Items
		}
		if f.Words != nil {
			text.Enum = enum(f.Words)
			if by == byPeople && f.Always && !f.Required && text == p {
				text.Enum = append(text.Enum, "") // the same as leaving it out
			}
		}
		if f.Format != nil {
			text.Pattern = f.Format.Pattern
		}
		if f.Type.Kind() == reflect.Map && schema.Words(f.Type.Key()) != nil {
			p.PropertyNames = &jsonschema.Schema{Enum: enum(schema.Words(f.Type.Key()))}
		}
		if by == byPeople {
			bound(p, f)
		}
	}
}

// bound refuses what is there but says nothing.
func bound(p *jsonschema.Schema, f schema.Field) {
	one := uint64(1)
	if f.Required && p.Type == "string" && p.Enum == nil {
		p.MinLength = &one
	}
	if f.NonEmpty {
		p.MinItems = &one
	}
	if p.Items != nil && p.Items.Type == "string" && p.Items.Enum == nil {
		p.Items.MinLength = &one
	}
}

func property(s *jsonschema.Schema, name string) *jsonschema.Schema {
	p, ok := s.Properties.Get(name)
	if !ok {
		panic(fmt.Sprintf("the schema has no property %s", name))
	}
	return p
}

// structs returns the struct types of package schema that t's fields reach.
func structs(t reflect.Type) []reflect.Type {
	seen := map[reflect.Type]bool{}
	var out []reflect.Type
	var visit func(reflect.Type)
	visit = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || path.Base(t.PkgPath()) != "schema" || scalar(t) != nil || seen[t] {
			return
		}
		seen[t] = true
		out = append(out, t)
		for _, f := range schema.Fields(t) {
			visit(f.Type)
		}
	}
	visit(t)
	return out
}
