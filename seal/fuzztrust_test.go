package seal

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// fuzzIdentity is the same in each process of a fuzz run.
const fuzzIdentity = "AGE-SECRET-KEY-1QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSKMP32K"

// FuzzEncrypted claims that what an accepted encrypted archive holds packs again to
// the same bytes, and that a refused one gives nothing but an *Error.
func FuzzEncrypted(f *testing.F) {
	s := fuzzSigner(f)
	id, err := age.ParseX25519Identity(fuzzIdentity)
	if err != nil {
		f.Fatal(err)
	}
	sealed := readFile(f, sealFor(f, f.TempDir(), s, id.Recipient().String()).Archive)
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-1])
	f.Add(sealed[:200])
	f.Add([]byte(ageMagic + "v1\n-> scrypt AAAA 63\nAAAA\n--- AAAA\n"))
	policy := trusting(s)
	policy.DecryptWith = &Identities{[]age.Identity{id}}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := verifyEncrypted(t, b, policy)
		if err != nil {
			if refused := (*Error)(nil); v != nil || !errors.As(err, &refused) {
				t.Fatalf("got %v with error %v", v, err)
			}
			return
		}
		r, n, err := decrypted(bytes.NewReader(b), int64(len(b)), policy.DecryptWith)
		if err != nil {
			t.Fatal(err)
		}
		plain := make([]byte, n)
		if _, err := r.ReadAt(plain, 0); err != nil && err.Error() != "EOF" {
			t.Fatal(err)
		}
		if !bytes.Equal(packAgain(t, v), plain) {
			t.Fatal("an accepted archive packs again to other bytes")
		}
	})
}

// FuzzPublicKey claims that an accepted public key is written as one form, which is
// read as an equal key, and that of a refused one nothing is left. The bytes that are
// read may differ from that form: PEM allows text around a block.
func FuzzPublicKey(f *testing.F) {
	b, err := fuzzSigner(f).PublicPEM()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(bytes.ReplaceAll(b, []byte("PUBLIC"), []byte("PRIVATE")))
	f.Add([]byte("-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n" + string(b)))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := ReadPublicKey(b)
		if err != nil {
			if key != nil {
				t.Fatalf("got a key with error %v", err)
			}
			return
		}
		once, err := marshalPublic(key)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ReadPublicKey(once)
		if err != nil || !second.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
			t.Fatalf("read again: %v", err)
		}
		if twice, err := marshalPublic(second); err != nil || !bytes.Equal(twice, once) {
			t.Fatalf("written again as other bytes: %v\n%s", err, twice)
		}
	})
}

