package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Signer signs documents: a private key and the certificates that say whose it is.
type Signer struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

// NewSigner returns a signer for a key and its certificate. The others, in any
// order, must be the certificate's issuer, that one's issuer, and so on; the root
// may be left out. It refuses a certificate that may not sign documents (its key
// usages), keys other than RSA of 2048 bits or more and ECDSA on P-256, P-384 or
// P-521, and signatures with SHA-1 in the chain. ValidAt looks at the dates.
func NewSigner(key crypto.Signer, certificates []*x509.Certificate) (*Signer, error) {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return nil, fmt.Errorf("keys of type %T cannot sign documents; use RSA or ECDSA", key.Public())
	}
	own := slices.IndexFunc(certificates, func(c *x509.Certificate) bool { return public.Equal(c.PublicKey) })
	if own < 0 {
		return nil, errors.New("none of the certificates belongs to the private key")
	}
	leaf := certificates[own]
	chain, err := order(certificates, issuerAndSerial{asn1.RawValue{FullBytes: leaf.RawIssuer}, leaf.SerialNumber})
	if err != nil {
		return nil, err
	}
	if err := checkChain(chain); err != nil {
		return nil, err
	}
	return &Signer{key, chain}, nil
}

// Certificate returns the certificate of the key.
func (s *Signer) Certificate() *x509.Certificate { return s.chain[0] }

// Chain returns the certificate of the key, its issuer's, and so on.
func (s *Signer) Chain() []*x509.Certificate { return slices.Clone(s.chain) }

// ValidAt returns an error when a certificate of the chain had not begun or had
// expired at t.
func (s *Signer) ValidAt(t time.Time) error { return validAt(s.chain, t) }

// SignDigest signs a SHA-256 digest: RSA with PKCS #1 v1.5, ECDSA as DER.
func (s *Signer) SignDigest(digest []byte) ([]byte, error) {
	value, err := s.key.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign with the document key: %w", err)
	}
	return value, nil
}

func validAt(chain []*x509.Certificate, t time.Time) error {
	for _, c := range chain {
		switch {
		case t.After(c.NotAfter):
			return fmt.Errorf("the certificate of %q expired on %s", c.Subject, c.NotAfter.UTC().Format(time.DateTime))
		case t.Before(c.NotBefore):
			return fmt.Errorf("the certificate of %q begins on %s", c.Subject, c.NotBefore.UTC().Format(time.DateTime))
		}
	}
	return nil
}

// Order checks that certificates are a chain in order, the signer's first.
func Order(certificates []*x509.Certificate) error {
	if len(certificates) == 0 {
		return errors.New("the signer's certificate is missing")
	}
	leaf := certificates[0]
	chain, err := order(certificates, issuerAndSerial{asn1.RawValue{FullBytes: leaf.RawIssuer}, leaf.SerialNumber})
	if err == nil && !slices.EqualFunc(chain, certificates, (*x509.Certificate).Equal) {
		err = errors.New("the certificates are not in order")
	}
	return err
}

// order returns the certificate that id names, its issuer, that one's issuer, and
// so on. Every certificate must have its place: one that has none is not covered
// by any signature, and anybody could have put it there.
func order(certificates []*x509.Certificate, id issuerAndSerial) ([]*x509.Certificate, error) {
	left := slices.Clone(certificates)
	take := func(fits func(*x509.Certificate) bool) *x509.Certificate {
		i := slices.IndexFunc(left, fits)
		if i < 0 {
			return nil
		}
		c := left[i]
		left = slices.Delete(left, i, i+1)
		return c
	}
	next := take(func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawIssuer, id.Issuer.FullBytes) && id.Serial != nil && c.SerialNumber.Cmp(id.Serial) == 0
	})
	if next == nil {
		return nil, errors.New("the signer's certificate is missing")
	}
	var chain []*x509.Certificate
	for next != nil {
		last := next
		chain = append(chain, last)
		if selfIssued(last) {
			if err := last.CheckSignature(last.SignatureAlgorithm, last.RawTBSCertificate, last.Signature); err != nil {
				return nil, fmt.Errorf("the signature on the self-signed certificate of %q is wrong", last.Subject)
			}
			break
		}
		next = take(func(c *x509.Certificate) bool {
			return bytes.Equal(c.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(c) == nil
		})
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("the certificate of %q does not belong to the signer's chain", left[0].Subject)
	}
	return chain, nil
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// checkChain says why the certificates of a chain may not be used to sign documents.
func checkChain(chain []*x509.Certificate) error {
	for i, c := range chain {
		if err := checkKey(c.PublicKey); err != nil {
			return fmt.Errorf("the certificate of %q: %w", c.Subject, err)
		}
		// What a root says about itself is not what makes it trusted.
		root := i > 0 && selfIssued(c)
		if weak[c.SignatureAlgorithm] && !root {
			return fmt.Errorf("the certificate of %q is signed with %s, which can be forged", c.Subject, c.SignatureAlgorithm)
		}
	}
	return checkUsage(chain[0])
}

var weak = map[x509.SignatureAlgorithm]bool{
	x509.MD2WithRSA: true, x509.MD5WithRSA: true, x509.SHA1WithRSA: true, x509.DSAWithSHA1: true, x509.ECDSAWithSHA1: true, x509.UnknownSignatureAlgorithm: true,
}

func checkKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("its RSA key has %d bits; want at least 2048", k.N.BitLen())
		}
		return nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
			return nil
		}
		return fmt.Errorf("its key is on curve %s; want P-256, P-384 or P-521", k.Curve.Params().Name)
	}
	return fmt.Errorf("keys of type %T cannot sign documents; use RSA or ECDSA", key)
}

// Extended key usages under which a certificate may sign documents, besides those
// that crypto/x509 has a name for: RFC 9336, Adobe's and Microsoft's.
var documentUsages = []asn1.ObjectIdentifier{
	{1, 3, 6, 1, 5, 5, 7, 3, 36},
	{1, 2, 840, 113583, 1, 1, 5},
	{1, 3, 6, 1, 4, 1, 311, 10, 3, 12},
}

// checkUsage keeps, among others, the certificates of web servers out, which a
// company's authority gives to many more people.
func checkUsage(c *x509.Certificate) error {
	if c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return fmt.Errorf("the certificate of %q may not sign documents: it lacks the key usages digitalSignature and contentCommitment (nonRepudiation)", c.Subject)
	}
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return nil
	}
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageAny, x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageCodeSigning:
			return nil
		}
	}
	for _, u := range c.UnknownExtKeyUsage {
		if slices.ContainsFunc(documentUsages, u.Equal) {
			return nil
		}
	}
	return fmt.Errorf("the certificate of %q may not sign documents: none of its extended key usages is for documents, e-mail or code", c.Subject)
}
