package kube

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/auditpack/auditpack/schema"
)

// configMap scans the values of a ConfigMap and drops them.
func (r *Reader) configMap(x *object, o *corev1.ConfigMap) {
	r.identityMappings(o)
	r.logOutputs(o)
	r.ciliumEncryption(o)
	for _, k := range slices.Sorted(maps.Keys(o.Data)) {
		r.found(x.place, "data["+k+"]", r.scan.scan(k, o.Data[k]))
	}
	for _, k := range slices.Sorted(maps.Keys(o.BinaryData)) {
		if v := o.BinaryData[k]; utf8.Valid(v) {
			r.found(x.place, "binaryData["+k+"]", r.scan.scan(k, string(v)))
		}
	}
	r.removed(ruleConfigMap, len(o.Data)+len(o.BinaryData))
	o.Data, o.BinaryData = nil, nil
}

// SecretTable emits the rows of one page of the tier inventory: a Table of
// secrets of one namespace, asked for with includeObject=None. A column that is
// missing leaves its field empty. Created is asOf less the age that the server
// prints, and as coarse as that.
func (r *Reader) SecretTable(namespace string, t *metav1.Table) {
	column := map[string]int{}
	for i, c := range t.ColumnDefinitions {
		column[c.Name] = i
	}
	cell := func(row metav1.TableRow, name string) any {
		if i, ok := column[name]; ok && i < len(row.Cells) {
			return row.Cells[i]
		}
		return nil
	}
	for _, row := range t.Rows {
		s := schema.Secret{Cluster: r.cluster.Name, Namespace: namespace, Keys: -1, Tier: schema.SecretsInventory}
		s.Name, _ = cell(row, "Name").(string)
		s.Type, _ = cell(row, "Type").(string)
		switch n := cell(row, "Data").(type) {
		case int64:
			s.Keys = int(n)
		case float64:
			s.Keys = int(n)
		}
		if age, ok := cell(row, "Age").(string); ok {
			if d, ok := printedAge(age); ok {
				s.Created = r.asOf.Add(-d)
			}
		}
		r.to.Rows(s)
	}
}

var agePart = regexp.MustCompile(`([0-9]+)([ydhms])`)

// printedAge reads what k8s.io/apimachinery/pkg/util/duration prints, such as
// 2y30d, 5d, 3h10m or 42s, where a year has 365 days.
func printedAge(s string) (time.Duration, bool) {
	parts := agePart.FindAllStringSubmatch(s, -1)
	var d time.Duration
	length := 0
	for _, p := range parts {
		n, err := strconv.Atoi(p[1])
		if err != nil || n > 100_000_000 {
			return 0, false
		}
		unit := map[string]time.Duration{"y": 365 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}[p[2]]
		d += time.Duration(n) * unit
		length += len(p[0])
	}
	return d, length > 0 && length == len(s) && d >= 0
}

// SecretObject emits the row of a whole Secret that was found in a file, and
// counts the values that are dropped unread. A manifest with managedFields is as
// kubectl get prints it, and has what the tier rotation asks a server for; any
// other tells no more than the tier inventory.
func (r *Reader) SecretObject(s *corev1.Secret) {
	keys := map[string]bool{}
	for k := range s.Data {
		keys[k] = true
	}
	for k := range s.StringData {
		keys[k] = true
	}
	r.dropCopies(s.Annotations)
	r.removed(ruleSecret, len(keys))
	if len(s.ManagedFields) > 0 {
		r.SecretMetadata(&metav1.PartialObjectMetadata{ObjectMeta: s.ObjectMeta}, string(cmp.Or(s.Type, corev1.SecretTypeOpaque)))
		return
	}
	r.to.Rows(schema.Secret{
		Cluster: r.cluster.Name, Namespace: s.Namespace, Name: s.Name, Type: string(cmp.Or(s.Type, corev1.SecretTypeOpaque)),
		Created: utc(s.CreationTimestamp), Keys: len(keys), Tier: schema.SecretsInventory,
	})
}

