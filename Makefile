# The commands a person would type anyway. `make demo` and `make test` need Go, and root on Debian for packages.

export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.revision=$(REVISION)

.PHONY: build demo test bench generate check pictures packages oracles clean

build: ## the program, in bin/
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/auditpack ./cmd/auditpack

demo: build ## a whole audit pack of the built-in sample platform, in demo/
	bin/auditpack demo --out demo

test: packages oracles check ## everything; installs and builds what it needs
	go test -timeout 30m ./...

check: ## formatting, vet and staticcheck (rules in staticcheck.conf)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "run gofmt -w on:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	cd internal/tools && go build -o ../../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck ./...

generate: ## JSON Schemas, ClusterRoles and golden files; tests fail when these differ
	go generate ./...

bench: oracles ## benchmarks; numbers of this machine
	go test -run '^$$' -bench . -benchmem ./...

pictures: build packages ## the pictures in docs/, from the sample
	rm -rf bin/pictures && bin/auditpack demo -q --out bin/pictures >/dev/null
	pdftoppm -r 72 -f 2 -l 2 -singlefile -png bin/pictures/*/report.pdf docs/pictures/summary
	soffice -env:UserInstallation=file:///tmp/auditpack-pictures --headless --convert-to pdf --outdir bin/pictures bin/pictures/*/control-map.xlsx >/dev/null
	pdftoppm -r 90 -f 1 -l 1 -singlefile -png bin/pictures/control-map.pdf docs/pictures/workbook

packages: ## Debian packages that tests use as oracles
	@for need in pdftotext:poppler-utils qpdf:qpdf certutil:libnss3-tools openssl:openssl soffice:libreoffice-calc unzip:unzip unshare:util-linux; do \
	  command -v $${need%%:*} >/dev/null || missing="$$missing $${need#*:}"; done; \
	/usr/bin/python3 -c 'import uno' 2>/dev/null || missing="$$missing python3-uno"; \
	test -z "$$missing" || { echo "installing$$missing"; apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing >/dev/null; }

oracles: ## a real kube-apiserver, etcd and cosign, built once into the user's cache
	internal/controlplane/build.sh
	internal/oracles/build.sh

clean: ## what make built here; the cache stays
	rm -rf bin demo
