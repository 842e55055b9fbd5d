package assess

import (
	"fmt"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// providerEncrypts are the provisioners of clouds that encrypt volumes without
// being asked, or by a setting of the account that a cluster does not show.
var providerEncrypts = []string{
	"ebs.csi.aws.com", "kubernetes.io/aws-ebs", "efs.csi.aws.com", "pd.csi.storage.gke.io", "kubernetes.io/gce-pd", "filestore.csi.storage.gke.io",
	"disk.csi.azure.com", "kubernetes.io/azure-disk", "file.csi.azure.com", "kubernetes.io/azure-file", "blob.csi.azure.com",
}

// volumesEncrypted decides SEC-04.k2: the classes of the volumes of production,
// and the volumes that no known class made, by their own attributes.
func volumesEncrypted(p *Pass) ([]Outcome, error) {
	known, used := map[string]bool{}, map[string]bool{}
	for _, c := range p.Evidence.StorageClasses {
		known[c.Name] = true
	}
	var out []Outcome
	for _, v := range p.Evidence.Volumes {
		if v.ClaimNamespace == "" || !p.Facts.Production(v.Cluster, v.ClaimNamespace) || v.Encryption == "yes" {
			continue
		}
		if used[v.StorageClass] = true; !known[v.StorageClass] {
			out = append(out, judgeEncryption(v.Subject(), v.Encryption, v.Driver))
		}
	}
	for _, c := range p.Evidence.StorageClasses {
		o := Outcome{Subject: c.Subject(), Result: schema.ResultNotApplicable}
		if used[c.Name] {
			o = judgeEncryption(c.Subject(), c.Encryption, c.Provisioner)
		}
		out = append(out, o)
	}
	return out, nil
}

func judgeEncryption(s schema.Subject, stated, driver string) Outcome {
	o := Outcome{Subject: s, Result: schema.ResultPass, Vars: map[string]string{"object": s.String()}}
	switch {
	case stated == "yes":
	case stated == "no":
		o.Result, o.Message = schema.ResultFail, s.String()+" asks for volumes without encryption."
	case slices.Contains(providerEncrypts, driver):
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("%s states no encryption; whether the provider of %s encrypts by default is not visible here.", s, driver)
	default:
		o.Result = schema.ResultFail
	}
	return o
}
