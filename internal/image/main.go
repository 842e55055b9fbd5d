// Command image writes the container image of auditpack from binaries that were
// built before: an OCI layout for several architectures, without a container
// engine. With --push it also copies the layout to a registry.
//
// Each platform's image has the certificates of public authorities, a user, a
// folder for temporary files, and the program; no shell and no package manager.
// Beside the images lie, as OCI referrers, a CycloneDX bill of materials of each
// and a SLSA provenance statement of all. Equal binaries and equal flags give equal
// digests.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/auditpack/auditpack/seal"
)

// options say what to build.
type options struct {
	out, version, revision, source string
	// created is the time of everything in the image: that of the commit.
	created time.Time
	// key signs the provenance; empty leaves it unsigned.
	key      string
	binaries []string
	push     string
}

func main() {
	var o options
	var epoch int64
	flag.StringVar(&o.out, "out", "bin/image", "write the OCI layout to this `folder`, which is replaced")
	flag.StringVar(&o.version, "version", "unknown", "the `version` of the program")
	flag.StringVar(&o.revision, "revision", "", "the `commit` that it was built from")
	flag.StringVar(&o.source, "source", "https://github.com/auditpack/auditpack", "the `URL` of the source")
	flag.Int64Var(&epoch, "created", 0, "the `seconds` since 1970 that the image bears, as SOURCE_DATE_EPOCH")
	flag.StringVar(&o.key, "key", "", "sign the provenance with this private key `file`; its password is in COSIGN_PASSWORD")
	flag.StringVar(&o.push, "push", "", "also push to this `repository`[:tag]; the tag is the version by default")
	flag.Parse()
	o.created = time.Unix(epoch, 0).UTC()
	o.binaries = flag.Args()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	b, err := build(ctx, o)
	if err != nil {
		return err
	}
	if err := b.save(o.out); err != nil {
		return err
	}
	fmt.Printf("%s  %s\n", b.digest, o.out)
	if o.push == "" {
		return nil
	}
	name, err := b.push(ctx, o.push)
	if err != nil {
		return err
	}
	fmt.Println(name)
	return nil
}

// signer returns who signs the provenance, or nil.
func signer(ctx context.Context, key string) (*seal.Signer, error) {
	if key == "" {
		return nil, nil
	}
	return seal.LoadSigner(ctx, key, func() ([]byte, error) { return []byte(os.Getenv("COSIGN_PASSWORD")), nil })
}

// sourceURI names the source with its commit, as SPDX and in-toto write it.
func (o options) sourceURI() string {
	uri := "git+" + strings.TrimSuffix(o.source, ".git")
	if o.revision != "" {
		uri += "@" + o.revision
	}
	return uri
}
