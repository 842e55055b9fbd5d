package seal

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/oauthflow"
)

// Keyless says how to sign without a key to keep: a key is made for one bundle,
// and a Fulcio issues a certificate for it to whoever an identity token names.
type Keyless struct {
	// FulcioURL is the certificate authority's address, without a path.
	FulcioURL string
	// Token returns the OpenID Connect identity token. It is asked when the bundle
	// is sealed, because tokens and certificates live for minutes.
	Token func() (string, error)
}

// NewKeyless returns a signer that asks for a certificate when it seals. It needs
// a timestamp authority (Signer.WithTimestamp): the certificate lives about ten
// minutes, and only a timestamp shows later that the signature was made in them.
func NewKeyless(k Keyless) (*Signer, error) {
	if err := checkURL(k.FulcioURL, false); err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate a key: %w", err)
	}
	s, err := NewSigner(key)
	if err != nil {
		return nil, err
	}
	s.keyless = &k
	return s, nil
}

// Certificate says what a certificate of a keyless signature claims.
type Certificate struct {
	// Identity and Issuer are those of CertificateIdentity.
	Identity, Issuer string
	// NotBefore and NotAfter bound when it is valid, in UTC.
	NotBefore, NotAfter time.Time
}

func certificateFacts(c *x509.Certificate) (*Certificate, error) {
	s, err := certificate.SummarizeCertificate(c)
	if err != nil {
		return nil, fmt.Errorf("the certificate names nobody: %v", err)
	}
	return &Certificate{s.SubjectAlternativeName, s.Issuer, c.NotBefore.UTC(), c.NotAfter.UTC()}, nil
}

// an issued certificate is that of one keyless signature.
type issued struct {
	chain []*x509.Certificate // from the leaf
	facts *Certificate
}

// GetCertificate implements sign.CertificateProvider.
func (i *issued) GetCertificate(context.Context, sign.Keypair, *sign.CertificateProviderOptions) ([]byte, error) {
	return i.chain[0].Raw, nil
}

// trust trusts the authority that issued the certificate.
func (i *issued) trust() *TrustedRoot {
	last := len(i.chain) - 1
	return &TrustedRoot{certificates: []root.CertificateAuthority{
		&root.FulcioCertificateAuthority{Root: i.chain[last], Intermediates: i.chain[min(1, last):last]},
	}}
}

// The part of Fulcio's API that we use (POST /api/v2/signingCert).
type (
	certificateRequest struct {
		PublicKeyRequest publicKeyRequest `json:"publicKeyRequest"`
	}
	publicKeyRequest struct {
		PublicKey requestedKey `json:"publicKey"`
		// Proof is a signature over the token's subject.
		Proof []byte `json:"proofOfPossession"`
	}
	requestedKey struct {
		Algorithm string `json:"algorithm"`
		Content   string `json:"content"`
	}
	certificateResponse struct {
		Embedded certificateChain `json:"signedCertificateEmbeddedSct"`
		Detached certificateChain `json:"signedCertificateDetachedSct"`
	}
	certificateChain struct {
		Chain struct {
			Certificates []string `json:"certificates"`
		} `json:"chain"`
	}
)

// issue asks Fulcio for a certificate of the signer's key.
func (k *Keyless) issue(ctx context.Context, s *Signer) (*issued, error) {
	token, err := k.Token()
	if err != nil {
		return nil, err
	}
	subject, err := TokenSubject(token)
	if err != nil {
		return nil, err
	}
	body, err := k.request(ctx, s, subject)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}
	answer, err := post(ctx, strings.TrimSuffix(k.FulcioURL, "/")+"/api/v2/signingCert", header, body)
	if err != nil {
		// An authority may repeat what it was sent.
		return nil, errors.New("ask for a certificate: " + strings.ReplaceAll(err.Error(), token, "…"))
	}
	i, err := readIssued(answer)
	if err != nil {
		return nil, fmt.Errorf("the certificate authority %s: %w", k.FulcioURL, err)
	}
	if public, ok := i.chain[0].PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(s.pub) {
		return nil, fmt.Errorf("the certificate authority %s issued a certificate for another key", k.FulcioURL)
	}
	return i, nil
}

func (k *Keyless) request(ctx context.Context, s *Signer, subject string) ([]byte, error) {
	proof, err := s.sign(ctx, []byte(subject))
	if err != nil {
		return nil, err
	}
	public, err := s.PublicPEM()
	if err != nil {
		return nil, err
	}
	return json.Marshal(certificateRequest{publicKeyRequest{requestedKey{"ECDSA", string(public)}, proof}})
}

func readIssued(answer []byte) (*issued, error) {
	var r certificateResponse
	if err := json.Unmarshal(answer, &r); err != nil {
		return nil, errors.New("its answer cannot be read")
	}
	pems := append(r.Embedded.Chain.Certificates, r.Detached.Chain.Certificates...)
	chain, err := parseCertificates([]byte(strings.Join(pems, "\n")))
	if err != nil {
		return nil, fmt.Errorf("its answer: %w", err)
	}
	facts, err := certificateFacts(chain[0])
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(facts.Identity+facts.Issuer, unicode.IsControl) {
		return nil, errors.New("its certificate has a name with control characters")
	}
	return &issued{chain, facts}, nil
}

// TokenSubject returns whom an identity token names, without verifying it: that is
// for the certificate authority to do. Errors never quote the token.
func TokenSubject(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("the identity token is not a JSON Web Token")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", errors.New("the identity token is not a JSON Web Token")
	}
	subject, err := oauthflow.SubjectFromUnverifiedToken(claims)
	if err != nil || subject == "" {
		return "", errors.New("the identity token names no subject")
	}
	return subject, nil
}
