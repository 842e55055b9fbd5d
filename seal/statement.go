package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

const statementType = "https://in-toto.io/Statement/v1"

// A statement is an in-toto Statement v1 whose subjects are all members.
type statement struct {
	Type          string          `json:"_type"`
	Subject       []subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     schema.Manifest `json:"predicate"`
}

type subject struct {
	Name   string `json:"name"`
	Digest digest `json:"digest"`
}

type digest struct {
	SHA256 string `json:"sha256"`
}

// A member is a schema.Member with its digest.
type member struct {
	schema.Member
	sha256 string // hexadecimal
	crc32  uint32 // of Packed
}

// newStatement returns the bytes of the statement that claim and members make.
func newStatement(claim schema.Claim, members []member) ([]byte, error) {
	s := statement{
		Type:          statementType,
		PredicateType: schema.PredicateType,
		Predicate:     schema.Manifest{SchemaVersion: schema.Version, Claim: claim},
	}
	for _, m := range members {
		s.Subject = append(s.Subject, subject{m.Path, digest{m.sha256}})
		s.Predicate.Members = append(s.Predicate.Members, m.Member)
	}
	b, err := schema.Marshal(s)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxAttestation/2 { // base64 takes four thirds
		return nil, refuse(TooLarge, "", "the statement is larger than %d bytes", MaxAttestation/2)
	}
	return b, nil
}

// readStatement returns the manifest and the members that a statement declares,
// when they keep every rule of the format.
func readStatement(b []byte) (schema.Manifest, []member, error) {
	s, err := decodeStatement(b)
	if err != nil {
		return schema.Manifest{}, nil, err
	}
	if err := checkClaim(s.Predicate.Claim); err != nil {
		return schema.Manifest{}, nil, refuse(BadStatement, "", "the statement's %v", err)
	}
	members, err := pair(s.Subject, s.Predicate.Members)
	if err != nil {
		return schema.Manifest{}, nil, err
	}
	if err := checkMembers(members); err != nil {
		return schema.Manifest{}, nil, err
	}
	return s.Predicate, members, nil
}

