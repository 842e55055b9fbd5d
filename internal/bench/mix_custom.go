package main

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
)

// A definition is a custom kind that clusters of this size have.
type definition struct {
	group, version, resource, kind string
}

var (
	applications    = definition{"argoproj.io", "v1alpha1", "applications", "Application"}
	certificates    = definition{"cert-manager.io", "v1", "certificates", "Certificate"}
	externalSecrets = definition{"external-secrets.io", "v1", "externalsecrets", "ExternalSecret"}
	routes          = definition{"gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"}
	definitions     = []definition{applications, certificates, externalSecrets, routes}
)

// object is the CustomResourceDefinition. Its schema accepts every field, which
// costs a server that lists objects neither more nor less.
func (d definition) object() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": d.resource + "." + d.group, "annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a benchmark"}},
		"spec": map[string]any{
			"group": d.group, "scope": "Namespaced",
			"names": map[string]any{"plural": d.resource, "singular": strings.ToLower(d.kind), "kind": d.kind, "listKind": d.kind + "List"},
			"versions": []any{map[string]any{
				"name": d.version, "served": true, "storage": true, "subresources": map[string]any{"status": map[string]any{}},
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}}
}

func (m mix) custom() []batch {
	return []batch{
		m.resources(applications, 1000, [2]string{"argocd-server", "argocd-application-controller"}, application),
		m.resources(certificates, 1000, [2]string{"cert-manager-ingress-shim", "cert-manager-certificates"}, certificate),
		m.resources(externalSecrets, 2000, [2]string{"helm", "external-secrets"}, externalSecret),
		m.resources(routes, 1000, [2]string{"helm", "gateway-controller"}, route),
	}
}

// resources is a batch of custom resources, whose content depends on their number.
func (m mix) resources(d definition, atFull int, managers [2]string, content func(i int, namespace string) (spec, status map[string]any)) batch {
	return batch{
		resource: apischema.GroupVersionResource{Group: d.group, Version: d.version, Resource: d.resource}, kind: d.kind,
		prefix: d.group + "/" + d.resource, count: m.n(atFull), managers: managers,
		object: func(i int) runtime.Object {
			spec, status := content(i, m.namespace(i))
			o := &unstructured.Unstructured{Object: map[string]any{"spec": spec, "status": status}}
			o.SetName(fmt.Sprintf("%s-%d", strings.ToLower(d.kind), m.row(i)))
			o.SetNamespace(m.namespace(i))
			o.SetLabels(labels(strings.ToLower(d.kind), i))
			return o
		},
	}
}

func application(i int, namespace string) (spec, status map[string]any) {
	source := map[string]any{"repoURL": fmt.Sprintf("https://git.example.com/team-%d/deploy.git", i%40), "targetRevision": "main", "path": "deploy/" + namespace}
	destination := map[string]any{"server": "https://kubernetes.default.svc", "namespace": namespace}
	var resources []any
	for row := range 10 {
		resources = append(resources, map[string]any{"group": "apps", "version": "v1", "kind": "Deployment", "namespace": namespace, "name": appName(row), "status": "Synced", "health": map[string]any{"status": "Healthy"}})
	}
	revision := fmt.Sprintf("%040x", i)
	return map[string]any{"project": "default", "source": source, "destination": destination, "syncPolicy": map[string]any{"automated": map[string]any{"prune": true, "selfHeal": true}}},
		map[string]any{
			"reconciledAt": began.Format(time.RFC3339), "health": map[string]any{"status": "Healthy"}, "resources": resources,
			"sync":    map[string]any{"status": "Synced", "revision": revision, "comparedTo": map[string]any{"source": source, "destination": destination}},
			"history": []any{map[string]any{"id": int64(1), "revision": revision, "deployedAt": began.Format(time.RFC3339), "source": source}},
		}
}

func certificate(i int, namespace string) (spec, status map[string]any) {
	return map[string]any{
			"secretName": "secret-0", "dnsNames": []any{fmt.Sprintf("h%d.example.com", i), fmt.Sprintf("www.h%d.example.com", i)},
			"issuerRef": map[string]any{"kind": "ClusterIssuer", "name": "letsencrypt"}, "privateKey": map[string]any{"algorithm": "ECDSA", "rotationPolicy": "Always"},
		}, map[string]any{
			"notBefore": began.Format(time.RFC3339), "notAfter": began.AddDate(0, 3, 0).Format(time.RFC3339), "renewalTime": began.AddDate(0, 2, 0).Format(time.RFC3339),
			"conditions": ready("Ready"), "revision": int64(3),
		}
}

func externalSecret(i int, namespace string) (spec, status map[string]any) {
	remote := map[string]any{"key": "platform/" + namespace + "/db", "property": "password", "conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}
	return map[string]any{
			"refreshInterval": "1h", "secretStoreRef": map[string]any{"kind": "ClusterSecretStore", "name": "vault"},
			"target": map[string]any{"name": fmt.Sprintf("secret-%d", i%20), "creationPolicy": "Owner", "deletionPolicy": "Retain"},
			"data":   []any{map[string]any{"secretKey": "password", "remoteRef": remote}},
		}, map[string]any{
			"refreshTime": began.Format(time.RFC3339), "syncedResourceVersion": fmt.Sprintf("1-%032x", i), "conditions": ready("Ready"),
		}
}

func route(i int, namespace string) (spec, status map[string]any) {
	parent := map[string]any{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "ns-000"}
	rule := map[string]any{
		"matches":     []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/"}}},
		"backendRefs": []any{map[string]any{"group": "", "kind": "Service", "name": fmt.Sprintf("svc-%d", i%6), "namespace": namespace, "port": int64(80), "weight": int64(1)}},
	}
	return map[string]any{"parentRefs": []any{parent}, "hostnames": []any{fmt.Sprintf("r%d.example.com", i)}, "rules": []any{rule}},
		map[string]any{"parents": []any{map[string]any{"parentRef": parent, "controllerName": "example.com/gateway", "conditions": ready("Accepted", "ResolvedRefs")}}}
}

// ready are conditions that hold.
func ready(types ...string) []any {
	var out []any
	for _, t := range types {
		out = append(out, map[string]any{
			"type": t, "status": "True", "reason": t, "message": "there is nothing to do", "observedGeneration": int64(1), "lastTransitionTime": began.Format(time.RFC3339),
		})
	}
	return out
}
