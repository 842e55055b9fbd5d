package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"

	"github.com/sigstore/sigstore-go/pkg/root"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
)

// A CertificateIdentity says whom a certificate must name, and who must have
// identified that person or workload.
type CertificateIdentity struct {
	// Identity is the certificate's subject alternative name, such as an e-mail
	// address or https://kubernetes.io/namespaces/NAMESPACE/serviceaccounts/NAME.
	Identity string
	// IdentityRegexp is a regular expression (RE2) that the whole identity must
	// match. It stands in the place of Identity.
	IdentityRegexp string
	// Issuer is the OpenID Connect issuer that identified it.
	Issuer string
}

// String describes the identity for a sentence.
func (c CertificateIdentity) String() string {
	if c.Identity != "" {
		return fmt.Sprintf("%q of the issuer %q", c.Identity, c.Issuer)
	}
	return fmt.Sprintf("one that matches %q of the issuer %q", c.IdentityRegexp, c.Issuer)
}

func (c CertificateIdentity) check() error {
	switch {
	case c.Identity == "" && c.IdentityRegexp == "":
		return errors.New("an issuer was given without the identity that it must have identified: anyone whom it knows could have signed")
	case c.Identity != "" && c.IdentityRegexp != "":
		return errors.New("an identity is given as itself or as a regular expression, not both")
	case c.Issuer == "":
		return errors.New("an identity was given without its issuer: whoever runs another issuer could claim the same identity")
	}
	_, err := c.matcher()
	return err
}

// matcher is sigstore's form of it. Unlike cosign's, our expressions match the
// whole identity: one that forgets the anchors would accept a name around it.
func (c CertificateIdentity) matcher() (sgverify.CertificateIdentity, error) {
	if c.IdentityRegexp == "" {
		return sgverify.NewShortCertificateIdentity(c.Issuer, "", c.Identity, "")
	}
	if _, err := regexp.Compile(c.IdentityRegexp); err != nil {
		return sgverify.CertificateIdentity{}, fmt.Errorf("the identity's regular expression: %w", err)
	}
	return sgverify.NewShortCertificateIdentity(c.Issuer, "", "", `^(?:`+c.IdentityRegexp+`)$`)
}

// A TrustedRoot has the certificate authorities and the timestamp authorities that
// a verifier trusts. The zero value trusts none.
type TrustedRoot struct {
	certificates []root.CertificateAuthority
	timestamps   []root.TimestampingAuthority
}

// LoadTrustedRoot reads a file in sigstore's format, usually trusted_root.json.
// Its transparency logs are not used.
func LoadTrustedRoot(path string) (*TrustedRoot, error) {
	b, err := readBounded(path, "trusted root", maxTrustedRoot)
	if err != nil {
		return nil, err
	}
	t, err := ReadTrustedRoot(b)
	if err != nil {
		return nil, fmt.Errorf("trusted root %s: %w", path, err)
	}
	return t, nil
}

// ReadTrustedRoot reads a trusted root in sigstore's JSON format.
func ReadTrustedRoot(b []byte) (*TrustedRoot, error) {
	r, err := root.NewTrustedRootFromJSON(b)
	if err != nil {
		return nil, fmt.Errorf("this is not a trusted root in sigstore's format: %w", err)
	}
	t := &TrustedRoot{r.FulcioCertificateAuthorities(), r.TimestampingAuthorities()}
	if len(t.certificates) == 0 && len(t.timestamps) == 0 {
		return nil, errors.New("it has neither certificate authorities nor timestamp authorities")
	}
	return t, nil
}

// LoadTimestampAuthority reads the certificates of a timestamp authority in PEM.
func LoadTimestampAuthority(path string) (*TrustedRoot, error) {
	b, err := readBounded(path, "file of certificates", maxTrustedRoot)
	if err != nil {
		return nil, err
	}
	t, err := ReadTimestampAuthority(b)
	if err != nil {
		return nil, fmt.Errorf("timestamp authority %s: %w", path, err)
	}
	return t, nil
}

// ReadTimestampAuthority reads certificates in PEM, in any order: the authority's
// root, the intermediates, and the certificate that it stamps with, of which the
// root alone is enough where tokens carry the others. Without a self-signed
// certificate the last one is trusted as it is.
func ReadTimestampAuthority(b []byte) (*TrustedRoot, error) {
	certs, err := parseCertificates(b)
	if err != nil {
		return nil, err
	}
	var roots, intermediates, leaves []*x509.Certificate
	for _, c := range certs {
		switch {
		case bytes.Equal(c.RawIssuer, c.RawSubject):
			roots = append(roots, c)
		case c.IsCA:
			intermediates = append(intermediates, c)
		default:
			leaves = append(leaves, c)
		}
	}
	if len(roots) == 0 {
		roots = certs[len(certs)-1:]
	}
	if len(leaves) == 0 {
		leaves = []*x509.Certificate{nil} // the token has to carry it
	}
	t := &TrustedRoot{}
	for _, r := range roots {
		for _, leaf := range leaves {
			t.timestamps = append(t.timestamps, &root.SigstoreTimestampingAuthority{Root: r, Intermediates: intermediates, Leaf: leaf, URI: r.Subject.String()})
		}
	}
	return t, nil
}

// Add makes t trust what other trusts too.
func (t *TrustedRoot) Add(other *TrustedRoot) {
	t.certificates = append(t.certificates, other.certificates...)
	t.timestamps = append(t.timestamps, other.timestamps...)
}

func (t *TrustedRoot) hasCertificates() bool { return t != nil && len(t.certificates) > 0 }
func (t *TrustedRoot) hasTimestamps() bool   { return t != nil && len(t.timestamps) > 0 }

// material is sigstore's form of it, with a key where the bundle names one.
func (t *TrustedRoot) material(key root.TrustedMaterial) root.TrustedMaterial {
	m := trustedMaterial{TrustedMaterial: key}
	if t != nil {
		m.certificates, m.timestamps = t.certificates, t.timestamps
	}
	return m
}

// trustedMaterial is what sigstore's verifier asks for authorities and keys.
type trustedMaterial struct {
	root.TrustedMaterial
	certificates []root.CertificateAuthority
	timestamps   []root.TimestampingAuthority
}

// FulcioCertificateAuthorities implements root.TrustedMaterial.
func (m trustedMaterial) FulcioCertificateAuthorities() []root.CertificateAuthority {
	return m.certificates
}

// TimestampingAuthorities implements root.TrustedMaterial.
func (m trustedMaterial) TimestampingAuthorities() []root.TimestampingAuthority {
	return m.timestamps
}

// parseCertificates returns all certificates of a PEM file, at least one.
func parseCertificates(b []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it has a %q beside its certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d is damaged: %v", len(certs)+1, err)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, errors.New("it has no certificate in PEM form")
	}
	return certs, nil
}
