package kube

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/auditpack/auditpack/schema"
)

const bootstrapLabel = "kubernetes.io/bootstrapping"

func (r *Reader) role(x *object, rules []rbacv1.PolicyRule, aggregation *rbacv1.AggregationRule) {
	row := schema.Role{
		Cluster: r.cluster.Name, Kind: x.kind.Kind, Namespace: x.GetNamespace(), Name: x.GetName(), Created: utc(x.GetCreationTimestamp()),
		Bootstrap: x.GetLabels()[bootstrapLabel] == "rbac-defaults", Aggregated: aggregation != nil,
	}
	const aggregateTo = "rbac.authorization.k8s.io/aggregate-to-"
	for k, v := range x.GetLabels() {
		if to, ok := strings.CutPrefix(k, aggregateTo); ok && v == "true" {
			row.AggregatesTo = append(row.AggregatesTo, to)
		}
	}
	row.AggregatesTo = sorted(row.AggregatesTo)
	for _, p := range rules {
		row.Rules = append(row.Rules, schema.Rule{
			APIGroups: p.APIGroups, Resources: p.Resources, ResourceNames: p.ResourceNames, NonResourceURLs: p.NonResourceURLs, Verbs: p.Verbs,
		})
	}
	r.to.Rows(row)
}

func (r *Reader) binding(x *object, ref rbacv1.RoleRef, subjects []rbacv1.Subject) {
	row := schema.Binding{
		Cluster: r.cluster.Name, Kind: x.kind.Kind, Namespace: x.GetNamespace(), Name: x.GetName(), Created: utc(x.GetCreationTimestamp()),
		Bootstrap: x.GetLabels()[bootstrapLabel] == "rbac-defaults", Labels: x.GetLabels(), RoleKind: ref.Kind, RoleName: ref.Name,
	}
	for _, s := range subjects {
		b := schema.BindingSubject{Kind: s.Kind, Name: s.Name}
		if s.Kind == rbacv1.ServiceAccountKind {
			b.Namespace = s.Namespace
		}
		row.Subjects = append(row.Subjects, b)
	}
	slices.SortFunc(row.Subjects, func(a, b schema.BindingSubject) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	r.to.Rows(row)
}

// cloudIdentities are the annotations by which a service account may assume an
// identity of a cloud.
var cloudIdentities = []struct{ provider, key string }{
	{"aws", "eks.amazonaws.com/role-arn"},
	{"gcp", "iam.gke.io/gcp-service-account"},
	{"azure", "azure.workload.identity/client-id"},
}

func (r *Reader) serviceAccount(x *object, o *corev1.ServiceAccount) {
	row := schema.ServiceAccount{
		Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Created: utc(o.CreationTimestamp),
		AutomountToken: automount(o.AutomountServiceAccountToken),
	}
	for _, c := range cloudIdentities {
		if id := o.Annotations[c.key]; id != "" {
			row.CloudProvider, row.CloudIdentity = c.provider, id
			break
		}
	}
	r.to.Rows(row)
}

func (r *Reader) certificateRequest(x *object, o *certificatesv1.CertificateSigningRequest) {
	row := schema.CertificateRequest{
		Cluster: r.cluster.Name, Name: o.Name, Signer: o.Spec.SignerName, Requester: o.Spec.Username, Created: utc(o.CreationTimestamp),
		Approved: slices.ContainsFunc(o.Status.Conditions, func(c certificatesv1.CertificateSigningRequestCondition) bool {
			return c.Type == certificatesv1.CertificateApproved && c.Status != corev1.ConditionFalse
		}),
	}
	// A request that does not parse has no subject to show; the server would refuse to sign it.
	if block, _ := pem.Decode(o.Spec.Request); block != nil {
		if req, err := x509.ParseCertificateRequest(block.Bytes); err == nil {
			row.CommonName, row.Organizations = req.Subject.CommonName, sorted(req.Subject.Organization)
		}
	}
	r.to.Rows(row)
}

// identityMappings emits the entries of aws-auth, the ConfigMap by which an EKS
// cluster maps cloud identities to users and groups. An entry that does not
// parse is none for the cluster either.
func (r *Reader) identityMappings(o *corev1.ConfigMap) {
	if o.Namespace != "kube-system" || o.Name != "aws-auth" {
		return
	}
	for _, section := range []string{"mapRoles", "mapUsers"} {
		var entries []struct {
			RoleARN  string   `json:"rolearn"`
			UserARN  string   `json:"userarn"`
			Username string   `json:"username"`
			Groups   []string `json:"groups"`
		}
		if yaml.Unmarshal([]byte(o.Data[section]), &entries) != nil {
			continue
		}
		for _, e := range entries {
			r.to.Rows(schema.IdentityMapping{
				Cluster: r.cluster.Name, Section: section, ARN: cmp.Or(e.RoleARN, e.UserARN), Username: e.Username, Groups: sorted(e.Groups),
			})
		}
	}
	var accounts []string
	if yaml.Unmarshal([]byte(o.Data["mapAccounts"]), &accounts) != nil {
		return
	}
	for _, a := range accounts {
		r.to.Rows(schema.IdentityMapping{Cluster: r.cluster.Name, Section: "mapAccounts", ARN: a})
	}
}
