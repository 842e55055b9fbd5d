package ooxml

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// The names of the parts that signing changes or adds.
const (
	typesPart     = "[Content_Types].xml"
	rootRelsPart  = "_rels/.rels"
	signatureDir  = "_xmlsignatures/"
	originPart    = signatureDir + "origin.sigs"
	originRels    = signatureDir + "_rels/origin.sigs.rels"
	signaturePart = signatureDir + "sig1.xml"
)

// What signing adds to the content types and to the package's relationships, in
// front of their last tag.
const (
	typesEnd   = "</Types>"
	addedTypes = `<Default Extension="sigs" ContentType="application/vnd.openxmlformats-package.digital-signature-origin"></Default>` +
		`<Override PartName="/` + signaturePart + `" ContentType="application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml"></Override>`
	relsEnd   = "</Relationships>"
	addedRels = `<Relationship Id="rIdSignatureOrigin" Target="` + originPart + `" Type="http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"></Relationship>`

	originRelsText = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Relationships xmlns="` + nsRelationships + `"><Relationship Id="rId1" Target="sig1.xml" Type="http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/signature"></Relationship></Relationships>`
)

// A book is a workbook that was opened, with or without signature.
type book struct {
	parts     []*zip.File // but those below, sorted by name
	types     []byte      // content types, as without signature
	rels      []byte      // the package's relationships, as without signature
	signature []byte      // nil when there is none
}

var nameRE = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9._-]*[A-Za-z0-9])*$`)

// open reads the directory of the archive and the parts that signing touches.
func open(r io.ReaderAt, size int64) (*book, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("the workbook is no ZIP archive: %v", err)
	}
	if len(z.File) > MaxParts {
		return nil, fmt.Errorf("the workbook has more than %d parts", MaxParts)
	}
	b := &book{}
	own := map[string][]byte{typesPart: nil, rootRelsPart: nil, originPart: nil, originRels: nil, signaturePart: nil}
	seen := map[string]bool{}
	for _, f := range z.File {
		name := strings.ToLower(f.Name) // names of parts are the same whatever their case
		if seen[name] {
			return nil, fmt.Errorf("the part %q is there twice", f.Name)
		}
		seen[name] = true
		if _, ok := own[f.Name]; ok {
			if own[f.Name], err = readMarkup(f); err != nil {
				return nil, err
			}
			continue
		}
		if !nameRE.MatchString(f.Name) || strings.HasPrefix(name, strings.ToLower(signatureDir)) {
			return nil, fmt.Errorf("the workbook has a part %q, which none of this program's has", f.Name)
		}
		b.parts = append(b.parts, f)
	}
	slices.SortFunc(b.parts, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	b.types, b.rels, b.signature = own[typesPart], own[rootRelsPart], own[signaturePart]
	if b.types == nil || b.rels == nil {
		return nil, errors.New("the workbook lacks its content types or relationships")
	}
	if own[originPart] == nil && own[originRels] == nil && own[signaturePart] == nil {
		return b, nil
	}
	return b, b.detach()
}

// detach takes what signing added out of the parts that it changed. The added
// parts are compared when the archive is.
func (b *book) detach() error {
	types, ok := bytes.CutSuffix(b.types, []byte(addedTypes+typesEnd))
	rels, and := bytes.CutSuffix(b.rels, []byte(addedRels+relsEnd))
	if !ok || !and || b.signature == nil {
		return errors.New("the workbook has parts of a signature that this program did not write")
	}
	b.types, b.rels = append(types, typesEnd...), append(rels, relsEnd...)
	return nil
}

func readMarkup(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("part %q: %w", f.Name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxMarkup+1))
	if err != nil {
		return nil, fmt.Errorf("part %q: %w", f.Name, err)
	}
	if len(b) > maxMarkup {
		return nil, fmt.Errorf("part %q has more than %d bytes", f.Name, maxMarkup)
	}
	return b, nil
}

// unsignedEntries are the archive as render/xlsx writes it.
func (b *book) unsignedEntries() ([]entry, error) {
	types, e1 := deflated(typesPart, b.types)
	rels, e2 := deflated(rootRelsPart, b.rels)
	if err := errors.Join(e1, e2); err != nil {
		return nil, err
	}
	return b.entries(types, rels), nil
}

// signedEntries are the archive with the signature. What is not copied is stored
// as it is, so that a new compressor does not change what Read expects.
func (b *book) signedEntries() ([]entry, error) {
	types, ok := bytes.CutSuffix(b.types, []byte(typesEnd))
	rels, and := bytes.CutSuffix(b.rels, []byte(relsEnd))
	if !ok || !and {
		return nil, errors.New("the workbook's content types or relationships are not as this program writes them")
	}
	return b.entries(
		stored(typesPart, slices.Concat(types, []byte(addedTypes+typesEnd))),
		stored(rootRelsPart, slices.Concat(rels, []byte(addedRels+relsEnd))),
		stored(originPart, nil), stored(originRels, []byte(originRelsText)), stored(signaturePart, b.signature),
	), nil
}

func (b *book) entries(more ...entry) []entry {
	for _, f := range b.parts {
		more = append(more, copied(f))
	}
	slices.SortFunc(more, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	return more
}

// references are the lines of the manifest, one for each part but the content
// types, which speak in each line, and the signature's own.
func (b *book) references() ([]string, error) {
	types, err := readTypes(b.types)
	if err != nil {
		return nil, err
	}
	rels, err := readRelationships(b.rels)
	if err != nil {
		return nil, err
	}
	lines := []string{relationshipsReference(rootRelsPart, rels)}
	left := int64(MaxUnpacked)
	for _, f := range b.parts {
		line, n, err := reference(f, types, left)
		if err != nil {
			return nil, fmt.Errorf("part %q: %w", f.Name, err)
		}
		left -= n
		lines = append(lines, line)
	}
	return lines, nil
}

func reference(f *zip.File, types contentTypes, limit int64) (string, int64, error) {
	kind := types.of("/" + f.Name)
	if kind == "" {
		return "", 0, errors.New("it has no content type")
	}
	if strings.HasSuffix(f.Name, ".rels") {
		if kind != typeRelationships {
			return "", 0, errors.New("it is not declared as relationships")
		}
		b, err := readMarkup(f)
		if err != nil {
			return "", 0, err
		}
		rels, err := readRelationships(b)
		if err != nil {
			return "", 0, err
		}
		return relationshipsReference(f.Name, rels), int64(len(b)), nil
	}
	r, err := f.Open()
	if err != nil {
		return "", 0, err
	}
	defer r.Close()
	sum, n, err := digest(r, limit)
	if err != nil {
		return "", 0, err
	}
	return partReference(f.Name, kind, sum), n, nil
}
