package seal

import "context"

// Attest signs an in-toto Statement that is no bundle's, such as the provenance of
// a release, and returns it as a Sigstore bundle, which cosign verifies with
// verify-blob-attestation.
func Attest(ctx context.Context, statement []byte, signer *Signer) ([]byte, error) {
	signer, err := signer.prepare(ctx)
	if err != nil {
		return nil, err
	}
	return attest(ctx, statement, signer)
}
