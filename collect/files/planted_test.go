package files_test

import (
	"strings"
	"testing"
)

// header starts a document of a kind in the namespace n.
func header(apiVersion, kind string) string {
	return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {name: a, namespace: n}\n"
}

// container is a Deployment whose one container has these fields.
func container(fields string) string {
	return header("apps/v1", "Deployment") + "spec: {template: {spec: {containers: [{name: c, " + fields + "}]}}}\n"
}

// TestNoPlantedValueOfAnyPlaceComesOut puts a value where people have been seen
// to write passwords, one place at a time, and looks for it in everything that a
// collection leaves.
func TestNoPlantedValueOfAnyPlaceComesOut(t *testing.T) {
	const p = planted + "Wz7"
	app := header("argoproj.io/v1alpha1", "Application")
	set := header("argoproj.io/v1alpha1", "ApplicationSet")
	kyverno := header("kyverno.io/v1", "ClusterPolicy")
	store := header("external-secrets.io/v1", "SecretStore")
	postgres := header("postgresql.cnpg.io/v1", "Cluster")
	pv := header("v1", "PersistentVolume")
	class := header("storage.k8s.io/v1", "StorageClass") + "provisioner: p\n"
	tests := map[string]string{
		"glued flag -p":               container("image: i, args: [-p" + p + "]"),
		"glued flag -W":               container("image: i, args: [-W" + p + "]"),
		"glued flag -a in a command":  container("image: i, command: [redis-cli, -a" + p + "]"),
		"system property":             container("image: i, command: [java, -Dx=" + p + "]"),
		"system property, no value":   container("image: i, args: [-Dx" + p + "]"),
		"value of a long flag":        container("image: i, args: [--unknown=" + p + ", --other, " + p + "]"),
		"first argument":              container("image: i, args: [/" + p + "]"),
		"exec probe":                  container("image: i, livenessProbe: {exec: {command: [mysqladmin, -p" + p + "]}}"),
		"startup probe":               container("image: i, startupProbe: {exec: {command: [sh, -c, " + p + "]}}"),
		"lifecycle hook":              container("image: i, lifecycle: {postStart: {exec: {command: [redis-cli, -a" + p + "]}}}"),
		"query of a probe":            container("image: i, readinessProbe: {httpGet: {port: 1, path: '/ready?t=" + p + "'}}"),
		"query of a hook":             container("image: i, lifecycle: {preStop: {httpGet: {port: 1, path: '/stop?t=" + p + "'}}}"),
		"host of a probe":             container("image: i, readinessProbe: {httpGet: {port: 1, host: 'u:" + p + "@h'}}"),
		"header of a probe":           container("image: i, readinessProbe: {httpGet: {port: 1, httpHeaders: [{name: X, value: " + p + "}]}}"),
		"user of an image":            container("image: 'u:" + p + "@registry.example.com/i:1'"),
		"user of an image, a slash":   container("image: 'u:x/" + p + "@registry.example.com/i:1'"),
		"user of an image, a digest":  container("image: 'https://u:" + p + "@registry.example.com/i@sha256:" + strings.Repeat("1", 64) + "'"),
		"user of an image of a pod":   header("v1", "Pod") + "spec: {containers: [{name: c, image: 'u:" + p + "@r.example.com/i'}]}\nstatus: {containerStatuses: [{name: c, image: 'u:" + p + "@r.example.com/i', imageID: 'u:" + p + "@r.example.com/i@sha256:" + strings.Repeat("1", 64) + "'}]}\n",
		"mount options":               pv + "spec: {mountOptions: [ro, password=" + p + ", " + p + "]}\n",
		"mount options of a class":    class + "mountOptions: [password=" + p + "]\n",
		"parameters of a class":       class + "parameters: {anything: " + p + "}\n",
		"volume attributes":           pv + "spec: {csi: {driver: d, volumeHandle: h, volumeAttributes: {anything: " + p + "}}}\n",
		"options of a flex volume":    pv + "spec: {flexVolume: {driver: d, options: {anything: " + p + "}}}\n",
		"annotation":                  "apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {x.example/note: Bearer " + p + "}}\n",
		"snippet of an ingress":       "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, annotations: {nginx.ingress.kubernetes.io/configuration-snippet: 'proxy_set_header X " + p + ";'}}\n",
		"annotation of a template":    header("apps/v1", "Deployment") + "spec: {template: {metadata: {annotations: {x: " + p + "}}, spec: {containers: [{name: c, image: i}]}}}\n",
		"annotation made by another":  header("networking.istio.io/v1", "ServiceEntry") + "spec: {template: {metadata: {annotations: {x: " + p + "}}}}\n",
		"message of a condition":      header("cert-manager.io/v1", "Certificate") + "status: {conditions: [{type: Ready, status: 'False', message: " + p + "}]}\n",
		"headers of a store":          store + "spec: {provider: {webhook: {url: 'https://h.example/x', headers: {Authorization: Bearer " + p + ", name: " + p + "}}}}\n",
		"query of a store":            store + "spec: {provider: {webhook: {url: 'https://h.example/x?token=" + p + "'}}}\n",
		"path of a store":             store + "spec: {provider: {webhook: {url: 'https://h.example/" + p + "'}}}\n",
		"body of a store":             store + "spec: {provider: {webhook: {body: '" + p + "'}}}\n",
		"fake store":                  store + "spec: {provider: {fake: {data: [{key: k, value: " + p + "}]}}}\n",
		"template of a secret":        header("external-secrets.io/v1", "ExternalSecret") + "spec: {target: {template: {data: {name: " + p + "}}}}\n",
		"headers of a Kyverno call":   kyverno + "spec: {rules: [{name: r, context: [{name: c, apiCall: {service: {url: 'https://h.example', headers: [{key: X, value: " + p + "}]}}}]}]}\n",
		"variable of Kyverno":         kyverno + "spec: {rules: [{name: r, context: [{name: c, variable: {value: " + p + ", name: " + p + "}}]}]}\n",
		"patch of Kyverno":            kyverno + "spec: {rules: [{name: r, mutate: {patchesJson6902: '" + p + "', patchStrategicMerge: {metadata: {name: " + p + "}}}}]}\n",
		"pattern of Kyverno":          kyverno + "spec: {rules: [{name: r, validate: {message: " + p + ", pattern: {type: " + p + "}}}]}\n",
		"verified image of Kyverno":   kyverno + "spec: {rules: [{name: r, verifyImages: [{imageReferences: ['u:" + p + "@r.example.com/*']}]}]}\n",
		"patch of Argo CD":            app + "spec: {source: {repoURL: 'https://g', kustomize: {patches: [{patch: '" + p + "', target: {name: " + p + "}}]}}}\n",
		"plugin of Argo CD":           app + "spec: {source: {repoURL: 'https://g', plugin: {parameters: [{name: a, string: " + p + "}, {name: b, map: {type: " + p + "}}, {name: c, array: [" + p + "]}]}}}\n",
		"query of a repository":       app + "spec: {source: {repoURL: 'https://g.example/x?t=" + p + "'}}\n",
		"repository without a scheme": app + "spec: {source: {repoURL: 'u:" + p + "@g.example/x'}}\n",
		"password with a slash":       app + "spec: {source: {repoURL: 'https://u:x/" + p + "@g.example/x'}}\n",
		"template patch":              set + "spec: {templatePatch: '" + p + "'}\n",
		"list generator":              set + "spec: {generators: [{list: {elements: [{name: " + p + ", url: " + p + "}]}}]}\n",
		"plugin generator":            set + "spec: {generators: [{plugin: {input: {parameters: {name: " + p + "}}, values: {kind: " + p + "}}}]}\n",
		"patch of Flux":               header("kustomize.toolkit.fluxcd.io/v1", "Kustomization") + "spec: {patches: [{patch: '" + p + "'}]}\n",
		"substitution of Flux":        header("kustomize.toolkit.fluxcd.io/v1", "Kustomization") + "spec: {postBuild: {substitute: {name: " + p + ", pin: '" + p + "'}}}\n",
		"values of Flux":              header("helm.toolkit.fluxcd.io/v2", "HelmRelease") + "spec: {values: {name: " + p + "}}\n",
		"SQL":                         postgres + "spec: {bootstrap: {initdb: {postInitSQL: [\"ALTER ROLE a PASSWORD '" + p + "'\"]}}}\n",
		"settings of PostgreSQL":      postgres + "spec: {postgresql: {parameters: {name: " + p + "}}}\n",
		"telling name pw":             postgres + "spec: {pw: " + p + "}\n",
		"webhook of an alert":         header("monitoring.coreos.com/v1beta1", "AlertmanagerConfig") + "spec: {receivers: [{name: r, webhookConfigs: [{url: 'https://chat.example/" + p + "'}]}]}\n",
		"expression of a policy":      header("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy") + "spec: {validations: [{expression: \"'" + p + "' == ''\", message: " + p + "}]}\n",
		"path of a webhook":           header("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration") + "webhooks: [{name: w, clientConfig: {url: 'https://h.example/" + p + "'}}]\n",
		"description of a class":      header("scheduling.k8s.io/v1", "PriorityClass") + "value: 1\ndescription: " + p + "\n",
		"parameters of a constraint":  header("constraints.gatekeeper.sh/v1beta1", "K8sAny") + "spec: {parameters: {name: " + p + "}}\n",
		"policy of Gatekeeper":        header("templates.gatekeeper.sh/v1", "ConstraintTemplate") + "spec: {targets: [{rego: '" + p + "'}]}\n",
		"exporter of a collector":     header("opentelemetry.io/v1beta1", "OpenTelemetryCollector") + "spec: {config: {exporters: {x: {headers: {name: " + p + "}, server: " + p + "}}}}\n",
		"status of a Velero backup":   header("velero.io/v1", "Backup") + "status: {failureReason: " + p + "}\n",
		"flag of the control plane":   "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: kube-system, labels: {component: kube-apiserver}, annotations: {kubernetes.io/config.mirror: x}}\nspec: {containers: [{name: c, image: i, command: [kube-apiserver, --unheard-of=" + p + ", -p" + p + "]}]}\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			snap, out := run(t, nil, nil, write(t, map[string]string{"f.yaml": text}))
			for _, q := range snap.Queries {
				if q.Gap() && q.Reason != "no document of this kind in the files" {
					t.Errorf("the document was not read: %+v", q)
				}
			}
			noneOf(t, out)
		})
	}
}
