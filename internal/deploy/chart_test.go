package deploy

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/auditpack/auditpack/schema"
)

// everywhere is what each rendering has that says nothing else.
const everywhere = "NetworkPolicy/auditpack ServiceAccount/auditpack ConfigMap/auditpack-plan PersistentVolumeClaim/auditpack-bundles " +
	"ClusterRole/audit-auditpack-read ClusterRoleBinding/audit-auditpack-read CronJob/auditpack Pod/auditpack-preflight"

// renderings are the ways to set up the job. Each is linted, rendered, and put into
// a real cluster.
var renderings = []struct {
	name, values string
	objects      string // by kind and name; everywhere when empty
	args         string // of the job, a line
	volumes      string // of the pod, by name
}{
	{
		name:    "nothing said",
		args:    "run --file=/plan/plan.yaml --out=/tmp/bundles --require-publish --key=/signing/cosign.key --password-file=/signing/cosign.password",
		volumes: "scratch plan api-token bundles signing",
	},
	{
		name: "secrets",
		values: `
secrets: inventory
plan: {name: production-west, spec: {overlay: overlay.yaml, reviews: [reviews]}, files: {overlay.yaml: "kind: Overlay", reviews/access.yaml: "kind: AccessReview"}}
`,
		objects: "NetworkPolicy/auditpack ServiceAccount/auditpack ConfigMap/auditpack-plan PersistentVolumeClaim/auditpack-bundles " +
			"ClusterRole/audit-auditpack-read ClusterRole/audit-auditpack-secrets ClusterRoleBinding/audit-auditpack-read ClusterRoleBinding/audit-auditpack-secrets " +
			"CronJob/auditpack Pod/auditpack-preflight",
		args:    "run --file=/plan/plan.yaml --secrets=inventory --out=/tmp/bundles --require-publish --key=/signing/cosign.key --password-file=/signing/cosign.password",
		volumes: "scratch plan api-token bundles signing",
	},
	{
		name: "a ConfigMap, a claim and an account of one's own",
		values: `
plan: {existingConfigMap: plans, path: west.yaml}
persistence: {existingClaim: evidence}
serviceAccount: {create: false, name: reader}
rbac: {create: false}
networkPolicy: {enabled: false}
signing: {mode: plan}
`,
		objects: "CronJob/auditpack Pod/auditpack-preflight",
		args:    "run --file=/plan/west.yaml --out=/tmp/bundles --require-publish",
		volumes: "scratch plan api-token bundles",
	},
	{
		name: "a checkout and keyless",
		values: `
plan: {git: {url: https://git.example.com/platform/audit.git, ref: v3, image: registry.example.com/git@sha256:` + zeros + `, credentialsSecret: git}, path: west/plan.yaml}
persistence: {enabled: false}
signing: {mode: keyless, keyless: {fulcioURL: https://fulcio.example.com}, timestamp: {url: https://tsa.example.com, required: true}}
networkPolicy: {apiServer: {cidrs: [10.0.0.1/32, "fd00::1/128"], ports: [6443]}, extraEgress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{protocol: TCP, port: 443}]}]}
`,
		objects: "NetworkPolicy/auditpack ServiceAccount/auditpack ClusterRole/audit-auditpack-read ClusterRoleBinding/audit-auditpack-read CronJob/auditpack Pod/auditpack-preflight",
		args: "run --file=/plan/checkout/west/plan.yaml --out=/tmp/bundles --require-publish --fulcio-url=https://fulcio.example.com " +
			"--identity-token-file=/var/run/sigstore/cosign/oidc-token --timestamp-url=https://tsa.example.com --require-timestamp",
		volumes: "scratch plan git-credentials api-token identity",
	},
	{
		name: "a bucket, a KMS and workload identity",
		values: `
plan: {name: west}
persistence: {enabled: false}
publish: [{to: "s3://audit-bundles/west?region=eu-central-1", keep: {daily: 30}, lock: {days: 400}}]
signing: {mode: kms, kms: {reference: awskms:///alias/audit}}
serviceAccount: {annotations: {eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/audit}}
podLabels: {azure.workload.identity/use: "true"}
podAnnotations: {sidecar.istio.io/inject: "false"}
imagePullSecrets: [{name: pull}]
image: {repository: registry.example.com/auditpack, digest: sha256:` + zeros + `}
extraEnv: [{name: PATH, value: /plugins}]
extraVolumes: [{name: plugins, emptyDir: {}}]
extraVolumeMounts: [{name: plugins, mountPath: /plugins, readOnly: true}]
extraInitContainers:
  - name: plugin
    image: registry.example.com/kms-plugin:v1
    volumeMounts: [{name: plugins, mountPath: /plugins}]
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
nodeSelector: {pool: ops}
tolerations: [{key: ops, operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: arch, operator: Exists}]}]}}}
failOn: critical
`,
		objects: "NetworkPolicy/auditpack ServiceAccount/auditpack ConfigMap/auditpack-plan ClusterRole/audit-auditpack-read ClusterRoleBinding/audit-auditpack-read CronJob/auditpack Pod/auditpack-preflight",
		args:    "run --file=/plan/plan.yaml --out=/tmp/bundles --require-publish --key=awskms:///alias/audit --fail-on=critical",
		volumes: "scratch plan api-token plugins",
	},
	{
		name:    "a volume with the plan",
		values:  "plan: {volume: {image: {reference: registry.example.com/plans:v1}}}\nsigning: {mode: plan}\nnotify: {webhook: {secretName: chat}}",
		objects: strings.Replace(everywhere, "ConfigMap/auditpack-plan ", "", 1),
		args:    "run --file=/plan/plan.yaml --out=/tmp/bundles --require-publish",
		volumes: "scratch plan api-token bundles notify",
	},
	{
		name: "a central collector",
		values: `
clusters: [{name: west, secretName: west-reader, environment: production}, {name: east, secretName: east-reader, key: config}]
parallelism: 8
persistence: {accessModes: [ReadWriteMany]}
`,
		objects: "NetworkPolicy/auditpack ServiceAccount/auditpack ConfigMap/auditpack-plan PersistentVolumeClaim/auditpack-bundles CronJob/auditpack Pod/auditpack-preflight-0 Pod/auditpack-preflight-1",
		args: "run --file=/plan/plan-$(JOB_COMPLETION_INDEX).yaml --kubeconfig=/kubeconfigs/$(JOB_COMPLETION_INDEX) --out=/tmp/bundles --require-publish " +
			"--key=/signing/cosign.key --password-file=/signing/cosign.password",
		volumes: "scratch plan kubeconfigs bundles signing",
	},
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

func TestRenderings(t *testing.T) {
	t.Parallel()
	for _, test := range renderings {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := helm(t, test.values, "lint", "--strict", chart); err != nil {
				t.Error(err)
			}
			all := render(t, test.values)
			want := test.objects
			if want == "" {
				want = everywhere
			}
			if diff := cmp.Diff(slices.Sorted(strings.FieldsSeq(want)), strings.Fields(all.list())); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			pod := podOf(all.job(t))
			if diff := cmp.Diff(strings.Fields(test.args), pod.Containers[0].Args); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
			var volumes []string
			for _, v := range pod.Volumes {
				volumes = append(volumes, v.Name)
			}
			if diff := cmp.Diff(strings.Fields(test.volumes), volumes); diff != "" {
				t.Errorf("volumes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusedValues(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]string{
		"scheduel: '0 2 * * *'":                                 "scheduel",
		"schedule: '0 2 * *'":                                   "/schedule",
		"schedule: 'TZ=UTC 0 2 * * *'":                          "/schedule",
		"timeZone: ''":                                          "/timeZone",
		"timeZone: Local":                                       "/timeZone",
		"startingDeadlineSeconds: 5":                            "/startingDeadlineSeconds",
		"activeDeadlineSeconds: 1h":                             "/activeDeadlineSeconds",
		"failedJobsHistoryLimit: 0":                             "/failedJobsHistoryLimit",
		"image: {digest: sha256:12}":                            "/image/digest",
		"secrets: all":                                          "/secrets",
		"signing: {mode: unsigned}":                             "/signing/mode",
		"signing: {keyless: {tokenExpirationSeconds: 60}}":      "/signing/keyless/tokenExpirationSeconds",
		"podLabels: {use: true}":                                "/podLabels/use",
		"persistence: {size: 10G b}":                            "/persistence/size",
		"persistence: {keep: {daily: 0}}":                       "/persistence/keep/daily",
		"publish: [/srv/bundles]":                               "/publish/0",
		"publish: [{to: /srv/bundles}]":                         "/publish/0/to",
		"plan: {path: ../plan.yaml}":                            "/plan/path",
		"plan: {files: {plan.yaml: x}}":                         "plan.yaml",
		"plan: {git: {url: 'https://me:word@git.example.com'}}": "/plan/git/url",
		"clusters: [{name: west}]":                              "secretName",
		"networkPolicy: {apiServer: {cidrs: [10.0.0.1]}}":       "/networkPolicy/apiServer/cidrs/0",

		"plan: {existingConfigMap: a, git: {url: 'https://git.example.com/a'}}":         "the plan comes from one place, and these name more than one: plan.existingConfigMap; plan.git.url",
		"plan: {existingConfigMap: a, spec: {secrets: none}}":                           "the plan comes from one place, and these name more than one: plan.spec, plan.files or plan.name; plan.existingConfigMap",
		"plan: {git: {url: 'https://git.example.com/a'}}":                               "plan.git.image: name an image with git in it",
		"persistence: {enabled: false}":                                                 "nothing keeps the bundles: they would go with the pod",
		"{plan: {existingConfigMap: a}, publish: [{to: 's3://b'}]}":                     "publish: the plan is a file of yours, so write the places there",
		"{plan: {existingConfigMap: a}, persistence: {keep: {daily: 3}}}":               "persistence.keep: the plan is a file of yours",
		"{plan: {existingConfigMap: a}, clusters: [{name: w, secretName: w}]}":          "plan.path: each of the clusters needs a plan of its own",
		"{plan: {spec: {clusters: []}}, serviceAccount: {create: false}}":               "serviceAccount.name: name the ServiceAccount",
		"{plan: {spec: {clusters: [{name: w}]}}, clusters: [{name: w, secretName: w}]}": "plan.spec.clusters: each cluster of `clusters` gets a plan of its own",
		"clusters: [{name: w, secretName: a}, {name: w, secretName: b}]":                "clusters: w is there twice",
		"signing: {key: {secretName: ''}}":                                              "signing.key.secretName: name the Secret",
		"signing: {mode: kms}":                                                          "signing.kms.reference: name the key",
		"signing: {mode: keyless}":                                                      "signing.keyless.fulcioURL: name the Fulcio",
		"signing: {mode: keyless, keyless: {fulcioURL: 'https://f'}}":                   "signing.timestamp.url: a keyless signature needs a timestamp",
		"{plan: {existingConfigMap: a}, notify: {pushgateway: {url: 'http://p'}}}":      "notify: the plan is a file of yours",
		"{plan: {spec: {notify: {}}}, notify: {pushgateway: {url: p}}}":                 "/notify/pushgateway/url",
		"{plan: {spec: {notify: {webhook: {}}}}, notify: {webhook: {secretName: s}}}":   "notify: plan.spec.notify names receivers, too",
		"signing: {timestamp: {required: true}}":                                        "signing.timestamp.url: name the authority",
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			_, err := template(t, values)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v\nwant %s", err, want)
			}
		})
	}
}

