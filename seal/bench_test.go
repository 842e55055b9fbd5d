package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// largeBundle has 256 MiB of members that look like evidence, in eight files.
func largeBundle(b *testing.B) (sealed *Sealed, s *Signer, bytes int64) {
	b.Helper()
	s = newSigner(b)
	builder, err := Create(b.TempDir(), "q")
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 8 {
		var content strings.Builder
		for content.Len() < 32<<20 {
			id := sha256.Sum256(fmt.Append(nil, r.Uint64()))
			fmt.Fprintf(&content, `{"cluster":"prod","kind":"Pod","namespace":"team-%d","name":"web-%s","node":"node-%d"}`+"\n", r.IntN(90), hex.EncodeToString(id[:5]), r.IntN(40))
		}
		path := filepath.Join(builder.Dir(), fmt.Sprintf("pods-%d.jsonl", i))
		if err := os.WriteFile(path, []byte(content.String()), 0o640); err != nil {
			b.Fatal(err)
		}
		bytes += int64(content.Len())
	}
	sealed, err = builder.Seal(b.Context(), claim(), s)
	if err != nil {
		b.Fatal(err)
	}
	return sealed, s, bytes
}

// BenchmarkVerify is to be compared with BenchmarkSHA256: a folder is verified at
// its speed times the number of processors, an archive at that of unpacking.
func BenchmarkVerify(b *testing.B) {
	sealed, s, bytes := largeBundle(b)
	for _, form := range []struct{ name, path string }{{"archive", sealed.Archive}, {"folder", sealed.Folder}} {
		b.Run(form.name, func(b *testing.B) {
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				v, err := Verify(b.Context(), form.path, trusting(s))
				if err != nil {
					b.Fatal(err)
				}
				v.Close()
			}
		})
	}
}

func BenchmarkSHA256(b *testing.B) {
	content := make([]byte, 32<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		sha256.Sum256(content)
	}
}
