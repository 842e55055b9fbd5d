package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/auditpack/auditpack/schema"
)

// ErrPassword is found with errors.Is when the password does not open a key.
var ErrPassword = errors.New("the password does not open the key")

// The PEM types of private keys. The encrypted ones are cosign's.
const (
	pemSigstore = "ENCRYPTED SIGSTORE PRIVATE KEY"
	pemCosign   = "ENCRYPTED COSIGN PRIVATE KEY"
	pemPKCS8    = "PRIVATE KEY"
	pemEC       = "EC PRIVATE KEY"
	pemRSA      = "RSA PRIVATE KEY"
	pemPublic   = "PUBLIC KEY"
)

const cosignGenerate = "make a pair with: auditpack keys generate, or cosign generate-key-pair"

// A Signer signs statements with one key.
type Signer struct {
	key signature.Signer
	pub crypto.PublicKey
	// note is what Note returns.
	note string
	// keyless is nil for a key whose public half verifiers are given.
	keyless *Keyless
	// authority is nil for signatures without a timestamp.
	authority *TimestampAuthority

	// The rest belongs to one bundle, and is set in a copy that prepare makes.
	issued  *issued // with keyless
	stamped []byte  // the authority's response
	warning string  // why there is none
}

// WithTimestamp returns a signer that has its signatures stamped.
func (s *Signer) WithTimestamp(a TimestampAuthority) (*Signer, error) {
	if err := checkURL(a.URL, true); err != nil {
		return nil, fmt.Errorf("timestamp authority: %w", err)
	}
	with := *s
	with.authority = &a
	return &with, nil
}

// Keyless reports whether the signer asks for a certificate when it seals. Its
// Public is then of no use to a verifier.
func (s *Signer) Keyless() bool { return s.keyless != nil }

// ErrNoTimestamp is the error of sealing keyless without a timestamp authority.
var ErrNoTimestamp = errors.New("keyless signatures need a timestamp authority that must answer: their certificate lives about ten minutes, and only a timestamp shows later that the signature was made while it was valid")

// prepare returns a copy for one bundle, with a certificate where it needs one.
func (s *Signer) prepare(ctx context.Context) (*Signer, error) {
	if s == nil {
		return nil, nil
	}
	one := *s
	if s.keyless == nil {
		return &one, nil
	}
	if s.authority == nil {
		return nil, ErrNoTimestamp
	}
	var err error
	one.issued, err = s.keyless.issue(ctx, &one)
	return &one, err
}

// stamp asks for a timestamp of a signature. Without an authority, and without an
// answer where none is required, it returns nil.
func (s *Signer) stamp(ctx context.Context, sig []byte) (*timestamps, error) {
	if s.authority == nil {
		return nil, nil
	}
	response, err := s.authority.Timestamp(ctx, sig)
	switch {
	case err == nil:
		s.stamped = response
		return &timestamps{[]rfc3161{{response}}}, nil
	case s.authority.Required || s.keyless != nil:
		return nil, err
	}
	s.warning = fmt.Sprintf("the bundle has no timestamp: %v", err)
	return nil, nil
}

// policy trusts this signer, for verifying what was just written.
func (s *Signer) policy() (Policy, error) {
	if s == nil {
		return Policy{UnsafeUnsigned: true}, nil
	}
	p := Policy{Keys: []crypto.PublicKey{s.pub}, TrustedRoot: &TrustedRoot{}}
	if s.issued != nil {
		p.Keys, p.Identities = nil, []CertificateIdentity{{Identity: s.issued.facts.Identity, Issuer: s.issued.facts.Issuer}}
		p.TrustedRoot.Add(s.issued.trust())
	}
	if s.stamped != nil {
		embedded, err := embeddedTrust(s.stamped)
		if err != nil {
			return Policy{}, err
		}
		p.TrustedRoot.Add(embedded)
		p.RequireTimestamp = embedded.hasTimestamps()
	}
	return p, nil
}

// claimed is what the statement says about the timestamp that it will get.
func (s *Signer) claimed() *schema.ClaimedTimestamp {
	if s == nil || s.authority == nil {
		return nil
	}
	return &schema.ClaimedTimestamp{Authority: s.authority.URL, Required: s.authority.Required || s.keyless != nil}
}

