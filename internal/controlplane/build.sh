#!/bin/sh
# Builds etcd, kube-apiserver and kube-controller-manager for the tests, unless they are there already, and prints the folder that holds them.
# With the argument kubectl it builds that, too, for make bench.
# The first build takes a quarter of an hour on two cores; KUBEBUILDER_ASSETS saves it where they are at hand.
set -eu
cd "$(dirname "$0")/binaries"
if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
	echo "$KUBEBUILDER_ASSETS"
	exit
fi
version=$(awk '{ for (i = 1; i < NF; i++) if ($i == "k8s.io/kubernetes") { print substr($(i + 1), 2); exit } }' go.mod)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/auditpack/kubebuilder-$version
mkdir -p "$cache"

# build NAME PACKAGE: the file appears under its name only when it is whole.
build() {
	[ -x "$cache/$1" ] && return
	echo "building $1 into $cache" >&2
	new=$(mktemp "$cache/.$1.XXXXXX")
	trap 'rm -f "$new"' EXIT
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$new" "$2"
	chmod 755 "$new"
	mv "$new" "$cache/$1"
	trap - EXIT
}
build etcd go.etcd.io/etcd/server/v3
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager
[ "${1:-}" != kubectl ] || build kubectl k8s.io/kubernetes/cmd/kubectl
echo "$cache"
