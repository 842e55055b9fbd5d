package input

import (
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/auditpack/auditpack/schema"
)

// indexPath is the file that says what the other inputs of a bundle are.
const indexPath = "inputs/index.json"

// An indexFile is the content of inputs/index.json.
type indexFile struct {
	SchemaVersion string `json:"schemaVersion"`
	// Unsigned and Demo are those of schema.Inputs.
	Unsigned bool `json:"unsigned"`
	Demo     bool `json:"demo"`
	// Supersedes is absent when the run corrected no bundle.
	Supersedes *schema.SupersededBundle `json:"supersedes,omitempty"`
	// DocumentSigner is absent when the PDF and the workbook are not signed.
	DocumentSigner *schema.DocumentSigner `json:"documentSigner,omitempty"`
	// Sampling is absent when the run drew no sample.
	Sampling *schema.Sampling `json:"sampling,omitempty"`
	// Logo is the path of the picture for the cover, absent without one.
	Logo string `json:"logo,omitempty"`
	// Previous is absent when the run had no bundle before it.
	Previous *previousEntry `json:"previous,omitempty"`
	// Files in the order in which they were read.
	Files []indexEntry `json:"files"`
}

// A previousEntry names the files that are kept of the bundle before this one.
type previousEntry struct {
	// Facts is a PreviousFacts document.
	Facts string `json:"facts"`
	// AccessGrants are the rows of the population, as they lie in that bundle.
	AccessGrants string `json:"accessGrants"`
}

type indexEntry struct {
	// Path in the bundle.
	Path string      `json:"path"`
	Kind schema.Kind `json:"kind"`
	// BuiltIn is true for a file of the program, false for one that the plan named.
	BuiltIn bool `json:"builtIn"`
}

// Save writes the documents exactly as they were read, an index of them, and the
// attached files. create opens a new file of the bundle by its path with slashes:
// the documents lie in inputs/, the attached files in evidence/documents/.
func (s *Set) Save(create func(path string) (io.WriteCloser, error)) error {
	index := indexFile{SchemaVersion: schema.Version, Unsigned: s.Unsigned, Demo: s.Demo, Supersedes: s.Supersedes, DocumentSigner: s.DocumentSigner, Sampling: s.Sampling}
	for _, p := range s.parts {
		index.Files = append(index.Files, indexEntry{p.path, p.kind, p.builtin})
		if err := write(create, p.path, func(w io.Writer) error { _, err := w.Write(p.data); return err }); err != nil {
			return err
		}
	}
	if s.Logo != nil {
		index.Logo = logoPath
		if err := write(create, logoPath, func(w io.Writer) error { _, err := w.Write(s.Logo); return err }); err != nil {
			return err
		}
	}
	if s.Previous != nil {
		index.Previous = &previousEntry{previousPath, previousGrantsPath}
		if err := s.savePrevious(create); err != nil {
			return err
		}
	}
	list, err := schema.Marshal(index)
	if err != nil {
		return err
	}
	if err := write(create, indexPath, func(w io.Writer) error { _, err := w.Write(list); return err }); err != nil {
		return err
	}
	for _, a := range s.Attachments {
		if err := write(create, a.Path(), a.CopyTo); err != nil {
			return err
		}
	}
	return nil
}

func write(create func(path string) (io.WriteCloser, error), path string, content func(io.Writer) error) error {
	w, err := create(path)
	if err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	if err := content(w); err != nil {
		_ = w.Close() // the first error says what went wrong
		return fmt.Errorf("save %s: %w", path, err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	return nil
}

// LoadFrom reads back what Save wrote. bundle is the folder of the bundle, with
// inputs and evidence in it. Given the same bytes, the Inputs are the same as
// those of the Set that was saved.
func LoadFrom(bundle fs.FS) (*Set, error) {
	data, err := readFile(bundle, indexPath)
	if err != nil {
		return nil, fmt.Errorf("read inputs of the bundle: %w", err)
	}
	var index indexFile
	if err := schema.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("read %s: %w", indexPath, err)
	}
	parts := make([]*part, len(index.Files))
	for i, f := range index.Files {
		data, err := readFile(bundle, f.Path)
		if err != nil {
			return nil, fmt.Errorf("read inputs of the bundle: %w", err)
		}
		parts[i] = newPart(f.Kind, f.Path, f.Path, data)
		parts[i].builtin = f.BuiltIn
	}
	if err := complete(parts); err != nil {
		return nil, fmt.Errorf("read %s: %w", indexPath, err)
	}
	s, err := assemble(parts, func(file string) (fs.File, error) { return bundle.Open(path.Join(attachedFolder, file)) })
	if err != nil {
		return nil, err
	}
	s.Unsigned, s.Demo, s.Supersedes = index.Unsigned, index.Demo, index.Supersedes
	s.DocumentSigner, s.Sampling = index.DocumentSigner, index.Sampling
	if s.Sampling != nil {
		if err := s.Sampling.Check(); err != nil {
			return nil, fmt.Errorf("read %s: %w", indexPath, err)
		}
	}
	if index.Logo != "" {
		if s.Logo, err = readLogo(bundle.Open(index.Logo)); err != nil {
			return nil, fmt.Errorf("read inputs of the bundle: %s: %w", index.Logo, err)
		}
	}
	if index.Previous != nil {
		if err := s.loadPrevious(bundle, *index.Previous); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// complete checks that an index names each document as often as a run has it.
func complete(parts []*part) error {
	count := map[schema.Kind]int{}
	for _, p := range parts {
		count[p.kind]++
	}
	for _, kind := range []schema.Kind{schema.KindAuditPlan, schema.KindControlTable, schema.KindOverlay, schema.KindExceptionRegister, schema.KindDocumentRegister, schema.KindSupportTable} {
		n := count[kind]
		required := kind == schema.KindAuditPlan || kind == schema.KindControlTable
		if n > 1 || n == 0 && required {
			return fmt.Errorf("%d documents of kind %s", n, kind)
		}
	}
	return nil
}
