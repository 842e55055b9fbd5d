package seal

import (
	"context"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"
)

// TestMain lets the test binary be the key management plugin of TestKeyManagementPlugin.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "sigstore-kms-") {
		servePlugin()
		return
	}
	os.Exit(m.Run())
}

// installPlugin makes this program the plugin of the service testkms, whose keys are
// files, and the only program on PATH.
func installPlugin(t *testing.T) {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	symlink(t, self, filepath.Join(dir, "sigstore-kms-testkms"))
	t.Setenv("PATH", dir)
}

func servePlugin() {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		handler.WriteErrorResponse(os.Stdout, err)
		return
	}
	k, err := loadPluginKey(args.InitOptions.KeyResourceID)
	if err != nil {
		handler.WriteErrorResponse(os.Stdout, err)
		return
	}
	if _, err := handler.Dispatch(os.Stdout, os.Stdin, args, k); err != nil {
		os.Exit(1)
	}
}

// A pluginKey is a key in a file, behind the interface of a key management service.
type pluginKey struct{ signature.SignerVerifier }

func loadPluginKey(path string) (*pluginKey, error) {
	sv, err := signature.LoadSignerVerifierFromPEMFile(path, crypto.SHA256, nil)
	if err != nil {
		return nil, err
	}
	return &pluginKey{sv}, nil
}

func (*pluginKey) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("keys are not made here")
}

func (*pluginKey) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.New("digests are not signed here")
}

func (*pluginKey) SupportedAlgorithms() []string { return []string{"ecdsa-p256"} }
func (*pluginKey) DefaultAlgorithm() string      { return "ecdsa-p256" }
