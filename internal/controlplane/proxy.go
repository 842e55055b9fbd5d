package controlplane

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"k8s.io/client-go/rest"
)

// Proxy puts a handler between a user and the server, to see or to spoil what
// passes. The handler is given the server as next, where requests arrive as the
// user of cfg. It returns a configuration for the proxy, which is gone when the
// test ends.
func Proxy(t testing.TB, cfg *rest.Config, handler func(w http.ResponseWriter, r *http.Request, next http.Handler)) *rest.Config {
	t.Helper()
	target, err := url.Parse(cfg.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	next := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport,
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler(w, r, next) }))
	server.Config.ErrorLog = next.ErrorLog
	server.StartTLS()
	t.Cleanup(server.Close)
	return &rest.Config{
		Host:            server.URL,
		TLSClientConfig: rest.TLSClientConfig{CAData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})},
		WarningHandler:  rest.NoWarnings{},
		QPS:             -1,
	}
}
