#!/bin/sh
# Builds cosign, which the tests of package seal take as an oracle, at the version
# that go.mod beside this file pins, unless it was built before. Prints its path.
set -eu
cd "$(dirname "$0")"

version=$(sed -n 's|.*github.com/sigstore/cosign/v3 v\([^ ]*\).*|\1|p' go.mod)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/auditpack/oracles-$version
if [ ! -x "$dir/cosign" ]; then
	mkdir -p "$dir"
	# Built beside its place and renamed, so that a build that is cut off, or a
	# second one at the same time, never leaves half a program.
	partial=$(mktemp -d "$dir/.build-XXXXXX")
	trap 'rm -rf "$partial"' EXIT
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$partial/cosign" github.com/sigstore/cosign/v3/cmd/cosign >&2
	mv "$partial/cosign" "$dir/cosign"
fi
echo "$dir/cosign"
