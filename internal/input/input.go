// Package input reads the documents that people write: AuditPlan, ControlTable,
// CheckSet, Overlay, ExceptionRegister, DocumentRegister, the three kinds of review
// and SupportTable, as YAML or JSON.
//
// Load resolves a plan and every file that it names; Default is for a run
// without a plan. Both return a Set, whose Save keeps the documents byte for byte
// in a bundle and LoadFrom reads them back. Document reads a single one.
//
// Reading is strict. What is not understood is not skipped: it is a Problem with
// file, line and column, and an Error carries all problems of all files. Scalars
// are read by the type of the field, never by how they look, so that 8.20, no and
// 2026-11-22 stay the text that was written where text is wanted.
package input

import (
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/schema"
)

// Bounds on what is read. They are far above any honest document.
const (
	maxFileBytes       = 10 << 20 // one document
	maxValues          = 200_000  // mapping keys, list entries and scalars of one document, aliases counted as often as used
	maxAttachmentBytes = 256 << 20
	maxProblems        = 20 // listed for one file
)

// Document reads one document, which name stands for in messages. It returns a
// pointer to the type that the document's kind names, such as *schema.AuditPlan,
// or nil and an *Error. Defaults are not filled in, and other files that the
// document names are not looked at.
func Document(name string, data []byte) (any, error) {
	d := read(name, data, "")
	if err := problemsOf(d); err != nil {
		return nil, err
	}
	return d.value.Interface(), nil
}

// types has the Go type of each kind of document.
var types = map[schema.Kind]reflect.Type{
	schema.KindAuditPlan:         reflect.TypeFor[schema.AuditPlan](),
	schema.KindControlTable:      reflect.TypeFor[schema.ControlTable](),
	schema.KindCheckSet:          reflect.TypeFor[schema.CheckSet](),
	schema.KindOverlay:           reflect.TypeFor[schema.Overlay](),
	schema.KindExceptionRegister: reflect.TypeFor[schema.ExceptionRegister](),
	schema.KindDocumentRegister:  reflect.TypeFor[schema.DocumentRegister](),
	schema.KindAccessReview:      reflect.TypeFor[schema.AccessReview](),
	schema.KindControlReview:     reflect.TypeFor[schema.ControlReview](),
	schema.KindExceptionReview:   reflect.TypeFor[schema.ExceptionReview](),
	schema.KindSupportTable:      reflect.TypeFor[schema.SupportTable](),
	schema.KindQuestionnaireMap:  reflect.TypeFor[schema.QuestionnaireMap](),
	schema.KindAnswerLibrary:     reflect.TypeFor[schema.AnswerLibrary](),

	schema.KindVerificationPolicy: reflect.TypeFor[schema.VerificationPolicy](),
}

// A document is one file as read: its value as far as it could be read, where
// each part of it stands, and what is wrong with it.
type document struct {
	file     string
	found    schema.Kind   // the kind that value has
	value    reflect.Value // a pointer to one of types, or invalid
	at       map[string]position
	problems []Problem
	shapes   map[reflect.Type]*shape
	values   int
	stopped  bool
}

type position struct{ line, column int }

// read reads a document of the wanted kind, or of any kind when want is empty.
func read(file string, data []byte, want schema.Kind) *document {
	d := &document{file: file, at: map[string]position{}, shapes: map[reflect.Type]*shape{}}
	root := d.parse(data)
	if root == nil {
		return d
	}
	d.at[""] = position{root.Line, root.Column}
	if root.Kind != yaml.MappingNode {
		d.problemAt(root, "", "want a document with apiVersion and kind, found %s", describe(root))
		return d
	}
	t, ok := d.kind(root, want)
	if !ok {
		return d
	}
	d.value = reflect.New(t)
	d.found = schema.Kind(child(root, "kind").Value)
	d.decodeStruct(root, d.value.Elem(), "")
	if !d.stopped {
		d.validate()
	}
	return d
}

// kind checks apiVersion and kind and returns the type to read.
func (d *document) kind(root *yaml.Node, want schema.Kind) (reflect.Type, bool) {
	version, kind := child(root, "apiVersion"), child(root, "kind")
	if version == nil {
		d.problemAt(root, "", "missing \"apiVersion\": want %q", schema.APIVersion)
	}
	if kind == nil {
		d.problemAt(root, "", "missing \"kind\": want one of %s", join(schema.Words(reflect.TypeFor[schema.Kind]())))
	}
	if version == nil || kind == nil {
		return nil, false
	}
	ok := true
	if version.Value != schema.APIVersion {
		d.problemAt(version, "apiVersion", "apiVersion %q is not known: want %q", version.Value, schema.APIVersion)
		ok = false
	}
	t, known := types[schema.Kind(kind.Value)]
	switch {
	case !known:
		d.suggest(kind, "kind", "unknown kind", kind.Value, schema.Words(reflect.TypeFor[schema.Kind]()))
	case want != "" && kind.Value != string(want):
		d.problemAt(kind, "kind", "this is kind %s, and %s is wanted here", kind.Value, want)
		known = false
	}
	return t, ok && known
}
