package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/auditpack/auditpack/schema"
)

const cycloneDXType types.MediaType = "application/vnd.cyclonedx+json"

// The types are the parts of CycloneDX 1.6 that we write (https://cyclonedx.org/docs/1.6/json/).
type (
	bill struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     billMetadata `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	billMetadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		PURL       string     `json:"purl"`
		Hashes     []hash     `json:"hashes,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// billOfMaterials lists what Go says is linked into a binary: each module that
// gives a package to it, the standard library, and the checksum that go.sum has.
func billOfMaterials(o options, b binary) ([]byte, error) {
	content, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	program := component{
		Type: "application", Name: b.info.Main.Path, Version: o.version, PURL: purl(b.info.Main.Path, o.version),
		Hashes:     []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
		Properties: []property{{"cdx:go:build:env:GOOS", b.platform.OS}, {"cdx:go:build:env:GOARCH", b.platform.Architecture}},
	}
	program.Ref = program.PURL
	doc := bill{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Version: 1,
		Metadata:   billMetadata{o.created.Format("2006-01-02T15:04:05Z"), program},
		Components: []component{library("std", strings.TrimPrefix(b.info.GoVersion, "go"), "")},
	}
	for _, m := range b.info.Deps {
		doc.Components = append(doc.Components, module(m))
	}
	slices.SortFunc(doc.Components, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	depends := dependency{Ref: program.Ref}
	for _, c := range doc.Components {
		depends.DependsOn = append(depends.DependsOn, c.Ref)
	}
	doc.Dependencies = []dependency{depends}
	return schema.Marshal(doc)
}

// module is what was linked: the replacement of a module that is replaced.
func module(m *debug.Module) component {
	if m.Replace != nil {
		m = m.Replace
	}
	return library(m.Path, m.Version, m.Sum)
}

func library(path, version, sum string) component {
	c := component{Type: "library", Name: path, Version: version, PURL: purl(path, version)}
	c.Ref = c.PURL
	if sum != "" {
		c.Properties = []property{{"go.sum", sum}}
	}
	return c
}

// purl is the package URL of a Go module (https://github.com/package-url/purl-spec).
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}
