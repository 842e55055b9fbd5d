package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Admin returns a configuration that may do everything.
func (s *Server) Admin(t testing.TB) *rest.Config {
	t.Helper()
	return s.User(t, "controlplane", "system:masters")
}

// User returns a configuration for a user of that name, who holds a client
// certificate and no rights but those that Bind or the groups give.
func (s *Server) User(t testing.TB, name string, groups ...string) *rest.Config {
	t.Helper()
	cfg, err := s.Config(name, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Config is User for a program that is no test.
func (s *Server) Config(name string, groups ...string) (*rest.Config, error) {
	cert, key, err := s.authority.client(name, groups)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	return &rest.Config{
		Host:            s.URL,
		TLSClientConfig: rest.TLSClientConfig{CAData: s.authority.pem, CertData: cert, KeyData: key},
		WarningHandler:  rest.NoWarnings{},
		QPS:             -1,
	}, nil
}

// Kubeconfig writes cfg as a kubeconfig whose current context, cluster and user
// are called name, and returns the file. It is removed when the test ends.
func Kubeconfig(t testing.TB, name string, cfg *rest.Config) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := WriteKubeconfig(path, name, cfg); err != nil {
		t.Fatal(err)
	}
	return path
}

// WriteKubeconfig is Kubeconfig for a program that is no test.
func WriteKubeconfig(path, name string, cfg *rest.Config) error {
	c := clientcmdapi.NewConfig()
	c.CurrentContext = name
	c.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	c.Clusters[name] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: cfg.CAData}
	c.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: cfg.CertData, ClientKeyData: cfg.KeyData, Token: cfg.BearerToken, TokenFile: cfg.BearerTokenFile}
	return clientcmd.WriteToFile(*c, path)
}

// certificateLife is longer than any test and shorter than a forgotten file.
const certificateLife = 24 * time.Hour

// An authority signs the certificates of one server and its users.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key}
	a.cert = &x509.Certificate{
		Subject: pkix.Name{CommonName: "controlplane"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if a.pem, err = a.sign(a.cert, key); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(a.pem)
	a.cert, err = x509.ParseCertificate(block.Bytes)
	return a, err
}

// server returns a certificate and key for loopback.
func (a *authority) server() (cert, key []byte, err error) {
	return a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "kube-apiserver"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// client returns a certificate and key that say who the user is and which groups the user is in.
func (a *authority) client(name string, groups []string) (cert, key []byte, err error) {
	return a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: name, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (a *authority) issue(template *x509.Certificate) (cert, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if cert, err = a.sign(template, k); err != nil {
		return nil, nil, err
	}
	return cert, encodeKey(k), nil
}

func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, now.Add(-time.Hour), now.Add(certificateLife)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// encodeKey returns a private key of this package as PEM.
func encodeKey(key any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err) // only a key type that PKCS #8 does not know
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
