package ooxml

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

const (
	nsTypes           = "http://schemas.openxmlformats.org/package/2006/content-types"
	nsRelationships   = "http://schemas.openxmlformats.org/package/2006/relationships"
	typeRelationships = "application/vnd.openxmlformats-package.relationships+xml"
)

// contentTypes say what the parts are, by lower-case name or extension (ECMA-376
// part 2, §10.1.2).
type contentTypes struct{ parts, extensions map[string]string }

func (t contentTypes) of(part string) string {
	part = strings.ToLower(part)
	if kind, ok := t.parts[part]; ok {
		return kind
	}
	return t.extensions[strings.TrimPrefix(path.Ext(part), ".")]
}

func readTypes(b []byte) (contentTypes, error) {
	t := contentTypes{map[string]string{}, map[string]string{}}
	list, err := elements(b, xml.Name{Space: nsTypes, Local: "Types"})
	if err != nil {
		return t, fmt.Errorf("the content types: %w", err)
	}
	for _, e := range list {
		to, key := t.parts, "PartName"
		if e.name == "Default" {
			to, key = t.extensions, "Extension"
		}
		name := strings.ToLower(e.attributes[key])
		_, twice := to[name]
		if (e.name != "Default" && e.name != "Override") || len(e.attributes) != 2 || name == "" || e.attributes["ContentType"] == "" || twice {
			return t, fmt.Errorf("the content types: the entry %s %q is not one that this program writes, or there twice", e.name, name)
		}
		to[name] = e.attributes["ContentType"]
	}
	return t, nil
}

// A relationship leads from one part to another.
type relationship struct{ id, target, mode, kind string }

// readRelationships returns them sorted by id.
func readRelationships(b []byte) ([]relationship, error) {
	list, err := elements(b, xml.Name{Space: nsRelationships, Local: "Relationships"})
	if err != nil {
		return nil, fmt.Errorf("the relationships: %w", err)
	}
	out := make([]relationship, len(list))
	for i, e := range list {
		r := relationship{e.attributes["Id"], e.attributes["Target"], e.attributes["TargetMode"], e.attributes["Type"]}
		known := 3
		if r.mode != "" {
			known = 4
		}
		if e.name != "Relationship" || len(e.attributes) != known || r.id == "" || r.target == "" || r.kind == "" {
			return nil, fmt.Errorf("the relationship %q is not one that this program writes", r.id)
		}
		out[i] = r
	}
	slices.SortFunc(out, func(a, b relationship) int { return strings.Compare(a.id, b.id) })
	for i := range out {
		if i > 0 && out[i].id == out[i-1].id {
			return nil, fmt.Errorf("the relationship %q is there twice", out[i].id)
		}
	}
	return out, nil
}

// An element is one without content of its own.
type element struct {
	name       string
	attributes map[string]string
}

// elements returns the children of a root element. Anything but those, such as
// comments, text or further levels, is refused: it would be signed by nothing.
func elements(b []byte, root xml.Name) ([]element, error) {
	var out []element
	d := xml.NewDecoder(bytes.NewReader(b))
	for depth, ended := 0, false; ; {
		token, err := d.Token()
		if err == io.EOF && ended {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("damaged XML: %v", err)
		}
		switch token := token.(type) {
		case xml.ProcInst:
			if token.Target != "xml" || depth > 0 || ended {
				return nil, errors.New("a processing instruction")
			}
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return nil, errors.New("text between the elements")
			}
		case xml.EndElement:
			depth--
			ended = depth == 0
		case xml.StartElement:
			depth++
			e, err := newElement(token, root.Space)
			switch {
			case err != nil:
				return nil, err
			case depth == 2:
				out = append(out, e)
			case depth > 2 || ended || e.name != root.Local || len(e.attributes) > 0:
				return nil, fmt.Errorf("an element %q that does not belong there", e.name)
			}
		default:
			return nil, errors.New("a comment or directive")
		}
	}
}

func newElement(t xml.StartElement, space string) (element, error) {
	e := element{t.Name.Local, map[string]string{}}
	for _, a := range t.Attr {
		if a.Name == (xml.Name{Local: "xmlns"}) {
			continue
		}
		if _, twice := e.attributes[a.Name.Local]; twice || a.Name.Space != "" {
			return e, fmt.Errorf("an attribute %q that does not belong there", a.Name.Local)
		}
		e.attributes[a.Name.Local] = a.Value
	}
	if t.Name.Space != space {
		return e, fmt.Errorf("an element %q of another namespace", e.name)
	}
	return e, nil
}

// partReference is a line of the manifest for a part whose bytes are signed.
func partReference(name, kind string, sum [sha256.Size]byte) string {
	return referenceXML(`URI="/`+name+`?ContentType=`+attribute(kind)+`"`, "", sum)
}

// relationshipsReference is the line for a part with relationships, which are
// signed one by one, so that the one to the signature can be added.
func relationshipsReference(name string, list []relationship) string {
	var ids strings.Builder
	for _, r := range list {
		ids.WriteString(`<mdssi:RelationshipReference xmlns:mdssi="` + nsPackage + `" SourceId="` + attribute(r.id) + `"></mdssi:RelationshipReference>`)
	}
	transforms := `<Transforms><Transform Algorithm="` + algorithmRelationships + `">` + ids.String() + `</Transform>` + canonicalTransform + `</Transforms>`
	return referenceXML(`URI="/`+name+`?ContentType=`+typeRelationships+`"`, transforms, sha256.Sum256([]byte(relationshipsText(list))))
}

// relationshipsText is what the relationships transform gives (ECMA-376 part 2,
// §13.2.4.24), in canonical form.
func relationshipsText(list []relationship) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="` + nsRelationships + `">`)
	for _, r := range list {
		if r.mode == "" {
			r.mode = "Internal"
		}
		fmt.Fprintf(&b, `<Relationship Id="%s" Target="%s" TargetMode="%s" Type="%s"></Relationship>`,
			attribute(r.id), attribute(r.target), attribute(r.mode), attribute(r.kind))
	}
	b.WriteString(`</Relationships>`)
	return b.String()
}

// referenceXML is a Reference in canonical form.
func referenceXML(attributes, transforms string, sum [sha256.Size]byte) string {
	return `<Reference ` + attributes + `>` + transforms + `<DigestMethod Algorithm="` + algorithmSHA256 + `"></DigestMethod><DigestValue>` + base64.StdEncoding.EncodeToString(sum[:]) + `</DigestValue></Reference>`
}

// attribute and text escape as Canonical XML 1.0 does.
var (
	attribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;").Replace
	text      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;").Replace
	unescape  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#xD;", "\r", "&amp;", "&").Replace
)

// clean replaces what XML cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 {
			return r
		}
		return 0xfffd
	}, s)
}
