package seal

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal/cms"
)

// DocumentFiles name a document certificate and its key: two PEM files, or one
// PKCS #12 file.
type DocumentFiles struct {
	// Certificate is a PEM file with the certificate and those of its issuers, of
	// which the root may be left out.
	Certificate string
	// Key is a PEM file with the private key, or a reference as LoadSigner takes it.
	Key string
	// PKCS12 stands in the place of both.
	PKCS12 string
}

// A DocumentSigner signs the PDF and the workbook themselves, with an X.509
// certificate that says whose key it is.
type DocumentSigner struct{ signer *cms.Signer }

// NewDocumentSigner returns a signer for a key in memory and its certificate, with
// those of its issuers. at is the time at which the certificate must be valid.
func NewDocumentSigner(key crypto.Signer, certificates []*x509.Certificate, at time.Time) (*DocumentSigner, error) {
	s, err := cms.NewSigner(key, certificates)
	if err != nil {
		return nil, err
	}
	if err := s.ValidAt(at); err != nil {
		return nil, err
	}
	return &DocumentSigner{s}, nil
}

// LoadDocumentSigner reads certificate and key. password is asked once, and only
// for a file that is encrypted; when it does not open it the error is ErrPassword.
func LoadDocumentSigner(ctx context.Context, files DocumentFiles, at time.Time, password func() ([]byte, error)) (*DocumentSigner, error) {
	var key crypto.Signer
	var certificates []*x509.Certificate
	var err error
	name := files.Certificate
	if files.PKCS12 != "" {
		name = files.PKCS12
		key, certificates, err = loadPKCS12(files.PKCS12, password)
	} else {
		key, certificates, err = loadPair(ctx, files, password)
	}
	if err != nil {
		return nil, err
	}
	s, err := NewDocumentSigner(key, certificates, at)
	if err != nil {
		return nil, fmt.Errorf("document certificate %s: %w", name, err)
	}
	return s, nil
}

// Facts say whose certificate it is, for the report.
func (s *DocumentSigner) Facts() *schema.DocumentSigner { return documentFacts(s.signer.Certificate()) }

func documentFacts(c *x509.Certificate) *schema.DocumentSigner {
	sum := sha256.Sum256(c.Raw)
	return &schema.DocumentSigner{Subject: c.Subject.String(), Issuer: c.Issuer.String(), SHA256: hex.EncodeToString(sum[:])}
}

// CertificatePEM returns the certificate, without those of its issuers.
func (s *DocumentSigner) CertificatePEM() []byte { return certificatePEM(s.signer.Certificate()) }

func loadPair(ctx context.Context, files DocumentFiles, password func() ([]byte, error)) (crypto.Signer, []*x509.Certificate, error) {
	b, err := readKeyFile(files.Certificate)
	if err != nil {
		return nil, nil, err
	}
	certificates, err := parseCertificates(b)
	if err != nil {
		return nil, nil, fmt.Errorf("document certificate %s: %w", files.Certificate, err)
	}
	if scheme, _, ok := strings.Cut(files.Key, "://"); ok {
		key, err := loadDocumentKMS(ctx, scheme, files.Key)
		return key, certificates, err
	}
	if b, err = readKeyFile(files.Key); err != nil {
		return nil, nil, err
	}
	key, err := parseDocumentKey(b, password)
	if err != nil {
		return nil, nil, fmt.Errorf("document key %s: %w", files.Key, err)
	}
	return key, certificates, nil
}

// parseDocumentKey reads what certificate authorities and OpenSSL write, encrypted
// or not, and cosign's form.
func parseDocumentKey(b []byte, password func() ([]byte, error)) (crypto.Signer, error) {
	block, err := firstKey(b)
	if err != nil {
		return nil, errors.New("this is not a private key in PEM form")
	}
	if block.Type != "ENCRYPTED PRIVATE KEY" {
		return parsePrivate(block, password)
	}
	pw, err := askPassword(password)
	if err != nil {
		return nil, err
	}
	key, _, err := pkcs8.ParsePrivateKey(block.Bytes, pw)
	if err != nil {
		return nil, fmt.Errorf("%w, or it is encrypted in a way that is not known here", ErrPassword)
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("keys of type %T cannot sign", key)
	}
	return s, nil
}

func askPassword(password func() ([]byte, error)) ([]byte, error) {
	if password == nil {
		return nil, errors.New("the key is encrypted and no password was given")
	}
	pw, err := password()
	if err != nil {
		return nil, fmt.Errorf("ask for the password: %w", err)
	}
	return pw, nil
}

func loadPKCS12(path string, password func() ([]byte, error)) (crypto.Signer, []*x509.Certificate, error) {
	b, err := readKeyFile(path)
	if err != nil {
		return nil, nil, err
	}
	pw, err := askPassword(password)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	key, leaf, issuers, err := pkcs12.DecodeChain(b, string(pw))
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, fmt.Errorf("%s: %w", path, ErrPassword)
	case err != nil:
		return nil, nil, fmt.Errorf("%s is not a PKCS #12 file with one key and its certificate: %v", path, err)
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("%s: keys of type %T cannot sign", path, key)
	}
	return s, append([]*x509.Certificate{leaf}, issuers...), nil
}

// loadDocumentKMS returns a key that stays in a key management service.
func loadDocumentKMS(ctx context.Context, scheme, ref string) (crypto.Signer, error) {
	k, err := kms.Get(ctx, ref, crypto.SHA256)
	if notFound := (*kms.ProviderNotFoundError)(nil); errors.As(err, &notFound) {
		return nil, fmt.Errorf("key %s: there is no program sigstore-kms-%s on PATH; install the plugin of that key management service", ref, scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", ref, err)
	}
	var failed error
	s, _, err := k.CryptoSigner(ctx, func(err error) { failed = err })
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", ref, err)
	}
	public := s.Public()
	if failed != nil || public == nil {
		return nil, fmt.Errorf("ask for the public half of key %s: %w", ref, failed)
	}
	return kmsKey{s, public}, nil
}

// A kmsKey asks for its public half once, and not each time that somebody looks.
type kmsKey struct {
	crypto.Signer
	public crypto.PublicKey
}

func (k kmsKey) Public() crypto.PublicKey { return k.public }

// LoadCertificates reads a file of certificates in PEM.
func LoadCertificates(path string) ([]*x509.Certificate, error) {
	b, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	certificates, err := parseCertificates(b)
	if err != nil {
		return nil, fmt.Errorf("certificates %s: %w", path, err)
	}
	return certificates, nil
}

// ReadCertificates reads certificates in PEM.
func ReadCertificates(b []byte) ([]*x509.Certificate, error) { return parseCertificates(b) }

// token asks for a timestamp as documents carry it: without the response around it.
func (a TimestampAuthority) token(ctx context.Context, message []byte) ([]byte, error) {
	response, err := a.Timestamp(ctx, message)
	if err != nil {
		return nil, err
	}
	t, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, err
	}
	return t.RawToken, nil
}