// NewSigner returns a signer for a key in memory: ECDSA on P-256 or P-384,
// Ed25519, or RSA of 2048 bits or more.
func NewSigner(key crypto.Signer) (*Signer, error) {
	if err := checkKey(key.Public()); err != nil {
		return nil, err
	}
	s, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("use the key for signing: %w", err)
	}
	return &Signer{key: s, pub: key.Public()}, nil
}

// LoadSigner returns a signer for ref, which is a file with a private key, or a
// reference to a key management service such as awskms://ALIAS. A service is
// reached through the program sigstore-kms-NAME on PATH, by sigstore's plugin
// protocol.
//
// password is asked once, and only when the key is encrypted. When it does not
// open the key the error is ErrPassword.
func LoadSigner(ctx context.Context, ref string, password func() ([]byte, error)) (*Signer, error) {
	if scheme, _, ok := strings.Cut(ref, "://"); ok {
		return loadKMS(ctx, scheme, ref)
	}
	b, err := readKeyFile(ref)
	if err != nil {
		return nil, err
	}
	s, err := ReadSigner(b, password)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", ref, err)
	}
	return s, nil
}

// ReadSigner returns a signer for a private key in PEM: cosign's encrypted form,
// or an unencrypted PKCS #8, SEC 1 or PKCS #1 key, about which Note says a word.
func ReadSigner(key []byte, password func() ([]byte, error)) (*Signer, error) {
	block, err := firstKey(key)
	if err != nil {
		return nil, err
	}
	k, err := parsePrivate(block, password)
	if err != nil {
		return nil, err
	}
	s, err := NewSigner(k)
	if err != nil {
		return nil, err
	}
	if block.Type != pemSigstore && block.Type != pemCosign {
		s.note = "the private key is not encrypted: whoever can read its file can sign; cosign import-key-pair encrypts it"
	}
	return s, nil
}

// ReadPrivateKey is ReadSigner for what signs other things than statements.
func ReadPrivateKey(key []byte, password func() ([]byte, error)) (crypto.Signer, error) {
	block, err := firstKey(key)
	if err != nil {
		return nil, err
	}
	return parsePrivate(block, password)
}

// Note is one sentence about how the key is kept that the person who runs the
// program should read, or empty.
func (s *Signer) Note() string { return s.note }

// Public returns the public key.
func (s *Signer) Public() crypto.PublicKey { return s.pub }

// PublicPEM returns the public key as the file that a verifier is given.
func (s *Signer) PublicPEM() ([]byte, error) { return marshalPublic(s.pub) }

// sign returns a signature over message: ECDSA as DER and RSA as PKCS #1 v1.5,
// both with SHA-256, or Ed25519.
func (s *Signer) sign(ctx context.Context, message []byte) ([]byte, error) {
	b, err := s.key.SignMessage(bytes.NewReader(message), options.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("sign the statement: %w", err)
	}
	return b, nil
}

// GenerateKey makes an ECDSA P-256 pair in cosign's format. The private half is
// encrypted with the password, which may be empty.
func GenerateKey(password []byte) (private, public []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generate a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the private key: %w", err)
	}
	box, err := encrypted.Encrypt(der, password)
	if err != nil {
		return nil, nil, fmt.Errorf("encrypt the private key: %w", err)
	}
	public, err = marshalPublic(k.Public())
	if err != nil {
		return nil, nil, err
	}
	return encodePEM(pemSigstore, box), public, nil
}

// LoadPublicKey reads the file of a public key in PEM, such as cosign.pub.
func LoadPublicKey(path string) (crypto.PublicKey, error) {
	b, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	k, err := ReadPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", path, err)
	}
	return k, nil
}

// ReadPublicKey reads a public key in PEM.
func ReadPublicKey(key []byte) (crypto.PublicKey, error) {
	block, err := firstKey(key)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("this is a private key; a verifier is given the public half, such as cosign.pub")
	case block.Type != pemPublic:
		return nil, fmt.Errorf("this is a %q, not a public key such as cosign.pub", block.Type)
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the public key is damaged: %v", err)
	}
	if err := checkKey(k); err != nil {
		return nil, err
	}
	return k, nil
}

// Fingerprint returns the SHA-256 digest of a public key's DER form, in
// hexadecimal. This prints the same:
//
//	openssl pkey -pubin -in cosign.pub -outform DER | sha256sum
func Fingerprint(key crypto.PublicKey) (string, error) {
	sum, err := keyDigest(key)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum[:]), nil
}

