package seal

// The bounds of a bundle. The writer refuses to exceed them and the reader
// refuses what does, so that no bundle is written that cannot be read.
const (
	// MaxMembers is below the 1,024 subjects that sigstore's verifiers accept.
	MaxMembers = 1000
	// MaxMemberSize bounds one member, in bytes.
	MaxMemberSize = 1 << 30
	// MaxSize bounds all members together, in bytes, so that every offset of the
	// archive fits the 32 bits of a ZIP without the 64-bit extension.
	MaxSize = 3 << 30
	// MaxPath bounds a member's path, in bytes.
	MaxPath = 240
	// MaxRatio bounds how many times larger a member is than its packed form. What
	// would shrink further is stored, because mail gateways take it for a bomb.
	MaxRatio = 200
	// MaxAttestation bounds attestation.sigstore.json and statement.json, in bytes.
	// A full manifest of MaxMembers long paths stays below a third of it.
	MaxAttestation = 4 << 20
	// maxTrustedRoot bounds a trusted root and a file of certificates, in bytes.
	maxTrustedRoot = 1 << 20
	// maxTimestamp bounds a timestamp with its certificates, in bytes.
	maxTimestamp = 64 << 10
	// maxKeyFile bounds a key file, in bytes.
	maxKeyFile = 64 << 10
)
