package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// user is the number of the user and group nonroot, the one that distroless images
// have made usual. A number lets Kubernetes prove runAsNonRoot.
const user = 65532

const (
	passwd = "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n"
	group  = "root:x:0:\nnonroot:x:65532:\n"
)

const (
	certificatesFile = "etc/ssl/certs/ca-certificates.crt"
	programFile      = "usr/local/bin/auditpack"
)

// An entry is a file or, where its name ends with a slash, a folder of a layer.
type entry struct {
	name string
	mode int64
	data []byte
}

// baseLayer is what the program needs beside itself, the same on every platform.
func baseLayer(created time.Time) (v1.Layer, error) {
	return layer(created, []entry{
		{"etc/", 0o755, nil}, {"etc/group", 0o644, []byte(group)}, {"etc/passwd", 0o644, []byte(passwd)},
		{"etc/ssl/", 0o755, nil}, {"etc/ssl/certs/", 0o755, nil}, {certificatesFile, 0o644, certificates()},
		// A volume is mounted here where the root file system is read-only.
		{"tmp/", 0o1777, nil},
	})
}

// programLayer is a binary. The last layer is the one that a release changes.
func programLayer(created time.Time, binary string) (v1.Layer, error) {
	b, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	return layer(created, []entry{
		{"usr/", 0o755, nil}, {"usr/local/", 0o755, nil}, {"usr/local/bin/", 0o755, nil}, {programFile, 0o755, b},
	})
}

// certificates are the roots of Mozilla's store, at the version that go.mod pins,
// but for those that are trusted only for certificates of before some day: a file
// cannot say so.
func certificates() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}

// layer packs entries that belong to root and bear one time.
func layer(created time.Time, entries []entry) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.data)), ModTime: created, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if e.data == nil {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
}
