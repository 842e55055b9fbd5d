package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const keyID = "test"

// startIssuer runs an OpenID Connect issuer. /token?namespace=N&name=A gives a token
// as a cluster projects it into a pod of that service account; &audience= and
// &age=DURATION make tokens that are to be refused.
func startIssuer() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil)
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	issuer := "http://" + l.Addr().String()
	mux := http.NewServeMux()
	answer := func(path string, v any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		})
	}
	answer("/.well-known/openid-configuration", map[string]any{
		"issuer": issuer, "jwks_uri": issuer + "/keys", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
	})
	answer("/keys", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: keyID, Algorithm: "ES256", Use: "sig"}}})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		token, err := mint(signer, issuer, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(token))
	})
	go func() { _ = (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(l) }()
	return issuer, nil
}

func mint(signer jose.Signer, issuer string, r *http.Request) (string, error) {
	namespace, name, audience := r.FormValue("namespace"), r.FormValue("name"), r.FormValue("audience")
	if audience == "" {
		audience = "sigstore"
	}
	now := time.Now()
	if age := r.FormValue("age"); age != "" {
		d, err := time.ParseDuration(age)
		if err != nil {
			return "", err
		}
		now = now.Add(-d)
	}
	return jwt.Signed(signer).Claims(map[string]any{
		"iss": issuer, "sub": "system:serviceaccount:" + namespace + ":" + name, "aud": []string{audience},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
		"kubernetes.io": map[string]any{
			"namespace":      namespace,
			"pod":            map[string]string{"name": name + "-0", "uid": "49ad3572-b3dd-43a6-8d77-5858d3660275"},
			"serviceaccount": map[string]string{"name": name, "uid": "f5720c1d-e152-4356-a897-11b07aff165d"},
		},
	}).Serialize()
}
