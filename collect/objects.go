package collect

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"

	"github.com/auditpack/auditpack/schema"
)

// Objects finds those of the wanted objects that were kept, in the folder that
// Run wrote to or in the members of a bundle. They come in the order of sources,
// resources and lines; an error ends them. Files without a wanted kind are read
// as far as their first line, since a file has objects of one kind.
func Objects(fsys fs.FS, s *schema.Snapshot, wanted []schema.Subject) iter.Seq2[schema.Object, error] {
	type kind struct{ source, kind string }
	kinds, subjects := map[kind]bool{}, map[schema.Subject]bool{}
	for _, w := range wanted {
		kinds[kind{w.Cluster, w.Kind}] = true
		subjects[w] = true
	}
	return func(yield func(schema.Object, error) bool) {
		var names []string
		for _, source := range s.Sources {
			names = append(names, source.Name)
		}
		folders := objectFolders(names)
		for _, source := range names {
			files, err := fs.ReadDir(fsys, path.Join(objectsFolder, folders[source]))
			if errors.Is(err, fs.ErrNotExist) {
				continue // nothing of this source is kept
			}
			if err != nil {
				yield(schema.Object{}, fmt.Errorf("read objects of %s: %w", source, err))
				return
			}
			for _, file := range files {
				name := path.Join(objectsFolder, folders[source], file.Name())
				for o, err := range objectLines(fsys, name, source) {
					if err == nil && !kinds[kind{source, o.Subject.Kind}] {
						break
					}
					if err == nil && !subjects[o.Subject] {
						continue
					}
					if !yield(o, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

// objectLines yields every object of a file.
func objectLines(fsys fs.FS, name, source string) iter.Seq2[schema.Object, error] {
	return func(yield func(schema.Object, error) bool) {
		f, err := fsys.Open(name)
		if err != nil {
			yield(schema.Object{}, fmt.Errorf("read objects: %w", err))
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(make([]byte, 0, 64<<10), maxLine)
		lines.Split(wholeLines)
		n := 0
		for lines.Scan() {
			n++
			o, err := parseObject(lines.Bytes())
			if err != nil {
				yield(schema.Object{}, fmt.Errorf("%s:%d: %w", name, n, err))
				return
			}
			o.Path, o.Line, o.Subject.Cluster = name, n, source
			if !yield(o, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(schema.Object{}, fmt.Errorf("%s:%d: %w", name, n+1, err))
		}
	}
}

func parseObject(line []byte) (schema.Object, error) {
	var head struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return schema.Object{}, fmt.Errorf("read an object: %w", err)
	}
	return schema.Object{
		Subject: schema.Subject{Kind: head.Kind, Namespace: head.Metadata.Namespace, Name: head.Metadata.Name}, JSON: string(line),
	}, nil
}
