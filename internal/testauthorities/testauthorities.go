// Package testauthorities runs, for tests, what signing without a key needs: a
// real Fulcio and a real RFC 3161 timestamp authority, with an issuer of OpenID
// Connect tokens, on loopback. internal/oracles builds the program.
package testauthorities

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// Authorities are where they are, and their certificates.
type Authorities struct {
	Issuer, Fulcio, Timestamp string
	// FulcioCA and TimestampCA are chains in PEM, from the leaf side.
	FulcioCA, TimestampCA string
}

// Oracle returns where internal/oracles/build.sh puts a program: in a folder that is
// named after the version of cosign which go.mod there pins. It is empty when
// nothing tells.
func Oracle(name string) string {
	mod, err := oraclesModule()
	if err != nil {
		return ""
	}
	version := regexp.MustCompile(`github\.com/sigstore/cosign/v3 v(\S+)`).FindSubmatch(mod)
	cache, err := os.UserCacheDir()
	if version == nil || err != nil {
		return ""
	}
	return filepath.Join(cache, "auditpack", "oracles-"+string(version[1]), name)
}

// oraclesModule reads internal/oracles/go.mod from the test's folder or one above it.
func oraclesModule() ([]byte, error) {
	for dir := "."; len(dir) < 20; dir = filepath.Join("..", dir) {
		b, err := os.ReadFile(filepath.Join(dir, "internal/oracles/go.mod"))
		if !errors.Is(err, os.ErrNotExist) {
			return b, err
		}
	}
	return nil, os.ErrNotExist
}

// Built says whether the program is there.
func Built() bool {
	_, err := os.Stat(Oracle("authorities"))
	return err == nil
}

// input is the program's standard input. It ends with it, and so with the
// process of the tests. As a variable it is not collected before.
//
//lint:ignore U1000 it is held, and never read
var input io.WriteCloser

// Start runs the program once for all tests of a process.
var Start = sync.OnceValues(func() (*Authorities, error) {
	cmd := exec.Command(Oracle("authorities"))
	var err error
	if input, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the authorities: %w", err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the authorities say nothing: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // their logs
	a := &Authorities{}
	return a, json.Unmarshal(line, a)
})

// Token asks the issuer for the token of a service account in the namespace audit.
// More are parameters of internal/oracles/authorities.
func (a *Authorities) Token(name string, more url.Values) (string, error) {
	values := url.Values{"namespace": {"audit"}, "name": {name}}
	for k, v := range more {
		values[k] = v
	}
	response, err := http.Get(a.Issuer + "/token?" + values.Encode())
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return string(b), err
}

// The part of sigstore's trusted root that says whom to trust
// (https://github.com/sigstore/protobuf-specs, sigstore_trustroot.proto).
type (
	trustedRoot struct {
		MediaType    string      `json:"mediaType"`
		Certificates []authority `json:"certificateAuthorities"`
		Timestamps   []authority `json:"timestampAuthorities"`
	}
	authority struct {
		URI      string    `json:"uri"`
		Chain    chain     `json:"certChain"`
		ValidFor timeRange `json:"validFor"`
	}
	chain struct {
		Certificates []rawCertificate `json:"certificates"`
	}
	rawCertificate struct {
		DER []byte `json:"rawBytes"`
	}
	timeRange struct {
		Start time.Time `json:"start"`
	}
)

// TrustedRoot is the file that a verifier gets from whoever runs the authorities.
func (a *Authorities) TrustedRoot() ([]byte, error) {
	certificates, err := newAuthority(a.Fulcio, a.FulcioCA)
	if err != nil {
		return nil, err
	}
	timestamps, err := newAuthority(a.Timestamp, a.TimestampCA)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(trustedRoot{"application/vnd.dev.sigstore.trustedroot+json;version=0.1", []authority{certificates}, []authority{timestamps}}, "", "  ")
}

func newAuthority(uri, pems string) (authority, error) {
	out := authority{URI: uri}
	for block, rest := pem.Decode([]byte(pems)); block != nil; block, rest = pem.Decode(bytes.TrimSpace(rest)) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return out, err
		}
		if len(out.Chain.Certificates) == 0 {
			out.ValidFor.Start = c.NotBefore
		}
		out.Chain.Certificates = append(out.Chain.Certificates, rawCertificate{c.Raw})
	}
	return out, nil
}