// decodeStatement decodes a statement of our version so strictly that it has one
// form only. Of a later ADDITION it ignores the fields that it does not know.
func decodeStatement(b []byte) (*statement, error) {
	var head struct {
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
		Predicate     struct {
			SchemaVersion string `json:"schemaVersion"`
		} `json:"predicate"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, refuse(BadStatement, "", "the statement is not JSON: %v", err)
	}
	switch {
	case head.Type != statementType:
		return nil, refuse(BadStatement, "", "the statement is of type %q instead of %q", head.Type, statementType)
	case head.PredicateType != schema.PredicateType:
		return nil, refuse(BadStatement, "", "the predicate is of type %q instead of %q", head.PredicateType, schema.PredicateType)
	}
	newer, err := checkVersion(head.Predicate.SchemaVersion)
	if err != nil {
		return nil, err
	}
	var s statement
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, refuse(BadStatement, "", "the statement cannot be read: %v", err)
	}
	if newer {
		return &s, nil
	}
	canonical, err := schema.Marshal(s)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(canonical, b) {
		return nil, refuse(BadStatement, "", "the statement is not written in the canonical form of version %s", s.Predicate.SchemaVersion)
	}
	return &s, nil
}

// checkVersion refuses another MODEL and a later REVISION, and reports whether
// the version has a later ADDITION than ours.
func checkVersion(v string) (newer bool, err error) {
	theirs, ok := splitVersion(v)
	if !ok {
		return false, refuse(BadVersion, "", "the statement has the version %q, which is not MODEL.REVISION.ADDITION", v)
	}
	ours, _ := splitVersion(schema.Version)
	if theirs[0] != ours[0] || theirs[1] > ours[1] {
		return false, refuse(BadVersion, "", "the statement is of version %s and this program reads %s; use a program of that version", v, schema.Version)
	}
	return theirs[1] == ours[1] && theirs[2] > ours[2], nil
}

func splitVersion(v string) (n [3]int, ok bool) {
	parts := strings.Split(v, ".")
	if len(parts) != 3 {
		return n, false
	}
	for i, p := range parts {
		x, err := strconv.Atoi(p)
		if err != nil || x < 0 || strconv.Itoa(x) != p {
			return n, false
		}
		n[i] = x
	}
	return n, true
}

func checkClaim(c schema.Claim) error {
	switch {
	case c.Plan.Name == "":
		return fmt.Errorf("plan has no name")
	case c.AsOf.IsZero() || c.AsOf.Location() != time.UTC || c.AsOf.Nanosecond() != 0:
		return fmt.Errorf("asOf is not a UTC time in whole seconds")
	case c.Previous != nil && !isDigest(c.Previous.SHA256):
		return fmt.Errorf("previous bundle has no SHA-256 digest")
	case c.Plan.Supersedes != nil && !isDigest(c.Plan.Supersedes.SHA256):
		return fmt.Errorf("superseded bundle has no SHA-256 digest")
	case c.Plan.DocumentSigner != nil && (!isDigest(c.Plan.DocumentSigner.SHA256) || c.Plan.DocumentSigner.Subject == ""):
		return fmt.Errorf("document signer has no subject or no SHA-256 digest")
	case c.Plan.Supersedes != nil && c.Plan.Supersedes.Reason == "" && c.ExtractOf == nil:
		return fmt.Errorf("superseded bundle has no reason")
	case c.ExtractOf != nil && (!isDigest(c.ExtractOf.SHA256) || c.ExtractOf.Audience == ""):
		return fmt.Errorf("whole, of which it is an extract, has no SHA-256 digest or no audience")
	case c.ExtractOf != nil && (c.Previous != nil || len(c.Sources) > 0 || c.Gaps != 0):
		return fmt.Errorf("extract names sources, gaps or an earlier bundle, which only the whole may")
	}
	return nil
}

// pair joins the subjects with the manifest's members, which are the same files.
func pair(subjects []subject, facts []schema.Member) ([]member, error) {
	if len(subjects) != len(facts) {
		return nil, refuse(BadStatement, "", "the statement has %d subjects and %d members", len(subjects), len(facts))
	}
	members := make([]member, len(facts))
	for i, f := range facts {
		if subjects[i].Name != f.Path {
			return nil, refuse(BadStatement, subjects[i].Name, "the statement has member %q in the place of this subject", f.Path)
		}
		members[i] = member{Member: f, sha256: subjects[i].Digest.SHA256}
	}
	return members, nil
}

// checkMembers applies names, order and bounds, for the writer and the reader alike.
func checkMembers(members []member) error {
	switch {
	case len(members) == 0:
		return refuse(BadStatement, "", "the bundle has no members")
	case len(members) > MaxMembers:
		return refuse(TooLarge, "", "the bundle has %d members and %d are allowed", len(members), MaxMembers)
	}
	names := newNameSet()
	var total int64
	for i := range members {
		m := &members[i]
		if err := checkPath(m.Path); err != nil {
			return refuse(BadName, m.Path, "%v", err)
		}
		if err := names.add(m.Path); err != nil {
			return err
		}
		if i > 0 && members[i-1].Path > m.Path {
			return refuse(BadStatement, m.Path, "the members are not sorted by path")
		}
		if err := m.checkFacts(); err != nil {
			return err
		}
		if total += m.Size; total > MaxSize {
			return refuse(TooLarge, m.Path, "with this member the bundle is larger than %d bytes", int64(MaxSize))
		}
	}
	return nil
}

// checkFacts checks what the statement says about one member, and parses the checksum.
func (m *member) checkFacts() error {
	p := m.Packed
	crc, err := hex.DecodeString(p.CRC32)
	switch {
	case !isDigest(m.sha256) || !isDigest(p.SHA256):
		return refuse(BadStatement, m.Path, "the statement has no SHA-256 digest for it")
	case err != nil || len(crc) != crc32.Size || strings.ToLower(p.CRC32) != p.CRC32:
		return refuse(BadStatement, m.Path, "the statement has no CRC-32 for it")
	case m.Size < 0 || p.Size < 0:
		return refuse(BadStatement, m.Path, "the statement has a negative size for it")
	case m.Size > MaxMemberSize:
		return refuse(TooLarge, m.Path, "it is larger than %d bytes", int64(MaxMemberSize))
	}
	m.crc32 = uint32(crc[0])<<24 | uint32(crc[1])<<16 | uint32(crc[2])<<8 | uint32(crc[3])
	switch p.Method {
	case schema.PackStore:
		if p.Size != m.Size || p.SHA256 != m.sha256 {
			return refuse(BadStatement, m.Path, "it is stored, and yet its packed form is said to differ")
		}
	case schema.PackDeflate:
		if p.Size >= m.Size {
			return refuse(BadStatement, m.Path, "it is compressed, and yet not smaller")
		}
		if m.Size > p.Size*MaxRatio {
			return refuse(TooLarge, m.Path, "it is more than %d times larger than its packed form", MaxRatio)
		}
	default:
		return refuse(BadStatement, m.Path, "the packing method %q is unknown", p.Method)
	}
	return nil
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && strings.ToLower(s) == s
}

// roleOf says what a member is for, which its place tells.
func roleOf(name string) schema.MemberRole {
	switch {
	case name == InstructionsFile:
		return schema.RoleInstructions
	case strings.HasPrefix(name, "evidence/"):
		return schema.RoleEvidence
	case strings.HasPrefix(name, "inputs/"):
		return schema.RoleInput
	}
	return schema.RoleReport
}

// mediaTypes are the types of the files that a bundle usually has, and whether
// their format is compressed already.
var mediaTypes = map[string]struct {
	name   string
	packed bool
}{
	".csv":   {"text/csv", false},
	".docx":  {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", true},
	".gz":    {"application/gzip", true},
	".html":  {"text/html", false},
	".jpg":   {"image/jpeg", true},
	".json":  {"application/json", false},
	".jsonl": {"application/jsonl", false},
	".md":    {"text/markdown", false},
	".pdf":   {"application/pdf", true},
	".png":   {"image/png", true},
	".sarif": {"application/sarif+json", false},
	".txt":   {"text/plain", false},
	".xlsx":  {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true},
	".yaml":  {"application/yaml", false},
	".yml":   {"application/yaml", false},
	".zip":   {"application/zip", true},
}

// mediaTypeOf returns the type by the file's extension.
func mediaTypeOf(name string) (mediaType string, packed bool) {
	if t, ok := mediaTypes[strings.ToLower(path.Ext(name))]; ok {
		return t.name, t.packed
	}
	return "application/octet-stream", false
}
