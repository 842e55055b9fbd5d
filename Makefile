# The commands a person would type anyway. `make demo` and `make test` need Go, and root on Debian for packages.

export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null)
# The time that images and archives bear: that of the commit, so that two builds of it are equal.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.revision=$(REVISION)

.PHONY: build demo test fuzz bench bench-auditlog microbench generate check docs pictures packages oracles image clean

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

FUZZTIME ?= 10m
fuzz: ## every fuzzer of the program, FUZZTIME each; what it finds is kept under testdata/fuzz
	FUZZTIME=$(FUZZTIME) internal/fuzz.sh

generate: ## JSON Schemas, ClusterRoles, manifests and golden files; tests fail when these differ
	go generate ./...

OBJECTS ?= 1000,12000,124000
REPEAT ?= 3
bench: build ## auditpack on clusters of OBJECTS objects, REPEAT times each, into docs/performance.md; needs an idle machine
	internal/controlplane/build.sh kubectl
	go build -o bin/bench ./internal/bench
	bin/bench measure --objects $(OBJECTS) --repeat $(REPEAT)

LOGSIZE ?= 2G
bench-auditlog: ## reading an audit log of LOGSIZE against jq and grep, into docs/audit-logs.md; needs an idle machine and jq
	go build -o bin/logbench ./internal/logbench
	bin/logbench measure --size $(LOGSIZE)

microbench: ## the benchmarks of single packages
	go test -run '^$$' -bench . -benchmem ./...

docs: pictures ## what in docs/ is made

pictures: build packages ## the pictures in docs/, from the sample
	rm -rf bin/pictures && bin/auditpack demo -q --out bin/pictures >/dev/null
	pdftoppm -r 72 -f 2 -l 2 -singlefile -png bin/pictures/*/report.pdf docs/pictures/summary
	page=$$(pdftotext -layout bin/pictures/*/report.pdf - | awk 'BEGIN { RS = "\f" } /Q1  *Who can administer/ && /HEADLINE NUMBER/ { print NR; exit }') && \
	  pdftoppm -r 72 -f $$page -l $$page -singlefile -png bin/pictures/*/report.pdf docs/pictures/question
	page=$$(pdftotext -layout bin/pictures/*/report.pdf - | awk 'BEGIN { RS = "\f" } /ACC-02  *Role definitions/ && /HOW IT OPERATES/ { print NR; exit }') && \
	  pdftoppm -r 72 -f $$page -l $$page -singlefile -png bin/pictures/*/report.pdf docs/pictures/control
	soffice -env:UserInstallation=file:///tmp/auditpack-pictures --headless --convert-to pdf --outdir bin/pictures bin/pictures/*/control-map.xlsx >/dev/null
	pdftoppm -r 90 -f 1 -l 1 -singlefile -png bin/pictures/control-map.pdf docs/pictures/workbook
	go test -count 1 -run TestPicture ./render/html -picture ../../docs/pictures/page.png -page "$$(echo $(CURDIR)/bin/pictures/*/report.html)"

packages: ## Debian packages that tests use as oracles
	@for need in pdftotext:poppler-utils qpdf:qpdf certutil:libnss3-tools openssl:openssl soffice:libreoffice-calc unzip:unzip curl:curl chromium:chromium npm:npm unshare:util-linux jq:jq; do \
	  command -v $${need%%:*} >/dev/null || missing="$$missing $${need#*:}"; done; \
	/usr/bin/python3 -c 'import uno' 2>/dev/null || missing="$$missing python3-uno"; \
	test -z "$$missing" || { echo "installing$$missing"; apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing >/dev/null; }

oracles: ## a real kube-apiserver and kube-controller-manager, etcd, cosign, helm, kustomize and axe-core, built or installed once into the user's cache
	internal/controlplane/build.sh
	internal/openapi/build.sh
	internal/oracles/build.sh
	internal/oracles/charts/build.sh
	internal/oracles/axe/build.sh

image: ## an OCI layout for amd64 and arm64 in bin/image, pushed where IMAGE_REPO is set, signed provenance where IMAGE_KEY is
	@for arch in amd64 arm64; do \
	  GOOS=linux GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o bin/auditpack-linux-$$arch ./cmd/auditpack || exit 1; done
	go run ./internal/image --out bin/image --version '$(VERSION)' --revision '$(REVISION)' --created $(SOURCE_DATE_EPOCH) \
	  --key '$(IMAGE_KEY)' --push '$(IMAGE_REPO)' bin/auditpack-linux-amd64 bin/auditpack-linux-arm64

clean: ## what make built here; the cache stays
	rm -rf bin demo
