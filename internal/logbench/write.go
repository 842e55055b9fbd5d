package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// writeLog writes records as kube-apiserver --audit-log-path does, until the file has
// the size. The mix is that of a cluster at work: mostly controllers that read and
// write leases and status, few people. Equal sizes give equal bytes.
func writeLog(path string, size int64) (records, written int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, time.September, 1, 0, 0, 0, 0, time.UTC)
	for written < size {
		at = at.Add(time.Duration(random.IntN(20)) * time.Millisecond)
		n, err := w.WriteString(record(random, records, at))
		if err != nil {
			return 0, 0, err
		}
		records, written = records+1, written+int64(n)
	}
	return records, written, w.Flush()
}

// who did what, out of 100.
var mix = []struct {
	share                         int
	user, verb, resource, subject string
}{
	{40, "system:node:ip-10-0-%d.internal", "update", "leases", "kube-node-lease"},
	{30, "system:serviceaccount:kube-system:replicaset-controller-%d", "update", "replicasets", "shop"},
	{20, "system:serviceaccount:argocd:argocd-application-controller-%d", "patch", "deployments", "shop"},
	{7, "system:serviceaccount:external-secrets:external-secrets-%d", "get", "secrets", "shop"},
	{2, "oidc:person%d@example.com", "get", "pods", "shop"},
	{1, "oidc:person%d@example.com", "create", "configmaps", "shop"},
}

func record(random *rand.Rand, n int64, at time.Time) string {
	draw, m := random.IntN(100), mix[0]
	for _, m = range mix {
		if draw -= m.share; draw < 0 {
			break
		}
	}
	user := fmt.Sprintf(m.user, random.IntN(50))
	name := fmt.Sprintf("%s-%d", m.resource, random.IntN(500))
	stamp := at.Format("2006-01-02T15:04:05.000000Z")
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"%08x-0000-4000-8000-%012x","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/%[3]s/%[4]s/%[5]s","verb":"%[6]s","user":{"username":"%[7]s","uid":"0b6f7c1e","groups":["system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":["JTI=5f1e6a5c"]}},"sourceIPs":["10.0.3.17"],"userAgent":"kube-controller-manager/v1.34.1 (linux/amd64) kubernetes/93248f9","objectRef":{"resource":"%[4]s","namespace":"%[3]s","name":"%[5]s","uid":"6c1f2a3e-0000-4000-8000-%012[2]x","apiVersion":"v1","resourceVersion":"%[2]d"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"%[8]s","stageTimestamp":"%[8]s","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by ClusterRoleBinding \"controllers\""}}`+"\n",
		uint32(n), n, m.subject, m.resource, name, m.verb, user, stamp)
}
