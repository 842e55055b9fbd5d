#!/usr/bin/env bash
# Downloads the release AUDITPACK_VERSION into the folder that is given, and checks
# it: the signature of the checksums where cosign is installed, and always the
# archive's checksum. AUDITPACK_RELEASES is where releases are downloaded from.
set -euo pipefail

dir=$1
version=${AUDITPACK_VERSION:?name a release, such as v1.2.3}
releases=${AUDITPACK_RELEASES:-https://github.com/auditpack/auditpack/releases/download}
case $(uname -m) in
x86_64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) echo "there is no release for $(uname -m)" >&2 && exit 1 ;;
esac
archive=auditpack_${version}_$(uname -s | tr '[:upper:]' '[:lower:]')_$arch.tar.gz

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch() { curl --fail --silent --show-error --location --retry 3 --output "$work/$1" "$releases/$version/$1"; }
fetch checksums.txt
fetch "$archive"
if command -v cosign >/dev/null; then
	fetch checksums.txt.sigstore.json
	cosign verify-blob --bundle "$work/checksums.txt.sigstore.json" \
		--certificate-identity "https://github.com/auditpack/auditpack/.github/workflows/release.yml@refs/tags/$version" \
		--certificate-oidc-issuer https://token.actions.githubusercontent.com "$work/checksums.txt"
else
	echo "cosign is not installed: the checksums are not proven to be those of the release" >&2
fi
# The name stands for itself, not for a pattern.
line=$(awk -v name="$archive" '$2 == name' "$work/checksums.txt")
[ -n "$line" ] || { echo "checksums.txt does not name $archive" >&2 && exit 1; }
(cd "$work" && echo "$line" | sha256sum --check --strict --quiet)
mkdir -p "$dir"
tar -xzf "$work/$archive" -C "$dir" auditpack
