#!/bin/sh
# Builds what the tests of package seal take as oracles, at the versions that go.mod
# beside this file pins, unless it was built before: cosign, age, and a program with a
# real Fulcio and timestamp authority; and the stores and the Pushgateway that the
# folders of these names pin. Prints the folder that they are in.
set -eu
cd "$(dirname "$0")"

version=$(sed -n 's|.*github.com/sigstore/cosign/v3 v\([^ ]*\).*|\1|p' go.mod)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/auditpack/oracles-$version
mkdir -p "$dir"
# Built beside its place and renamed, so that a build that is cut off, or a
# second one at the same time, never leaves half a program.
partial=$(mktemp -d "$dir/.build-XXXXXX")
trap 'rm -rf "$partial"' EXIT

# build NAME PACKAGE
build() {
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$partial/$1" "$2" >&2
	mv "$partial/$1" "$dir/$1"
}

[ -x "$dir/cosign" ] || build cosign github.com/sigstore/cosign/v3/cmd/cosign
[ -x "$dir/age" ] || build age filippo.io/age/cmd/age
# A fresh clone has new dates on old files, so what was built is known by its sources.
sources=$(cat authorities/*.go go.mod go.sum | sha256sum | cut -d ' ' -f 1)
if [ ! -x "$dir/authorities" ] || [ "$(cat "$dir/authorities.sources" 2>/dev/null)" != "$sources" ]; then
	build authorities ./authorities
	echo "$sources" >"$dir/authorities.sources"
fi
# tools MODULE NAME=PACKAGE...: what a module beside this one pins
tools() {
	module=$1
	shift
	sources=$(cat "$module/go.mod" "$module/go.sum" | sha256sum | cut -d ' ' -f 1)
	[ "$(cat "$dir/$module.sources" 2>/dev/null)" != "$sources" ] || return 0
	for tool; do
		(cd "$module" && build "${tool%%=*}" "${tool#*=}")
	done
	echo "$sources" >"$dir/$module.sources"
}
tools stores registry=github.com/distribution/distribution/v3/cmd/registry versitygw=github.com/versity/versitygw/cmd/versitygw
tools pushgateway pushgateway=github.com/prometheus/pushgateway
tools gcs fake-gcs-server=github.com/fsouza/fake-gcs-server
echo "$dir"
