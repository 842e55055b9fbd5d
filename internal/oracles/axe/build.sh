#!/bin/sh
# Installs axe-core, which the tests of render/html run in a browser, at the version
# and with the digest of package-lock.json beside this file, unless it was installed
# before. Prints its path.
set -eu
cd "$(dirname "$0")"

version=$(sed -n 's|.*"axe-core": "\([^"]*\)".*|\1|p' package.json)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/auditpack/axe-$version
if [ ! -f "$dir/axe.min.js" ]; then
	mkdir -p "$dir"
	partial=$(mktemp -d "$dir/.install-XXXXXX")
	trap 'rm -rf "$partial"' EXIT
	cp package.json package-lock.json "$partial"
	npm ci --prefix "$partial" --ignore-scripts --no-audit --no-fund >&2
	mv "$partial/node_modules/axe-core/axe.min.js" "$dir/axe.min.js"
fi
echo "$dir/axe.min.js"
