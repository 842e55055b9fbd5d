package pades_test

import (
	"bytes"
	"testing"

	"github.com/auditpack/auditpack/internal/testpki"
	"github.com/auditpack/auditpack/seal/pades"
)

// FuzzRead claims that an accepted file is the unsigned one with one signature
// behind it, and that a refused one gives nothing.
func FuzzRead(f *testing.F) {
	p := testpki.SelfSigned(f, testpki.P256(f))
	o := options
	o.Timestamp = testpki.Stamper(f, testpki.TimestampAuthority(f, testpki.Authority(f, "TSA")), testpki.Now)
	for _, link := range []string{"", "verify"} {
		unsigned := rendering(f, link)
		signed := sign(f, unsigned, p, options)
		f.Add(signed)
		f.Add(sign(f, unsigned, p, o))
		f.Add(append(bytes.Clone(signed), "\n%%EOF\n"...))
		f.Add(unsigned)
	}
	f.Add([]byte("/ByteRange [0 1 2 3] startxref 0 %%EOF\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := pades.Read(b)
		unsigned, uerr := pades.Unsigned(b)
		if err != nil {
			if s != nil || uerr != nil && unsigned != nil {
				t.Fatal("a refused file gives something")
			}
			return
		}
		if uerr != nil || !bytes.HasPrefix(b, unsigned) || bytes.Contains(unsigned, []byte("/ByteRange")) {
			t.Fatalf("an accepted file does not begin with an unsigned one (%v)", uerr)
		}
		if bytes.Count(b[len(unsigned):], []byte("%%EOF")) != 1 || !bytes.HasSuffix(b, []byte("%%EOF\n")) {
			t.Fatal("an accepted file has something else behind the unsigned one")
		}
	})
}
