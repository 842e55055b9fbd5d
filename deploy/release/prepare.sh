#!/bin/sh
# Writes what release archives have beside the program, shell completions and man
# pages, into the folder that is given. The pages bear the time of the commit.
set -eu

dir=$1
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
rm -rf "$dir"
mkdir -p "$dir/completions"
CGO_ENABLED=0 go build -trimpath -o "$dir/auditpack" ./cmd/auditpack
for shell in bash zsh fish powershell; do
	"$dir/auditpack" completion "$shell" >"$dir/completions/auditpack.$shell"
done
# What kubectl asks for completions of a plugin.
cat >"$dir/completions/kubectl_complete-auditpack" <<'SCRIPT'
#!/bin/sh
exec kubectl auditpack __complete "$@"
SCRIPT
chmod +x "$dir/completions/kubectl_complete-auditpack"
"$dir/auditpack" man "$dir/man"
rm "$dir/auditpack"
