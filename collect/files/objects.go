package files

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/schema"
)

// maxProblems bounds the unreadable documents that are named one by one.
const maxProblems = 100

// objects holds what the files of one cluster hold, one entry an object. Values
// of Secrets are gone before an entry is made.
type objects struct {
	source   string
	complete bool

	entries  map[key]*entry
	answers  map[string]*answer // by the kind's name
	others   map[string]int     // documents of kinds that are not read
	problems []problem
}

type key struct{ kind, namespace, name string }

// An entry is one object as JSON with sorted keys.
type entry struct {
	key
	kind  kube.Kind
	json  []byte
	place string
	// file and line are empty for an item of a list, for standard input and for what was rejected.
	file string
	line int
}

// An answer is what the files say about one kind.
type answer struct {
	kind     kube.Kind
	rows     int
	repeated int
	rejected []string
}

type problem struct {
	place string
	what  string
}

func newObjects(source string, complete bool) *objects {
	return &objects{source: source, complete: complete, entries: map[key]*entry{}, answers: map[string]*answer{}, others: map[string]int{}}
}

// at returns a taker for the documents of one file.
func (o *objects) at(name, path string) taker { return &file{objects: o, name: name, path: path} }

func (o *objects) problem(name string, line int, what string) {
	o.problems = append(o.problems, problem{placeOf(name, line), what})
}

func placeOf(name string, line int) string {
	if line == 0 {
		return name
	}
	return fmt.Sprintf("%s:%d", name, line)
}

// A file is a taker for one file.
type file struct {
	*objects
	name, path string
}

func (f *file) unreadable(line int, what string) { f.problem(f.name, line, what) }

func (f *file) document(line int, v any) {
	m, _ := v.(map[string]any)
	if v == nil {
		return
	}
	if e := f.add(m, placeOf(f.name, line), 0); e != nil && f.path != "" {
		e.file, e.line = f.path, line
	}
}

// answer returns that of a kind. It makes one, which says that the files speak of the kind.
func (o *objects) answer(k kube.Kind) *answer {
	a, ok := o.answers[k.Name()]
	if !ok {
		a = &answer{kind: k}
		o.answers[k.Name()] = a
	}
	return a
}

// add takes one object and returns its entry, or takes the objects of a list and
// returns nil, as it does for what is not read.
func (o *objects) add(m map[string]any, place string, depth int) *entry {
	apiVersion, _ := m["apiVersion"].(string)
	kind, _ := m["kind"].(string)
	group, version, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group, version = "", apiVersion
	}
	if items, ok := m["items"].([]any); ok && strings.HasSuffix(kind, "List") && depth < 3 {
		o.addList(group, apiVersion, strings.TrimSuffix(kind, "List"), items, place, depth)
		return nil
	}
	k, ok := kube.KindOf(group, kind)
	if !ok {
		o.others[otherName(group, kind)]++
		return nil
	}
	a := o.answer(k)
	if !k.Reads(version) {
		a.reject(place, "the version is not known")
		return nil
	}
	e, err := newEntry(k, m, place)
	if err != "" {
		a.reject(place, err)
		return nil
	}
	if before, ok := o.entries[e.key]; !ok {
		a.rows++
	} else if !bytes.Equal(before.json, e.json) {
		a.repeated++
	}
	o.entries[e.key] = e
	return e
}

// addList takes the items of a list. The lists of an API server do not repeat
// the kind in each item.
func (o *objects) addList(group, apiVersion, kind string, items []any, place string, depth int) {
	if k, ok := kube.KindOf(group, kind); ok {
		o.answer(k)
	}
	for i, item := range items {
		at := fmt.Sprintf("%s item %d", place, i+1)
		m, ok := item.(map[string]any)
		if !ok {
			o.problems = append(o.problems, problem{at, "not an object"})
			continue
		}
		if _, ok := m["kind"]; !ok && kind != "" {
			m["apiVersion"], m["kind"] = apiVersion, kind
		}
		o.add(m, at, depth+1)
	}
}

// otherName names a kind that is not read, within limits, for it comes from outside.
func otherName(group, kind string) string {
	name := kind
	if group != "" {
		name += "." + group
	}
	if kind == "" || len(name) > 100 || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "no kind"
	}
	return name
}

// newEntry returns an object with the defaults that decide what it is. The
// second result says what is wrong with it.
func newEntry(k kube.Kind, m map[string]any, place string) (*entry, string) {
	meta, _ := m["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if name == "" {
		return nil, "the object has no name"
	}
	namespace, _ := meta["namespace"].(string)
	if k.Namespaced {
		namespace = cmp.Or(namespace, "default")
		meta["namespace"] = namespace
	} else {
		namespace = ""
		delete(meta, "namespace")
	}
	if k.Name() == kube.Secrets.Name() {
		dropSecretValues(m, meta)
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, "the object cannot be written as JSON"
	}
	if len(b) > maxObject {
		return nil, "the object is larger than an API server accepts"
	}
	return &entry{key: key{k.Name(), namespace, name}, kind: k, json: b, place: place}, ""
}

// dropSecretValues empties everything of a Secret that may hold a value. The
// keys stay, to be counted.
func dropSecretValues(secret, meta map[string]any) {
	for _, field := range []string{"data", "stringData"} {
		emptyOthers(secret, field, func(string) bool { return false })
	}
	emptyOthers(meta, "annotations", kube.KeepSecretAnnotation)
	for field := range secret {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "type", "data", "stringData"}, field) {
			delete(secret, field)
		}
	}
}

