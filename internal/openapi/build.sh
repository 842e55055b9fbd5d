#!/bin/sh
# Fetches the vendor's description of GitHub's REST API from the npm registry, at
# the version below, unless it is there already. Prints the folder that it is in.
set -eu
version=23.0.2

dir=${XDG_CACHE_HOME:-$HOME/.cache}/auditpack/openapi-$version
if [ ! -f "$dir/api.github.com.json" ]; then
	mkdir -p "$dir"
	partial=$(mktemp -d "$dir/.fetch-XXXXXX")
	trap 'rm -rf "$partial"' EXIT
	(cd "$partial" && npm pack --silent "@octokit/openapi@$version" >/dev/null && tar xzf ./*.tgz package/generated/api.github.com.json)
	mv "$partial/package/generated/api.github.com.json" "$dir/"
fi
echo "$dir"
