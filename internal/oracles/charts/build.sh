#!/bin/sh
# Builds helm and kustomize, with which the tests of internal/deploy render what a cluster needs to run the
# program, at the versions that go.mod beside this file pins, unless they were built before. Prints their folder.
set -eu
cd "$(dirname "$0")"

versions=$(sha256sum go.mod | cut -c 1-12)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/auditpack/charts-$versions
mkdir -p "$dir"

# build NAME PACKAGE: the file appears under its name only when it is whole.
build() {
	[ ! -x "$dir/$1" ] || return 0
	partial=$(mktemp "$dir/.build-XXXXXX")
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$partial" "$2" >&2
	chmod 755 "$partial"
	mv "$partial" "$dir/$1"
}
build helm helm.sh/helm/v4/cmd/helm
build kustomize sigs.k8s.io/kustomize/kustomize/v5
echo "$dir"