func keyDigest(key crypto.PublicKey) ([sha256.Size]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encode the public key: %w", err)
	}
	return sha256.Sum256(der), nil
}

func marshalPublic(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the public key: %w", err)
	}
	return encodePEM(pemPublic, der), nil
}

func encodePEM(pemType string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})
}

// checkKey refuses kinds of key that cosign's command line would not verify, and weak ones.
func checkKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() || k.Curve == elliptic.P384() {
			return nil
		}
		return fmt.Errorf("the key is on curve %s; use P-256 or P-384", k.Curve.Params().Name)
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 {
			return nil
		}
		return fmt.Errorf("the RSA key has %d bits; use at least 2048", k.N.BitLen())
	case ed25519.PublicKey:
		return nil
	}
	return fmt.Errorf("keys of type %T cannot sign here; use ECDSA, Ed25519 or RSA", key)
}

// firstKey returns the first PEM block that is not mere curve parameters, which
// openssl ecparam writes before the key.
func firstKey(b []byte) (*pem.Block, error) {
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return nil, errors.New("this is not a key in PEM form; " + cosignGenerate)
		}
		if block.Type != "EC PARAMETERS" {
			return block, nil
		}
	}
}

func parsePrivate(block *pem.Block, password func() ([]byte, error)) (crypto.Signer, error) {
	der := block.Bytes
	var err error
	switch block.Type {
	case pemSigstore, pemCosign:
		if der, err = decrypt(block.Bytes, password); err != nil {
			return nil, err
		}
	case pemPKCS8, pemEC, pemRSA:
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the key is encrypted in OpenSSL's own way; decrypt it, then bring it in with: cosign import-key-pair")
		}
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the key is encrypted in OpenSSL's own way; decrypt it, then bring it in with: cosign import-key-pair")
	case pemPublic:
		return nil, errors.New("this is a public key; signing needs the private half, such as cosign.key")
	default:
		return nil, fmt.Errorf("this is a %q, not a private key; %s", block.Type, cosignGenerate)
	}
	k, err := parseDER(block.Type, der)
	if err != nil {
		return nil, fmt.Errorf("the private key is damaged: %v", err)
	}
	s, ok := k.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("keys of type %T cannot sign; %s", k, cosignGenerate)
	}
	return s, nil
}

func parseDER(pemType string, der []byte) (any, error) {
	switch pemType {
	case pemEC:
		return x509.ParseECPrivateKey(der)
	case pemRSA:
		return x509.ParsePKCS1PrivateKey(der)
	}
	return x509.ParsePKCS8PrivateKey(der)
}

func decrypt(box []byte, password func() ([]byte, error)) ([]byte, error) {
	if password == nil {
		return nil, errors.New("the key is encrypted and no password was given")
	}
	pw, err := password()
	if err != nil {
		return nil, fmt.Errorf("ask for the password: %w", err)
	}
	der, err := encrypted.Decrypt(box, pw)
	switch {
	case err == nil:
		return der, nil
	case strings.HasSuffix(err.Error(), "decryption failed"): // the library has no other sign of it
		return nil, ErrPassword
	}
	return nil, fmt.Errorf("the encrypted private key is damaged: %v", err)
}

func loadKMS(ctx context.Context, scheme, ref string) (*Signer, error) {
	k, err := kms.Get(ctx, ref, crypto.SHA256)
	if notFound := (*kms.ProviderNotFoundError)(nil); errors.As(err, &notFound) {
		return nil, fmt.Errorf("key %s: there is no program sigstore-kms-%s on PATH; install the plugin of that key management service", ref, scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", ref, err)
	}
	pub, err := k.PublicKey(options.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("ask for the public half of key %s: %w", ref, err)
	}
	if err := checkKey(pub); err != nil {
		return nil, fmt.Errorf("key %s: %w", ref, err)
	}
	return &Signer{key: k, pub: pub}, nil
}

func readKeyFile(path string) ([]byte, error) { return readBounded(path, "key", maxKeyFile) }

// readBounded reads a file that what describes, of at most limit bytes.
func readBounded(path, what string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s %s: the file is too large for a %s", what, path, what)
	}
	return b, nil
}