// SecretMetadata emits the row of one secret of the tier rotation. The type is
// that of the field selector that it was listed with, because metadata does not
// hold it.
func (r *Reader) SecretMetadata(m *metav1.PartialObjectMetadata, secretType string) {
	r.dropCopies(m.Annotations)
	row := schema.Secret{
		Cluster: r.cluster.Name, Namespace: m.Namespace, Name: m.Name, Type: secretType, Created: utc(m.CreationTimestamp),
		Keys: -1, Tier: schema.SecretsRotation, Manager: secretManager(m), DataChanged: dataChanged(m.ManagedFields),
		RotationClass:  first(m.Labels, r.spec.Labels.RotationClass),
		ServiceAccount: m.Annotations[corev1.ServiceAccountNameKey], LastUsed: m.Labels["kubernetes.io/legacy-token-last-used"],
		ArgoCD: m.Labels["argocd.argoproj.io/secret-type"], SealingKey: m.Labels["sealedsecrets.bitnami.com/sealed-secrets-key"],
		ReplicatedTo: replicatedTo(m.Annotations),
	}
	if secretType == "helm.sh/release.v1" {
		row.HelmRelease, row.HelmVersion = m.Labels["name"], m.Labels["version"]
	}
	r.to.Rows(row)
}

// replicators are the annotations by which controllers are asked to copy a secret
// into other namespaces: of reflector, kubernetes-replicator and kubed. One whose
// value is a switch copies everywhere, unless another limits it.
var replicators = []struct{ lists, on string }{
	{"reflector.v1.k8s.emberstack.com/reflection-allowed-namespaces", "reflector.v1.k8s.emberstack.com/reflection-allowed"},
	{"reflector.v1.k8s.emberstack.com/reflection-auto-namespaces", "reflector.v1.k8s.emberstack.com/reflection-auto-enabled"},
	{"replicator.v1.mittwald.de/replicate-to", ""},
	{"replicator.v1.mittwald.de/replication-allowed-namespaces", "replicator.v1.mittwald.de/replication-allowed"},
	{"replicator.v1.mittwald.de/replicate-to-matching", ""},
	{"kubed.appscode.com/sync", ""},
}

// KeepSecretAnnotation reports whether the value of an annotation of a Secret is
// read: it names other objects, and never repeats the secret.
func KeepSecretAnnotation(key string) bool {
	return key == corev1.ServiceAccountNameKey || key == certificateName ||
		slices.ContainsFunc(replicators, func(r struct{ lists, on string }) bool { return key == r.lists || r.on != "" && key == r.on })
}

// replicatedTo is where the annotations of a secret ask to copy it.
func replicatedTo(annotations map[string]string) []string {
	var out []string
	for _, r := range replicators {
		list, listed := annotations[r.lists]
		switch {
		case r.on != "" && annotations[r.on] != "true", r.on == "" && !listed:
		case list == "":
			out = append(out, "*")
		case strings.Contains(list, "="): // a selector, whose commas mean and
			out = append(out, list)
		default:
			for _, n := range strings.Split(list, ",") {
				n = strings.TrimSpace(n)
				if n == ".*" {
					n = "*"
				}
				out = append(out, n)
			}
		}
	}
	return sorted(out)
}

const certificateName = "cert-manager.io/certificate-name"

// secretOwners are the kinds that make secrets, with the name of their controller.
var secretOwners = map[string]string{
	"ExternalSecret": "external-secrets", "ClusterExternalSecret": "external-secrets", "SealedSecret": "sealed-secrets",
	"Certificate": "cert-manager", "VaultStaticSecret": "vault-secrets-operator", "VaultDynamicSecret": "vault-secrets-operator", "VaultPKISecret": "vault-secrets-operator",
	"SecretProviderClassPodStatus": "secrets-store-csi",
}

// secretManager is what owns a secret: by its owner references, then by the
// marks that managers leave. Any other controller goes by its kind in lower case.
func secretManager(m *metav1.PartialObjectMetadata) string {
	for _, o := range m.OwnerReferences {
		if name, ok := secretOwners[o.Kind]; ok {
			return name
		}
	}
	switch l, a := m.Labels, m.Annotations; {
	case l["reconcile.external-secrets.io/managed"] == "true":
		return "external-secrets"
	case l["secrets-store.csi.k8s.io/managed"] == "true":
		return "secrets-store-csi"
	case a[certificateName] != "":
		return "cert-manager"
	case l["owner"] == "helm" || l["app.kubernetes.io/managed-by"] == "Helm":
		return "helm"
	}
	if c := metav1.GetControllerOfNoCopy(m); c != nil {
		return strings.ToLower(c.Kind)
	}
	return ""
}

// dataChanged is the newest time at which a manager took ownership of data.
func dataChanged(entries []metav1.ManagedFieldsEntry) time.Time {
	var newest time.Time
	for _, e := range entries {
		if e.FieldsV1 == nil || e.Time == nil {
			continue
		}
		var owned map[string]json.RawMessage
		if json.Unmarshal(e.FieldsV1.GetRawBytes(), &owned) != nil {
			continue
		}
		if _, ok := owned["f:data"]; ok && e.Time.After(newest) {
			newest = utc(*e.Time)
		}
	}
	return newest
}
