package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScan(t *testing.T) {
	d, err := newDetector()
	if err != nil {
		t.Fatal(err)
	}
	const name, url = nameRule, urlRule
	tests := []struct {
		name, value string
		want        []hit
	}{
		{"DB_PASSWORD", "hunter2", []hit{{rule: name, length: 7}}},
		{"dbPassword", "hunter2", []hit{{rule: name, length: 7}}},
		{"MYSQL_PWD", "hunter2", []hit{{rule: name, length: 7}}},
		{"api-key", "hunter2", []hit{{rule: name, length: 7}}},
		{"SENTRY_DSN", "hunter2", []hit{{rule: name, length: 7}}},
		{"HARMLESS", "AKIAZ3MSJV7T2QLMB5XY", []hit{{rule: "aws-access-token", length: 20}}},
		{"HARMLESS", "AKIAZ3MSJV7T2QLMB5XY # gitleaks:allow", []hit{{rule: "aws-access-token", length: 20}}},
		{"URL", "postgres://app:hunter2@db/app", []hit{{rule: url, length: 7}}},
		{"DATABASE_PASSWORD_URL", "postgres://app:hunter2@db/app", []hit{{rule: name, length: 29}}},
		{"JAVA_OPTS", "-Xmx1g -Ddb.password=hunter2", []hit{{rule: name, length: 7}}},
		{"application.yml", "spring:\n  datasource:\n    password: hunter2\n    url: jdbc:x\n", []hit{{rule: name, length: 7, line: 3}}},
		{"settings.json", "{\n  \"token\": \"hunter2\",\n  \"a\": 1\n}\n", []hit{{rule: name, length: 7, line: 2}}},

		{name: "DB_PASSWORD", value: ""},
		{name: "DB_PASSWORD", value: "  "},
		{name: "DB_PASSWORD_FILE", value: "secret-in-a-file"},
		{name: "DB_PASSWORD", value: "/run/secrets/db"},
		{name: "DB_PASSWORD", value: "$(FROM_ELSEWHERE)"},
		{name: "DB_PASSWORD", value: "${FROM_ELSEWHERE}"},
		{name: "DB_PASSWORD", value: "{{ .Values.password }}"},
		{name: "DB_PASSWORD", value: marker},
		{name: "REQUIRE_PASSWORD", value: "true"},
		{name: "TOKEN_TTL", value: "3600"},
		{name: "TOKEN", value: "15m"},
		{name: "TOKEN_URL", value: "https://login.example.com/token"},
		{name: "TOKEN_ENDPOINT", value: "login"},
		{name: "SECRET_NAME", value: "db"},
		{name: "checksum/secret", value: "0f343b0931126a20f133d67c2b018a3b"},
		{name: "PASS_THROUGH", value: ""},
		{name: "COMPASS", value: "north"},
		{name: "URL", value: "https://example.com/a:b@c"},
		{name: "URL", value: "postgres://$(USER):$(PASSWORD)@db/app"},
		{name: "README", value: "Set the password: it is in the manager.\n# password: example\n"},
		{name: "app.properties", value: "password=${DB_PASSWORD}\ntoken.file=/run/token\n"},
	}
	for _, test := range tests {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			got := scanner{detector: d}.scan(test.name, test.value)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(hit{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseImage(t *testing.T) {
	const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	tests := map[string]struct {
		image
		pinned string
	}{
		"nginx":                          {image{"docker.io", "library/nginx", "", ""}, "latest"},
		"nginx:1.29":                     {image{"docker.io", "library/nginx", "1.29", ""}, "tag"},
		"nginx:latest":                   {image{"docker.io", "library/nginx", "latest", ""}, "latest"},
		"nginx@" + digest:                {image{"docker.io", "library/nginx", "", digest}, "digest"},
		"nginx:latest@" + digest:         {image{"docker.io", "library/nginx", "latest", digest}, "digest"},
		"grafana/grafana:12":             {image{"docker.io", "grafana/grafana", "12", ""}, "tag"},
		"index.docker.io/grafana/a":      {image{"docker.io", "grafana/a", "", ""}, "latest"},
		"docker.io/nginx":                {image{"docker.io", "library/nginx", "", ""}, "latest"},
		"localhost/a/b:1":                {image{"localhost", "a/b", "1", ""}, "tag"},
		"localhost:5000/a":               {image{"localhost:5000", "a", "", ""}, "latest"},
		"Registry.Example.com:443/a/b:1": {image{"registry.example.com:443", "a/b", "1", ""}, "tag"},
		"":                               {image{"docker.io", "", "", ""}, "latest"},
	}
	for ref, want := range tests {
		t.Run(ref, func(t *testing.T) {
			got := parseImage(ref)
			if diff := cmp.Diff(want.image, got, cmp.AllowUnexported(image{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.pinnedBy() != want.pinned {
				t.Errorf("pinned by %s, want %s", got.pinnedBy(), want.pinned)
			}
		})
	}
}

func TestRunningImage(t *testing.T) {
	const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	for _, test := range []struct{ ref, id, want string }{
		{"app:1", "registry.example.com/app@" + digest, "app:1@" + digest},
		{"app:1", "docker-pullable://app@" + digest, "app:1@" + digest},
		{"app@" + digest, "app@" + digest, "app@" + digest},
		{"sha256:abc", "registry.example.com/app@" + digest, "registry.example.com/app@" + digest},
		{"app:local", "sha256:abc", "sha256:abc"},
	} {
		if got := runningImage(test.ref, test.id); got != test.want {
			t.Errorf("runningImage(%q, %q) = %q, want %q", test.ref, test.id, got, test.want)
		}
	}
}
