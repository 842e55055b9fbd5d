package seal

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// A CertificateRequest asks for a certificate that signs documents.
type CertificateRequest struct {
	Subject pkix.Name
	// Email is left out of the certificate when it is empty.
	Email string
}

// The object identifiers of certificate extensions and of the extended key usages
// for documents (RFC 9336) and for e-mail (RFC 5280, 4.2.1.12). PDF readers that
// judge certificates with NSS, such as pdfsig, know the latter only.
var (
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidExtendedKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidDocumentSigning  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}
	oidEmailProtection  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
)

func (r CertificateRequest) emails() []string {
	if r.Email == "" {
		return nil
	}
	return []string{r.Email}
}

// Sign returns the request in PEM (PKCS #10), signed with the key that it is for.
func (r CertificateRequest) Sign(key crypto.Signer) ([]byte, error) {
	// Digital signature and non-repudiation are the first two bits of the usage.
	usage, err := asn1.Marshal(asn1.BitString{Bytes: []byte{0xc0}, BitLength: 2})
	if err != nil {
		return nil, err
	}
	extended, err := asn1.Marshal([]asn1.ObjectIdentifier{oidDocumentSigning, oidEmailProtection})
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: r.Subject, EmailAddresses: r.emails(),
		ExtraExtensions: []pkix.Extension{{Id: oidKeyUsage, Critical: true, Value: usage}, {Id: oidExtendedKeyUsage, Value: extended}},
	}, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate request: %w", err)
	}
	return encodePEM("CERTIFICATE REQUEST", der), nil
}

// SelfSigned returns a certificate in PEM that nobody but the key itself vouches for.
func (r CertificateRequest) SelfSigned(key crypto.Signer, from, to time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: r.Subject, EmailAddresses: r.emails(), NotBefore: from, NotAfter: to,
		KeyUsage:           x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{oidDocumentSigning}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a self-signed certificate: %w", err)
	}
	return encodePEM("CERTIFICATE", der), nil
}
