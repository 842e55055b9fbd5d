package input

import (
	_ "embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

//go:embed default.yaml
var defaultPlan []byte

// Load reads the plan at planPath and every file that it names, relative to the
// plan's folder. builtin has the built-in control table (controls/iso27017.yaml) and
// the table of supported releases (support/kubernetes.yaml), each taken when the plan
// names none, and the built-in checks (checks/*.yaml).
//
// When a document is not right, the error is an *Error with all problems of all
// files. A plan that cannot be opened is an error that wraps fs.ErrNotExist or
// the like.
func Load(planPath string, builtin fs.FS) (*Set, error) {
	s, err := load(disk{}, planPath, builtin)
	if err != nil {
		return nil, err
	}
	s.folder = filepath.Dir(planPath)
	return s, nil
}

// LoadFS is Load for a plan in fsys. Path is of no use on its Set.
func LoadFS(fsys fs.FS, planPath string, builtin fs.FS) (*Set, error) {
	return load(tree{fsys}, planPath, builtin)
}

// Default returns the Set for a run without a plan: the built-in plan, control
// table and checks, and empty registers.
func Default(builtin fs.FS) (*Set, error) {
	plan := newPart(schema.KindAuditPlan, "built-in plan", "inputs/plan.yaml", defaultPlan)
	plan.builtin = true
	parts := []*part{plan}
	own, err := builtinParts(builtin, true, true)
	if err != nil {
		return nil, err
	}
	return assemble(append(parts, own...), nil)
}

// files opens files by names that are relative to other files.
type files interface {
	fs.FS
	// beside returns the path of name as seen from the folder of file.
	beside(file, name string) string
	// within opens a regular file below the folder of file. No link leads out of it.
	within(file, name string) (fs.File, error)
}

// disk is the file system of the machine.
type disk struct{}

func (disk) Open(name string) (fs.File, error) { return os.Open(name) }

func (disk) beside(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}

func (disk) within(file, name string) (fs.File, error) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe would block
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return root.Open(name)
}

// tree is an fs.FS.
type tree struct{ fs.FS }

func (tree) beside(file, name string) string { return path.Join(path.Dir(file), name) }

func (t tree) within(file, name string) (fs.File, error) { return t.Open(t.beside(file, name)) }

func load(from files, planPath string, builtin fs.FS) (*Set, error) {
	data, err := readFile(from, planPath)
	if err != nil {
		return nil, fmt.Errorf("read plan %s: %w", planPath, err)
	}
	plan := newPart(schema.KindAuditPlan, planPath, "inputs/plan.yaml", data)
	parts := []*part{plan}
	var spec schema.PlanSpec
	if p := valueOf[schema.AuditPlan](parts, schema.KindAuditPlan); p != nil {
		spec = p.Spec
	}
	own, err := builtinParts(builtin, spec.ControlTable == "", spec.Support == "")
	if err != nil {
		return nil, err
	}
	parts = append(parts, own...)

	r := &reader{from: from, plan: plan}
	r.read(schema.KindControlTable, "spec.controlTable", spec.ControlTable, "inputs/controls.yaml")
	r.read(schema.KindSupportTable, "spec.support", spec.Support, "inputs/support.yaml")
	for i, name := range spec.Checks {
		r.read(schema.KindCheckSet, index("spec.checks", i), name, fmt.Sprintf("inputs/checks/plan-%d.yaml", i+1))
	}
	r.read(schema.KindOverlay, "spec.overlay", spec.Overlay, "inputs/overlay.yaml")
	r.read(schema.KindExceptionRegister, "spec.exceptions", spec.Exceptions, "inputs/exceptions.yaml")
	r.read(schema.KindDocumentRegister, "spec.documents", spec.Documents, "inputs/documents.yaml")
	for i, name := range spec.Reviews {
		r.reviews(index("spec.reviews", i), name)
	}
	logo := r.logo(spec.Look.Logo)
	parts = append(parts, r.parts...)
	s, err := assemble(parts, func(file string) (fs.File, error) {
		return from.within(find(parts, schema.KindDocumentRegister).name, file)
	})
	if err != nil {
		return nil, err
	}
	s.Logo = logo
	return s, nil
}

// A reader reads the files that a plan names.
type reader struct {
	from  files
	plan  *part
	parts []*part
	// countReviews numbers the reviews in the bundle.
	countReviews int
}

// read reads one of them; a file that cannot be read is a problem of the plan.
func (r *reader) read(kind schema.Kind, field, name, bundlePath string) {
	if name == "" {
		return
	}
	at := r.from.beside(r.plan.name, name)
	data, err := readFile(r.from, at)
	if err != nil {
		r.plan.doc.problem(field, "%v", err)
		return
	}
	r.parts = append(r.parts, newPart(kind, at, bundlePath, data))
}

// reviewKinds are the kinds of what reviewers decided.
var reviewKinds = []schema.Kind{schema.KindAccessReview, schema.KindControlReview, schema.KindExceptionReview}

// reviews reads a file of the plan's reviews, or each .yaml file of a folder in
// the order of their names.
func (r *reader) reviews(field, name string) {
	at := r.from.beside(r.plan.name, name)
	info, err := fs.Stat(r.from, at)
	if err != nil {
		r.plan.doc.problem(field, "%v", err)
		return
	}
	if !info.IsDir() {
		r.review(field, at)
		return
	}
	entries, err := fs.ReadDir(r.from, at)
	if err != nil {
		r.plan.doc.problem(field, "%v", err)
		return
	}
	for _, e := range entries {
		if !e.IsDir() && path.Ext(e.Name()) == ".yaml" {
			r.review(field, r.from.beside(r.plan.name, path.Join(name, e.Name())))
		}
	}
}

func (r *reader) review(field, at string) {
	data, err := readFile(r.from, at)
	if err != nil {
		r.plan.doc.problem(field, "%v", err)
		return
	}
	r.countReviews++
	p := newPart("", at, fmt.Sprintf("inputs/reviews/%d.yaml", r.countReviews), data)
	if p.doc.value.IsValid() && !slices.Contains(reviewKinds, p.kind) {
		p.doc.problem("kind", "this is kind %s, and a review is wanted here", p.kind)
	}
	r.parts = append(r.parts, p)
}

// builtinParts returns the built-in checks, and before them the built-in control
// table and the table of supported releases where they are wanted.
func builtinParts(builtin fs.FS, table, support bool) ([]*part, error) {
	var parts []*part
	add := func(kind schema.Kind, name string) error {
		data, err := readFile(builtin, name)
		if err != nil {
			return fmt.Errorf("read built-in %s: %w", name, err)
		}
		p := newPart(kind, "built-in "+name, "inputs/"+name, data)
		p.builtin = true
		parts = append(parts, p)
		return nil
	}
	if table {
		if err := add(schema.KindControlTable, "controls/iso27017.yaml"); err != nil {
			return nil, err
		}
	}
	if support {
		if err := add(schema.KindSupportTable, "support/kubernetes.yaml"); err != nil {
			return nil, err
		}
	}
	checks, err := fs.Glob(builtin, "checks/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list built-in checks: %w", err)
	}
	slices.Sort(checks)
	for _, name := range checks {
		if err := add(schema.KindCheckSet, name); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// newPart reads a document of the wanted kind, or of any kind when want is empty.
func newPart(want schema.Kind, name, bundlePath string, data []byte) *part {
	p := &part{kind: want, name: name, path: bundlePath, data: data, doc: read(name, data, want)}
	if want == "" {
		p.kind = p.doc.found
	}
	return p
}

// readFile reads a whole file within the bound; read reports one that is larger.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	return data, nil
}