// emptyOthers replaces the values of a map by empty strings, but for the keys to
// keep, and drops what is no map.
func emptyOthers(m map[string]any, field string, keep func(key string) bool) {
	values, ok := m[field].(map[string]any)
	if !ok {
		delete(m, field)
		return
	}
	for k := range values {
		if !keep(k) {
			values[k] = ""
		}
	}
}

// sorted returns the entries in the order of their keys.
func (o *objects) sorted() []*entry {
	return slices.SortedFunc(maps.Values(o.entries), func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.key.kind, b.key.kind), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
}

// places says where the objects stand that are documents of their own.
func (o *objects) places() []schema.Place {
	var out []schema.Place
	for _, e := range o.entries {
		if e.file != "" {
			out = append(out, schema.Place{Cluster: o.source, Kind: e.kind.Kind, Namespace: e.namespace, Name: e.name, File: e.file, Line: e.line})
		}
	}
	return out
}

// reject takes an entry that turned out not to be of its kind.
func (o *objects) reject(e *entry, err error) {
	a := o.answer(e.kind)
	a.rows--
	a.reject(e.place, err.Error())
	e.file = ""
}

func (a *answer) reject(place, why string) { a.rejected = append(a.rejected, place+": "+why) }

// secretsTier is what the files tell of all Secrets that they speak of: rotation
// when every one of them has managedFields, else inventory.
func (o *objects) secretsTier() schema.SecretsTier {
	if _, ok := o.answers[kube.Secrets.Name()]; !ok {
		return schema.SecretsNone
	}
	for _, e := range o.entries {
		if e.key.kind == kube.Secrets.Name() && !bytes.Contains(e.json, []byte(`"managedFields":[{`)) {
			return schema.SecretsInventory
		}
	}
	return schema.SecretsRotation
}

// queries says for every kind how the files answer. Secrets that no document
// speaks of are not asked for, whatever the plan says: they are what people leave
// out of files.
func (o *objects) queries() []schema.Query {
	var out []schema.Query
	kinds := slices.Clone(kube.Kinds)
	for _, name := range slices.Sorted(maps.Keys(o.answers)) {
		a := o.answers[name]
		if !slices.ContainsFunc(kinds, func(k kube.Kind) bool { return k.Name() == a.kind.Name() }) {
			kinds = append(kinds, a.kind)
		}
	}
	for _, k := range kinds {
		q := schema.Query{Source: o.source, Resource: k.Name(), Target: "read " + groupVersion(k) + " " + k.Resource + " from files"}
		if a, ok := o.answers[k.Name()]; ok {
			a.settle(&q)
		} else {
			o.settleUnspoken(k, &q)
		}
		out = append(out, q)
	}
	return append(out, o.documentQueries()...)
}

func groupVersion(k kube.Kind) string {
	if k.Group == "" {
		return k.Versions[0]
	}
	return k.Group + "/" + k.Versions[0]
}

// settle ends the query for a kind that the files speak of.
func (a *answer) settle(q *schema.Query) {
	q.Outcome, q.Rows = schema.Complete, a.rows
	if a.repeated > 0 {
		q.Reason = fmt.Sprintf("%d of the objects differ from an earlier one of the same name; the last one was read", a.repeated)
	}
	if len(a.rejected) > 0 {
		slices.Sort(a.rejected)
		q.Outcome = schema.Truncated
		q.Reason = fmt.Sprintf("%d documents cannot be read, first %s", len(a.rejected), a.rejected[0])
	}
}

// anything returns an error when no document speaks of a kind that is read.
func (o *objects) anything() error {
	if len(o.answers) > 0 {
		return nil
	}
	if len(o.problems) > 0 {
		return fmt.Errorf("no Kubernetes object was found in the files; %s: %s", o.problems[0].place, o.problems[0].what)
	}
	return errors.New("no Kubernetes object was found in the files; name manifests, lists of kubectl get -o yaml, or a cluster-info dump")
}

// settleUnspoken ends the query for a kind that no document speaks of. Files that
// hold the whole cluster say by that that there is none of it.
func (o *objects) settleUnspoken(k kube.Kind, q *schema.Query) {
	switch {
	case !o.complete:
		q.Outcome, q.Reason = schema.Failed, "no document of this kind in the files"
	case len(o.problems) > 0:
		q.Outcome, q.Reason = schema.Failed, "no document of this kind in the files, and some documents cannot be read"
	case k.Custom:
		q.Outcome, q.Reason = schema.Absent, "no document of this kind in files that the plan calls complete"
	default:
		q.Outcome, q.Reason = schema.Complete, "no document of this kind in files that the plan calls complete"
	}
}

// documentQueries says which documents could not be read, and how many were of
// kinds that are not audited.
func (o *objects) documentQueries() []schema.Query {
	var out []schema.Query
	const resource = "documents"
	slices.SortFunc(o.problems, func(a, b problem) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.what, b.what)) })
	for i, p := range o.problems {
		if i == maxProblems {
			out = append(out, schema.Query{
				Source: o.source, Resource: resource, Target: "read the other documents", Outcome: schema.Failed,
				Reason: fmt.Sprintf("%d more documents cannot be read", len(o.problems)-maxProblems),
			})
			break
		}
		out = append(out, schema.Query{Source: o.source, Resource: resource, Target: "read " + p.place, Outcome: schema.Failed, Reason: p.what})
	}
	if len(o.others) > 0 {
		rows := 0
		var names []string
		for _, name := range slices.Sorted(maps.Keys(o.others)) {
			rows += o.others[name]
			names = append(names, name)
		}
		if len(names) > 20 {
			names = append(names[:20], "…")
		}
		out = append(out, schema.Query{
			Source: o.source, Resource: resource, Target: "read documents of kinds that are not audited", Outcome: schema.Complete,
			Rows: rows, Reason: strings.Join(names, ", "),
		})
	}
	return out
}