// TestPlanOfValues looks at what the plan says of the bundle before, and of those who
// are told.
func TestPlanOfValues(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]schema.PlanSpec{
		"":                               {Previous: "file:///bundles"},
		"publish: [{to: 's3://b/west'}]": {Previous: "s3://b/west"},
		"chain: false":                   {},
		"plan: {spec: {previous: 'oci://r/west'}}":                        {Previous: "oci://r/west"},
		"plan: {spec: {encryptTo: [age1abc]}}":                            {},
		"signing: {mode: plan}":                                           {},
		"{signing: {mode: plan}, plan: {spec: {previousPolicy: p.yaml}}}": {Previous: "file:///bundles"},
		"{chain: false, notify: {webhook: {secretName: chat, required: true}, pushgateway: {url: 'http://push:9091'}}}": {Notify: schema.Notify{Webhook: &schema.Receiver{URLFile: "/notify/url", Required: true}, Pushgateway: &schema.Receiver{URL: "http://push:9091"}}},
	} {
		var plan schema.AuditPlan
		text := get[corev1.ConfigMap](t, render(t, values), "ConfigMap", "auditpack-plan").Data["plan.yaml"]
		if err := yaml.UnmarshalStrict([]byte(text), &plan); err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		if diff := cmp.Diff(want, schema.PlanSpec{Previous: plan.Spec.Previous, Notify: plan.Spec.Notify}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", values, diff)
		}
	}
}

