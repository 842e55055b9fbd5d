package cms

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Trust says whose document signatures a caller accepts. It comes from outside the
// document. The zero Trust accepts nobody's.
type Trust struct {
	// Roots are certificates that the signer's must lead to. A self-signed signer's
	// own certificate may be one of them.
	Roots []*x509.Certificate
	// Fingerprints are SHA-256 digests of signers' certificates that are accepted
	// as they are, without a root.
	Fingerprints [][sha256.Size]byte
	// TimestampRoots are certificates that a timestamp authority's must lead to.
	// Without them a timestamp proves nothing.
	TimestampRoots []*x509.Certificate
	// TimestampIntermediates are between those and the certificate that stamps.
	// Authorities may put only the latter into a timestamp.
	TimestampIntermediates []*x509.Certificate
	// At is the time at which certificates must be valid where no trusted timestamp
	// says when they were used.
	At time.Time
}

// Anybody reports whether t accepts anybody's signature.
func (t Trust) Anybody() bool { return len(t.Roots) > 0 || len(t.Fingerprints) > 0 }

// A Claim is what an intact signature brings along for Trust to judge.
type Claim struct {
	// Chain starts with the signer's certificate; each certificate's signature was
	// made by the one behind it. It ends where the file has no issuer.
	Chain []*x509.Certificate
	// Token is the DER of the timestamp token, nil when there is none.
	Token []byte
	// Value is what the token must be about: the signature value.
	Value []byte
}

// A Judgement is what Trust says about an intact signature.
type Judgement struct {
	// Stamped is the time in the timestamp, of which nobody has said yet that it is
	// to be trusted; zero without timestamp.
	Stamped time.Time
	// Timestamp is the same time when the authority leads to a trusted root.
	Timestamp time.Time
	// TimestampProblem says why a timestamp is not trusted, when TimestampRoots are
	// given and one is there.
	TimestampProblem string
	// At is the time at which the certificates were judged.
	At time.Time
}

// Judge holds an intact signature against t. The signer's certificates must be fit
// for documents, valid, and lead to a root or be known by fingerprint; a timestamp
// must at least be one of this signature. Without anybody to trust, only the
// latter and the fitness are checked.
func (t Trust) Judge(c Claim) (Judgement, error) {
	if err := checkChain(c.Chain); err != nil {
		return Judgement{}, err
	}
	j, err := t.readTimestamp(c)
	if err != nil {
		return Judgement{}, err
	}
	if !t.Anybody() {
		return j, nil
	}
	return j, t.accept(c.Chain, j)
}

func (t Trust) readTimestamp(c Claim) (Judgement, error) {
	j := Judgement{At: t.At}
	if c.Token == nil {
		return j, nil
	}
	token, err := parseToken(c.Token, c.Value)
	if err != nil {
		return Judgement{}, err
	}
	j.Stamped = token.time
	if len(t.TimestampRoots) == 0 {
		return j, nil
	}
	if err := token.verify(c.Value, t.TimestampRoots, t.TimestampIntermediates); err != nil {
		j.TimestampProblem = err.Error()
		return j, nil
	}
	j.Timestamp, j.At = j.Stamped, j.Stamped
	return j, nil
}

func (t Trust) accept(chain []*x509.Certificate, j Judgement) error {
	leaf := chain[0]
	if err := validAt(chain[:1], j.At); err != nil {
		if j.TimestampProblem != "" {
			return fmt.Errorf("%w, and its timestamp is not trusted: %s", err, j.TimestampProblem)
		}
		if !j.Stamped.IsZero() && j.Timestamp.IsZero() {
			return fmt.Errorf("%w; it has a timestamp of %s, which counts when the root of its authority is given", err, j.Stamped.Format(time.DateTime))
		}
		return err
	}
	if slices.Contains(t.Fingerprints, sha256.Sum256(leaf.Raw)) {
		return nil
	}
	if len(t.Roots) == 0 {
		return fmt.Errorf("the signer's certificate (%q) is not the one that is trusted", leaf.Subject)
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range t.Roots {
		roots.AddCert(c)
	}
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: j.At, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return fmt.Errorf("the signer's certificate (%q, issued by %q) does not lead to a root that is trusted", leaf.Subject, leaf.Issuer)
	}
	if err != nil {
		return fmt.Errorf("the signer's certificate (%q): %w", leaf.Subject, err)
	}
	return anchored(chain, t.Roots)
}

// anchored returns an error when nobody answers for the last certificate of a
// chain. crypto/x509 does not look at certificates that it can do without.
func anchored(chain, roots []*x509.Certificate) error {
	last := chain[len(chain)-1]
	if selfIssued(last) { // order has checked its signature
		return nil
	}
	for _, root := range roots {
		if last.Equal(root) || bytes.Equal(last.RawIssuer, root.RawSubject) && last.CheckSignatureFrom(root) == nil {
			return nil
		}
	}
	return fmt.Errorf("nothing answers for the certificate of %q that comes with the signature", last.Subject)
}
