#!/bin/sh
# Runs every fuzzer of the program for FUZZTIME each, or with arguments those whose
# "PACKAGE NAME" contains one of them. With --list it only names them. What a fuzzer
# finds is written to testdata/fuzz beside it, and is then a case of every go test.
set -u
cd "$(dirname "$0")/.."

# targets prints "PACKAGE NAME" of each fuzzer in each package of the module.
targets() {
	go list -f '{{$p := .ImportPath}}{{$d := .Dir}}{{range .TestGoFiles}}{{$p}} {{$d}}/{{.}}
{{end}}{{range .XTestGoFiles}}{{$p}} {{$d}}/{{.}}
{{end}}' ./... | while read -r package file; do
		sed -n "s|^func \(Fuzz[A-Za-z0-9_]*\)(.*|$package \1|p" "$file"
	done
}

# chosen TARGET ARGUMENT… is true without arguments, and when one is a part of the target.
chosen() {
	target=$1
	shift
	[ $# -eq 0 ] && return 0
	for part; do
		case $target in *"$part"*) return 0 ;; esac
	done
	return 1
}

if [ "${1-}" = --list ]; then
	targets
	exit
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
for target in $(targets | tr ' ' '@'); do
	package=${target%@*} name=${target#*@}
	chosen "$package $name" "$@" || continue
	echo "$package $name"
	# A target whose inputs are slow would spend its time on making them smaller.
	go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10m}" -fuzzminimizetime 100x \
		-parallel "${FUZZPARALLEL:-$(nproc)}" -timeout 0 "$package" >"$log" 2>&1
	status=$?
	tail -n 6 "$log"
	# https://go.dev/issue/75804: up to Go 1.26 the end of the time itself can be
	# reported as a failure, without an input that failed.
	if [ $status -ne 0 ] && grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input written' "$log"; then
		echo "the time was over, and nothing was found"
	elif [ $status -ne 0 ]; then
		grep -B 20 -A 20 'Failing input written' "$log"
		failed=1
	fi
done
exit $failed
