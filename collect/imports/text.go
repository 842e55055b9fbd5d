package imports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/schema"
)

// columns are the names that identity providers give to the columns of their exports,
// without regard to case, spaces and _.
var columns = map[string][]string{
	"group":  {"group", "groupname", "groupdisplayname"},
	"member": {"member", "membername", "user", "username", "email", "login", "userprincipalname"},
	"status": {"status", "state", "userstatus"},
}

// readText reads what is no JSON: CSV with the columns of a group export, or YAML.
func (d *document) readText() error {
	text := bytes.TrimPrefix(d.content, []byte("\ufeff"))
	first, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte("\n"))
	for _, comma := range []rune{',', ';', '\t'} {
		r := csv.NewReader(bytes.NewReader(first))
		r.Comma = comma
		header, err := r.Read()
		if err != nil {
			continue
		}
		at := d.columns(header)
		if at["group"] >= 0 && at["member"] >= 0 {
			d.form = form{kind: schema.ImportGroups, resource: schema.GroupMembers}
			return d.readGroups(text, comma, at)
		}
	}
	return d.readYAML(text)
}

// columns finds the columns of a header; -1 for those that are not there.
func (d *document) columns(header []string) map[string]int {
	out := map[string]int{}
	for name, known := range columns {
		if given := d.plan.Columns[name]; given != "" {
			known = []string{given}
		}
		out[name] = slices.IndexFunc(header, func(h string) bool {
			return slices.ContainsFunc(known, func(k string) bool { return columnName(h) == columnName(k) })
		})
	}
	return out
}

func columnName(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// readGroups reads the members of groups. It does not say when it was made.
func (d *document) readGroups(text []byte, comma rune, at map[string]int) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = comma
	if _, err := r.Read(); err != nil {
		return errors.New("line 1: the header cannot be read")
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return fmt.Errorf("line %d: %v", bad.Line, bad.Err)
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		row := schema.GroupMember{Import: d.name, Made: d.made, Group: clip(strings.TrimSpace(record[at["group"]])), Member: clip(strings.TrimSpace(record[at["member"]]))}
		if i := at["status"]; i >= 0 {
			row.Status = clip(strings.TrimSpace(record[i]))
		}
		if row.Group == "" {
			return fmt.Errorf("line %d: the group is empty", line)
		}
		if d.rows = append(d.rows, row); len(d.rows) > maxRows {
			d.rows = nil
			return fmt.Errorf("it has more than %d rows", maxRows)
		}
	}
}

// readYAML reads documents of YAML as one list of objects.
func (d *document) readYAML(text []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	items := []any{}
	for {
		var v any
		err := decoder.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("it is neither JSON nor CSV with the columns group and member, and no YAML: %s", clip(err.Error()))
		}
		if m, ok := v.(map[string]any); ok {
			items = append(items, m)
		}
		if len(items) > maxRows {
			return fmt.Errorf("it has more than %d documents", maxRows)
		}
	}
	if len(items) == 0 {
		return errors.New("it is neither JSON nor CSV with the columns group and member, and has no object of YAML")
	}
	v := items[0]
	if len(items) > 1 {
		v = map[string]any{"kind": "List", "items": items}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("its YAML has no form in JSON: %v", err)
	}
	original := d.content
	d.content = b
	err = d.readValue(v)
	d.content = original
	if len(d.dropped) == 0 {
		d.kept = nil
	}
	return err
}
