package kube

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// redactCustom drops the values in an object without a Go type, whose fields
// nobody has told us about: by the place where values are usual, such as env and
// the values of a Helm chart; and by what looks like a credential. The metadata
// is left to the caller.
func (r *Reader) redactCustom(x *object, o map[string]any) {
	c := customRedactor{r: r, place: x.place, scan: scanner{detector: r.scan.detector, refers: refersToKey}}
	if x.kind.Name() == "helmreleases.helm.toolkit.fluxcd.io" {
		if spec, ok := o["spec"].(map[string]any); ok {
			c.dropHelm(spec, "spec")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if key != "metadata" && key != "apiVersion" && key != "kind" {
			o[key] = c.value(key, key, o[key])
		}
	}
}

// refersToKey is true for a field by which custom resources say under which key
// of a Secret a value is, as External Secrets and the CSI driver do.
func refersToKey(name string) bool { return name == "secretKey" }

// A customRedactor walks one object.
type customRedactor struct {
	r     *Reader
	place place
	scan  scanner
}

// value returns v, the value of a field called name, without what must not stay.
func (c customRedactor) value(path, name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return c.object(path, name, v)
	case []any:
		return c.list(path, name, v)
	case string:
		return c.text(path, name, v)
	}
	return v
}

func (c customRedactor) object(path, name string, m map[string]any) any {
	switch {
	case name == "helm":
		c.dropHelm(m, path)
	case name == "data" || name == "stringData" || name == "encryptedData":
		c.dropTexts(path, m, name != "encryptedData")
	}
	// Pairs of a name and a value are how every kind of this ecosystem writes variables.
	if n, ok := m["name"].(string); ok {
		if s, ok := m["value"].(string); ok && s != "" && s != marker {
			c.r.found(c.place, path+".value", c.scan.scan(n, s))
			c.r.removed(ruleEnv, 1)
			m["value"] = marker
		}
	}
	for _, key := range copies {
		if _, ok := m[key]; ok {
			delete(m, key)
			c.r.removed(ruleApplied, 1)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key == "caBundle" {
			m[key] = c.hashed(m[key])
			continue
		}
		m[key] = c.value(path+"."+key, key, m[key])
	}
	return m
}

func (c customRedactor) list(path, name string, l []any) any {
	if name == "args" || name == "command" {
		words := make([]string, len(l))
		for i, v := range l {
			words[i], _ = v.(string)
		}
		c.r.redactArgs(c.place, path, words, true)
		for i := range l {
			l[i] = words[i]
		}
		return l
	}
	for i, v := range l {
		l[i] = c.value(path+"["+strconv.Itoa(i)+"]", name, v)
	}
	return l
}

func (c customRedactor) text(path, name, s string) any {
	// Shorter values are words of the API, such as Always.
	if len(s) < 6 || s == marker {
		return s
	}
	hits := c.scan.scan(name, s)
	if !c.r.found(c.place, path, hits) {
		return s
	}
	if bare := c.r.bareURL(s); len(hits) == 1 && hits[0].rule == urlRule && bare != s {
		return bare
	}
	c.r.removed(ruleValue, 1)
	return marker
}

// dropHelm drops what is given to a Helm chart: values in the forms of Argo CD
// and of Flux.
func (c customRedactor) dropHelm(m map[string]any, path string) {
	for _, key := range []string{"values", "valuesObject", "parameters"} {
		v, ok := m[key]
		if !ok {
			continue
		}
		c.scanAll(path+"."+key, key, v)
		c.r.removed(ruleHelm, 1)
		m[key] = marker
	}
}

// scanAll reports the credentials in a tree of values that is about to be dropped.
func (c customRedactor) scanAll(path, name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if n, ok := v["name"].(string); ok {
			if s, ok := v["value"].(string); ok {
				c.r.found(c.place, path+"["+n+"]", c.scan.scan(n, s))
				return
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c.scanAll(path+"."+key, key, v[key])
		}
	case []any:
		for i, e := range v {
			c.scanAll(path+"["+strconv.Itoa(i)+"]", name, e)
		}
	case string:
		c.r.found(c.place, path, c.scan.scan(name, strings.TrimSpace(v)))
	}
}

// hashed is Reader.hashed for bytes that JSON has in base64.
func (c customRedactor) hashed(v any) any {
	s, _ := v.(string)
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b = []byte(s)
	}
	return base64.StdEncoding.EncodeToString(c.r.hashed(b))
}

// dropTexts drops the strings of a map whose name says that it holds data, and
// unless they are encrypted, scans them first.
func (c customRedactor) dropTexts(path string, m map[string]any, report bool) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if s, ok := m[key].(string); ok && s != "" {
			if report {
				c.r.found(c.place, path+"."+key, c.scan.scan(key, s))
			}
			c.r.removed(ruleValue, 1)
			m[key] = marker
		}
	}
}
