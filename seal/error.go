package seal

import "fmt"

// An Error says why a bundle is refused. Other errors of Verify mean that the
// bundle could not be read at all.
type Error struct {
	Kind Kind
	// Member is the path of the member concerned, empty when it is the whole
	// bundle. It may come from a hostile archive: print it quoted, as Error does.
	Member string
	// Problem is a sentence without a final dot.
	Problem string
}

// Kind sorts the reasons to refuse a bundle.
type Kind string

// The kinds of Error.
const (
	// NoPolicy: the caller named nobody to trust, so nothing could be concluded.
	NoPolicy Kind = "no policy"
	// Encrypted: the archive is encrypted, and nothing was given that opens it.
	Encrypted Kind = "encrypted"
	// NotSigned: the bundle carries no signature.
	NotSigned Kind = "not signed"
	// BadSignature: no key of the policy made the signature.
	BadSignature Kind = "signature"
	// BadCertificate: the certificate of a keyless signature was not issued by a
	// trusted authority, was not valid at the stamped time, or names somebody else.
	BadCertificate Kind = "certificate"
	// BadTimestamp: the timestamp is missing where one must be, damaged, of another
	// signature, or of an authority that is not trusted.
	BadTimestamp Kind = "timestamp"
	// BadAttestation: the attestation is not written as FORMAT.md prescribes.
	BadAttestation Kind = "attestation"
	// BadStatement: the signed statement breaks a rule of FORMAT.md.
	BadStatement Kind = "statement"
	// BadVersion: the statement is of a version that this reader does not know.
	BadVersion Kind = "version"
	// BadContainer: bytes of the archive outside the members' data are not as
	// the statement prescribes.
	BadContainer Kind = "container"
	// BadName: a member has a name that no bundle may have.
	BadName Kind = "name"
	// BadType: a member is a link or another special file.
	BadType Kind = "type"
	// Missing: the statement names a member that is not there.
	Missing Kind = "missing"
	// Extra: a file is there that the statement does not name.
	Extra Kind = "extra"
	// Repeated: a member is there more than once.
	Repeated Kind = "repeated"
	// Altered: the content of a member is not what was signed.
	Altered Kind = "altered"
	// TooLarge: a bound of the format is exceeded.
	TooLarge Kind = "too large"
	// BadChain: the bundle does not follow the one that the policy names.
	BadChain Kind = "chain"
)

// Error names the member, if there is one, and the problem.
func (e *Error) Error() string {
	if e.Member == "" {
		return e.Problem
	}
	return fmt.Sprintf("member %q: %s", e.Member, e.Problem)
}

func refuse(kind Kind, member, format string, args ...any) error {
	return &Error{Kind: kind, Member: member, Problem: fmt.Sprintf(format, args...)}
}
