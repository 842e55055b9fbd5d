package seal

import (
	"crypto/sha256"
	"encoding/asn1"
	"fmt"
	"hash/crc32"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// Small changes to statements, attestations and folders that the tables use.

func rename(st *statement, i int, to string) {
	st.Subject[i].Name, st.Predicate.Members[i].Path = to, to
}

func twice(st *statement, i int) {
	st.Subject = slices.Insert(st.Subject, i, st.Subject[i])
	st.Predicate.Members = slices.Insert(st.Predicate.Members, i, st.Predicate.Members[i])
}

func leaveOut(st *statement, i int) {
	st.Subject = slices.Delete(st.Subject, i, i+1)
	st.Predicate.Members = slices.Delete(st.Predicate.Members, i, i+1)
}

// sizes gives every member the same size and stores it.
func sizes(st *statement, size int64) {
	for i := range st.Predicate.Members {
		m := &st.Predicate.Members[i]
		m.Size, m.Packed.Size = size, size
		m.Packed.Method, m.Packed.SHA256 = schema.PackStore, st.Subject[i].Digest.SHA256
	}
}

func many(st *statement) {
	for i := range MaxMembers {
		s, m := st.Subject[0], st.Predicate.Members[0]
		s.Name = fmt.Sprintf("zz%04d", i)
		m.Path = s.Name
		st.Subject, st.Predicate.Members = append(st.Subject, s), append(st.Predicate.Members, m)
	}
}

func mustDecode(t testing.TB, b []byte) *sigstoreBundle {
	t.Helper()
	a, err := decodeAttestation(b)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustMarshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := schema.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rawForm turns a DER signature into the r‖s form that sigstore also reads.
func rawForm(t testing.TB, der []byte) []byte {
	t.Helper()
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		t.Fatal(err)
	}
	return append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
}

func crc(b []byte) uint32      { return crc32.ChecksumIEEE(b) }
func sum256(b []byte) [32]byte { return sha256.Sum256(b) }

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	writeFiles(t, dir, map[string]string{name: content})
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, name), 0o750); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}
