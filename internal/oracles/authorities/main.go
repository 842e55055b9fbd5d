// Command authorities runs, on loopback, what signing without a key needs: an
// OpenID Connect issuer for tests, a real Fulcio with a certificate authority that
// lives as long as the process, and a real RFC 3161 timestamp authority. Their own
// commands also listen for metrics on every interface, which a test should not.
//
// It prints one line of JSON that says where they are and ends with its standard input.
package main

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/sigstore/fulcio/pkg/ca/ephemeralca"
	"github.com/sigstore/fulcio/pkg/config"
	"github.com/sigstore/fulcio/pkg/generated/protobuf"
	"github.com/sigstore/fulcio/pkg/server"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/signature"
	tsa "github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
	"google.golang.org/grpc/metadata"
)

// addresses is what the command prints.
type addresses struct {
	Issuer    string `json:"issuer"`
	Fulcio    string `json:"fulcio"`
	Timestamp string `json:"timestamp"`
	// FulcioCA and TimestampCA are certificate chains in PEM, from the leaf side.
	FulcioCA    string `json:"fulcioCA"`
	TimestampCA string `json:"timestampCA"`
}

func main() {
	log.SetFlags(0)
	out := os.Stdout
	os.Stdout = os.Stderr // the servers log there
	if err := run(out); err != nil {
		log.Fatal(err)
	}
}

func run(out io.Writer) error {
	var a addresses
	var err error
	if a.Issuer, err = startIssuer(); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if a.Fulcio, a.FulcioCA, err = startFulcio(a.Issuer); err != nil {
		return fmt.Errorf("fulcio: %w", err)
	}
	if a.Timestamp, a.TimestampCA, err = startTimestamps(); err != nil {
		return fmt.Errorf("timestamp authority: %w", err)
	}
	if err := json.NewEncoder(out).Encode(a); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// serve answers on a free port of loopback.
func serve(h http.Handler) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { log.Fatal((&http.Server{Handler: h, ReadHeaderTimeout: time.Minute}).Serve(l)) }()
	return "http://" + l.Addr().String(), nil
}

// startFulcio accepts tokens of the issuer that look like those of service accounts.
func startFulcio(issuer string) (address, chain string, err error) {
	cfg, err := config.Read(fmt.Appendf(nil, `{"OIDCIssuers":{%q:{"IssuerURL":%q,"ClientID":"sigstore","Type":"kubernetes"}}}`, issuer, issuer))
	if err != nil {
		return "", "", err
	}
	authority, err := ephemeralca.NewEphemeralCA()
	if err != nil {
		return "", "", err
	}
	algorithms, err := signature.NewAlgorithmRegistryConfig([]v1.PublicKeyDetails{v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256})
	if err != nil {
		return "", "", err
	}
	mux := runtime.NewServeMux(runtime.WithMetadata(func(_ context.Context, r *http.Request) metadata.MD {
		return metadata.Pairs(server.MetadataOIDCTokenKey, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}))
	grpc := server.NewGRPCCAServer(nil, authority, algorithms, server.NewIssuerPool(cfg))
	if err := protobuf.RegisterCAHandlerServer(context.Background(), mux, grpc); err != nil {
		return "", "", err
	}
	address, err = serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(config.With(r.Context(), cfg)))
	}))
	if err != nil {
		return "", "", err
	}
	bundle, err := authority.TrustBundle(context.Background())
	if err != nil {
		return "", "", err
	}
	var b strings.Builder
	for _, certificates := range bundle {
		for _, c := range certificates {
			if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
				return "", "", err
			}
		}
	}
	return address, b.String(), nil
}

func startTimestamps() (address, chain string, err error) {
	viper.Set("timestamp-signer", "memory")
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("default-policy-oid", "1.3.6.1.4.1.57264.2")
	handler := tsa.NewRestAPIServer("127.0.0.1", 0, []string{"http"}, false, time.Minute, time.Minute).GetHandler()
	if address, err = serve(handler); err != nil {
		return "", "", err
	}
	response, err := http.Get(address + "/api/v1/timestamp/certchain")
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return address + "/api/v1/timestamp", string(b), err
}