// FuzzPrivateKey claims that an accepted key can sign what its public half
// verifies, and that of a refused one nothing is left. A key is never written again.
func FuzzPrivateKey(f *testing.F) {
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encodePEM(pemPKCS8, der))
	f.Add(encodePEM(pemEC, der))
	f.Add(encodePEM(pemSigstore, []byte(`{"kdf":{"name":"scrypt","params":{"N":2147483648,"r":8,"p":1},"salt":"AAAA"},"cipher":{"name":"nacl/secretbox","nonce":"AAAA"},"ciphertext":"AAAA"}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadSigner(b, func() ([]byte, error) { return []byte("pass"), nil })
		if err != nil {
			if s != nil {
				t.Fatalf("got a signer with error %v", err)
			}
			return
		}
		b, err = attest(t.Context(), []byte("{}"), s)
		if err != nil {
			t.Fatalf("an accepted key cannot sign: %v", err)
		}
		if _, err := mustDecode(t, b).verify(trusting(s)); err != nil {
			t.Fatalf("what an accepted key signed: %v", err)
		}
	})
}

// FuzzRecipients claims that accepted recipients can be encrypted to, unless two of
// them exclude each other, and that refused ones add nobody.
func FuzzRecipients(f *testing.F) {
	id, err := age.ParseX25519Identity(fuzzIdentity)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(id.Recipient().String())
	f.Add("# comment\n\n" + id.Recipient().String() + "\n")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH me")
	f.Fuzz(func(t *testing.T, text string) {
		r := &Recipients{}
		if r.add([]byte(text)) != nil {
			if len(r.list) > 0 {
				t.Fatal("refused recipients were added")
			}
			return
		}
		if _, err := age.Encrypt(&bytes.Buffer{}, r.list...); err != nil && !strings.Contains(err.Error(), "incompatible") && !strings.Contains(err.Error(), "can't encrypt") {
			t.Fatalf("accepted recipients cannot be encrypted to: %v", err)
		}
	})
}

// FuzzIdentities claims that accepted identities are some, and refused ones none.
func FuzzIdentities(f *testing.F) {
	f.Add([]byte(fuzzIdentity))
	f.Add([]byte("# comment\n" + fuzzIdentity + "\n" + fuzzIdentity + "\n"))
	f.Add([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ids, err := ReadIdentities(b)
		if (ids == nil) != (err != nil) || ids != nil && len(ids.list) == 0 {
			t.Fatalf("got %v with error %v", ids, err)
		}
	})
}

// FuzzTimestampResponse claims that what is read of a timestamp is all there, and
// that no response that a fuzzer makes is one of a trusted authority over a
// signature that it did not stamp.
func FuzzTimestampResponse(f *testing.F) {
	h := newHouse(f)
	f.Add(h.stamp(f, []byte("a signature"), sealedAt))
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, b []byte) {
		parsed, err := parseTimestamp(b)
		if err != nil {
			if parsed != nil {
				t.Fatalf("got a timestamp with error %v", err)
			}
			return
		}
		if parsed.Time.IsZero() || len(parsed.HashedMessage) == 0 {
			t.Fatalf("a timestamp says nothing about when or what: %+v", parsed)
		}
		if _, err := embeddedTrust(b); err != nil && len(parsed.Certificates) > 0 {
			t.Fatalf("its certificates were read, and then not: %v", err)
		}
	})
}

// FuzzTimestampAuthority claims that an accepted file of certificates has an authority.
func FuzzTimestampAuthority(f *testing.F) {
	h := newHouse(f)
	f.Add(append(certificatePEM(h.tsa), certificatePEM(h.ca)...))
	f.Add(certificatePEM(h.ca))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ReadTimestampAuthority(b)
		if (r == nil) != (err != nil) || r != nil && !r.hasTimestamps() {
			t.Fatalf("got %v with error %v", r, err)
		}
	})
}

// FuzzTrustedRoot claims that an accepted trusted root trusts somebody.
func FuzzTrustedRoot(f *testing.F) {
	h := newHouse(f)
	good := readFile(f, filepath.Clean(h.trustedRoot(f)))
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("certChain"), []byte("certchain"), 1))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","timestampAuthorities":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ReadTrustedRoot(b)
		if (r == nil) != (err != nil) || r != nil && !r.hasCertificates() && !r.hasTimestamps() {
			t.Fatalf("got %v with error %v", r, err)
		}
	})
}

// FuzzToken claims that a token that is read names somebody, and that no error quotes it.
func FuzzToken(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2ln")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		subject, err := TokenSubject(token)
		if (subject == "") != (err != nil) {
			t.Fatalf("got %q with error %v", subject, err)
		}
	})
}

// FuzzIssued claims that an accepted answer of a certificate authority names somebody.
func FuzzIssued(f *testing.F) {
	h := newHouse(f)
	leaf := h.leaf(f, newKey(f), auditAccount, labIssuer, sealedAt)
	pems := strings.ReplaceAll(string(certificatePEM(leaf)), "\n", `\n`)
	f.Add([]byte(`{"signedCertificateDetachedSct":{"chain":{"certificates":["` + pems + `"]}}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := readIssued(b)
		if (i == nil) != (err != nil) || i != nil && (len(i.chain) == 0 || i.facts == nil) {
			t.Fatalf("got %v with error %v", i, err)
		}
	})
}
