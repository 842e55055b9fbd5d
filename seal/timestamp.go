package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/digitorus/timestamp"
)

// A TimestampAuthority is asked, by RFC 3161 over HTTP, to confirm that a
// signature existed at an instant.
type TimestampAuthority struct {
	// URL takes the requests, such as https://timestamp.example.com/api/v1/timestamp.
	URL string
	// Required makes sealing fail when there is no answer. Otherwise the bundle is
	// written without a timestamp, and Sealed.Warning says so.
	Required bool
}

const (
	// networkTimeout bounds one request to an authority.
	networkTimeout = 30 * time.Second
	// maxResponse bounds the answer of an authority, in bytes.
	maxResponse = 1 << 20
)

// Timestamp asks for a token over the SHA-256 digest of message and returns the
// authority's response (RFC 3161, TimeStampResp in DER) when it speaks of that
// digest and of this request. It does not say whether the authority can be trusted.
func (a TimestampAuthority) Timestamp(ctx context.Context, message []byte) ([]byte, error) {
	if err := checkURL(a.URL, true); err != nil {
		return nil, fmt.Errorf("timestamp authority: %w", err)
	}
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(message)
	query, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Certificates: true, Nonce: nonce}).Marshal()
	if err != nil {
		return nil, fmt.Errorf("ask for a timestamp: %w", err)
	}
	response, err := post(ctx, a.URL, http.Header{"Content-Type": {"application/timestamp-query"}}, query)
	if err != nil {
		return nil, fmt.Errorf("ask the timestamp authority: %w", err)
	}
	t, err := parseTimestamp(response)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the timestamp authority %s: %w", a.URL, err)
	case t.HashAlgorithm != crypto.SHA256 || !bytes.Equal(t.HashedMessage, digest[:]):
		return nil, fmt.Errorf("the timestamp authority %s stamped something else than it was asked to", a.URL)
	case t.Nonce == nil || t.Nonce.Cmp(nonce) != 0:
		return nil, fmt.Errorf("the timestamp authority %s answered another request", a.URL)
	}
	return response, nil
}

// parseTimestamp reads a response. Where it carries the certificate of its signer
// its own signature is verified; nothing says that the signer can be trusted.
func parseTimestamp(response []byte) (*timestamp.Timestamp, error) {
	if len(response) > maxTimestamp {
		return nil, fmt.Errorf("its response is larger than %d bytes", maxTimestamp)
	}
	t, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, fmt.Errorf("its response is no timestamp: %v", err)
	}
	return t, nil
}

// stampedBy names the certificate that a timestamp was signed with, as far as the
// response says.
func stampedBy(t *timestamp.Timestamp) string {
	for _, c := range t.Certificates {
		if !c.IsCA {
			return c.Subject.String()
		}
	}
	return ""
}

// embeddedTrust trusts the certificates that the response carries. It shows that a
// token is sound, and nothing about who made it.
func embeddedTrust(response []byte) (*TrustedRoot, error) {
	t, err := parseTimestamp(response)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, c := range t.Certificates {
		b.Write(certificatePEM(c))
	}
	if b.Len() == 0 {
		return &TrustedRoot{}, nil
	}
	return ReadTimestampAuthority(b.Bytes())
}

// checkURL refuses what is no http or https address. Without plainHTTP only a
// loopback address may go without TLS.
func checkURL(address string, plainHTTP bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%q is not an https address", address)
	case u.User != nil:
		return errors.New("the address has a user or password in it, which would end up in files")
	case u.Scheme == "http" && !plainHTTP && !isLoopback(u.Hostname()):
		return fmt.Errorf("%q is not an https address, and the identity token would be readable on the way", address)
	}
	return nil
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// post sends a body and returns the answer to it. Redirects are not followed, so
// that what was given for one host goes to no other.
func post(ctx context.Context, address string, header http.Header, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, networkTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = header
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer of %s: %w", address, err)
	case len(b) > maxResponse:
		return nil, fmt.Errorf("the answer of %s is larger than %d bytes", address, maxResponse)
	case response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated:
		return nil, fmt.Errorf("%s answered %s: %q", address, response.Status, b[:min(len(b), 300)])
	}
	return b, nil
}

func certificatePEM(c *x509.Certificate) []byte { return encodePEM("CERTIFICATE", c.Raw) }
