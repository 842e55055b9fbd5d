package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/auditpack/auditpack/internal/testauthorities"
)

// authoritiesBuilt is the condition [authorities]. In CI it is always true, so that
// a script which needs them fails rather than be left out.
func authoritiesBuilt(condition string) (bool, error) {
	if condition != "authorities" {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	return testauthorities.Built() || os.Getenv("CI") != "", nil
}

// authorities NAME sets FULCIO, TIMESTAMP and ISSUER to where they are, IDENTITY to
// what certificates call the service account NAME of the namespace audit, and TOKEN
// and EXPIRED to tokens of it, which are in NAME.token and expired.token. It writes
// trusted_root.json and tsa.pem, and puts the addresses in the place of their
// names in the script's files that end with plan.yaml or policy.yaml.
func authorities(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: authorities NAME")
	}
	a, err := testauthorities.Start()
	ts.Check(err)
	root, err := a.TrustedRoot()
	ts.Check(err)
	token, err := a.Token(args[0], nil)
	ts.Check(err)
	expired, err := a.Token(args[0], url.Values{"age": {"1h"}})
	ts.Check(err)
	variables := []string{"FULCIO", a.Fulcio, "TIMESTAMP", a.Timestamp, "ISSUER", a.Issuer}
	for i := 0; i < len(variables); i += 2 {
		ts.Setenv(variables[i], variables[i+1])
	}
	ts.Setenv("IDENTITY", "https://kubernetes.io/namespaces/audit/serviceaccounts/"+args[0])
	ts.Setenv("TOKEN", token)
	ts.Setenv("EXPIRED", expired)
	for name, content := range map[string]string{
		"trusted_root.json": string(root), "tsa.pem": a.TimestampCA, args[0] + ".token": token, "expired.token": expired,
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o600))
	}
	for _, pattern := range []string{"*plan.yaml", "*policy.yaml"} {
		paths, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		for _, path := range paths {
			text := strings.NewReplacer(variables...).Replace(ts.ReadFile(path))
			ts.Check(os.WriteFile(path, []byte(text), 0o600))
		}
	}
}