// TestRolesAreTheGeneratedOnes holds the rules that are rendered against the
// ClusterRoles that are made from the list of what is read.
func TestRolesAreTheGeneratedOnes(t *testing.T) {
	t.Parallel()
	all := render(t, "secrets: rotation")
	for name, file := range map[string]string{"read": "clusterrole.yaml", "secrets": "clusterrole-secrets.yaml"} {
		b, err := os.ReadFile("../../deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, chart+"/rbac/"+file, b)
		var want rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict(b, &want); err != nil {
			t.Fatal(err)
		}
		got := get[rbacv1.ClusterRole](t, all, "ClusterRole", "audit-auditpack-"+name)
		if diff := cmp.Diff(want.Rules, got.Rules); diff != "" || len(want.Rules) == 0 {
			t.Errorf("%d rules of %s (-generated +rendered):\n%s", len(want.Rules), file, diff)
		}
	}
}

// TestTokenIsForTheCollectorAlone looks for the cluster's token where it is not needed.
func TestTokenIsForTheCollectorAlone(t *testing.T) {
	t.Parallel()
	for _, test := range renderings {
		pod := podOf(render(t, test.values).job(t))
		if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
			t.Errorf("%s: the token is mounted by default", test.name)
		}
		for _, c := range pod.InitContainers {
			for _, m := range c.VolumeMounts {
				if slices.Contains([]string{"api-token", "kubeconfigs", "signing", "identity"}, m.Name) {
					t.Errorf("%s: %s mounts %s", test.name, c.Name, m.Name)
				}
			}
		}
	}
}
