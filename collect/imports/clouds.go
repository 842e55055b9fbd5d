package imports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

func onOff(b bool) schema.Switch {
	if b {
		return schema.On
	}
	return schema.Off
}

// everywhere is what a cloud takes for no limit.
const everywhere = "0.0.0.0/0"

// setting emits the row of a cluster.
func (d *document) setting(provider, name string, s schema.ClusterSetting) error {
	if name == "" {
		return fmt.Errorf("it names no cluster")
	}
	if err := d.about(name); err != nil {
		return err
	}
	s.Cluster, s.Provider, s.Name, s.Import, s.Made = d.cluster, provider, clip(name), d.name, d.made
	for _, list := range []*[]string{&s.PublicCIDRs, &s.LogTypes, &s.LocalAccess} {
		slices.Sort(*list)
		*list = append([]string{}, slices.Compact(*list)...)
	}
	d.rows = append(d.rows, s)
	return nil
}

// readEKS reads `aws eks describe-cluster`
// (https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html).
func readEKS(d *document) error {
	var e struct {
		Cluster struct {
			Name, ARN, Version string
			ResourcesVPCConfig struct {
				EndpointPublicAccess, EndpointPrivateAccess bool
				PublicAccessCIDRs                           []string
			}
			Logging struct {
				ClusterLogging []struct {
					Types   []string
					Enabled bool
				}
			}
			EncryptionConfig []struct {
				Resources []string
				Provider  struct{ KeyARN string }
			}
			AccessConfig struct{ AuthenticationMode string }
		}
	}
	if err := d.decode(&e); err != nil {
		return err
	}
	c := e.Cluster
	d.tool = "aws"
	s := schema.ClusterSetting{
		Version: clip(c.Version), PublicEndpoint: onOff(c.ResourcesVPCConfig.EndpointPublicAccess), PrivateEndpoint: onOff(c.ResourcesVPCConfig.EndpointPrivateAccess),
		PublicCIDRs: c.ResourcesVPCConfig.PublicAccessCIDRs, SecretsEncrypted: schema.Off, AuthenticationMode: clip(c.AccessConfig.AuthenticationMode),
		LocalAccounts: schema.Off, // EKS knows no accounts of its own
	}
	if parts := strings.Split(c.ARN, ":"); len(parts) > 3 {
		s.Location = clip(parts[3])
	}
	for _, l := range c.Logging.ClusterLogging {
		if l.Enabled {
			s.LogTypes = append(s.LogTypes, l.Types...)
		}
	}
	// The audit policy of EKS records reads too (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html).
	s.AuditLog = onOff(slices.Contains(s.LogTypes, "audit"))
	s.AuditReads = s.AuditLog
	for _, k := range c.EncryptionConfig {
		if slices.Contains(k.Resources, "secrets") && k.Provider.KeyARN != "" {
			s.SecretsEncrypted, s.EncryptionKey = schema.On, clip(k.Provider.KeyARN)
		}
	}
	return d.setting("eks", c.Name, s)
}

// readGKE reads `gcloud container clusters describe --format json`
// (https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters).
func readGKE(d *document) error {
	var g struct {
		Name, Location, CurrentMasterVersion string
		PrivateClusterConfig                 struct{ EnablePrivateEndpoint, EnablePrivateNodes bool }
		MasterAuthorizedNetworksConfig       gkeNetworks
		ControlPlaneEndpointsConfig          struct {
			IPEndpointsConfig *struct {
				EnablePublicEndpoint     bool
				AuthorizedNetworksConfig gkeNetworks
			}
		}
		DatabaseEncryption struct{ State, KeyName string }
		LoggingConfig      struct {
			ComponentConfig struct{ EnableComponents []string }
		}
		LegacyABAC struct{ Enabled bool }
		MasterAuth struct {
			Username                string
			ClientCertificateConfig struct{ IssueClientCertificate bool }
		}
	}
	if err := d.decode(&g); err != nil {
		return err
	}
	d.tool = "gcloud"
	networks, public := g.MasterAuthorizedNetworksConfig, !g.PrivateClusterConfig.EnablePrivateEndpoint
	if ip := g.ControlPlaneEndpointsConfig.IPEndpointsConfig; ip != nil {
		public = ip.EnablePublicEndpoint
		if ip.AuthorizedNetworksConfig.Enabled {
			networks = ip.AuthorizedNetworksConfig
		}
	}
	s := schema.ClusterSetting{
		Location: clip(g.Location), Version: clip(g.CurrentMasterVersion), PublicEndpoint: onOff(public),
		PrivateEndpoint: onOff(!public || g.PrivateClusterConfig.EnablePrivateNodes), LogTypes: g.LoggingConfig.ComponentConfig.EnableComponents,
		// Admin Activity logs are always on; reads are a setting of the project that this does not show
		// (https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging).
		AuditLog: schema.On, AuditReads: schema.Unknown,
		SecretsEncrypted: onOff(g.DatabaseEncryption.State == "ENCRYPTED"), EncryptionKey: clip(g.DatabaseEncryption.KeyName), LocalAccounts: schema.Off,
	}
	if public {
		s.PublicCIDRs = networks.list()
	}
	for name, yes := range map[string]bool{
		"client certificates": g.MasterAuth.ClientCertificateConfig.IssueClientCertificate,
		"legacy ABAC":         g.LegacyABAC.Enabled,
		"a static password":   g.MasterAuth.Username != "",
	} {
		if yes {
			s.LocalAccounts, s.LocalAccess = schema.On, append(s.LocalAccess, name)
		}
	}
	return d.setting("gke", g.Name, s)
}

type gkeNetworks struct {
	Enabled    bool
	CIDRBlocks []struct{ CIDRBlock string }
}

func (n gkeNetworks) list() []string {
	if !n.Enabled {
		return []string{everywhere}
	}
	var out []string
	for _, b := range n.CIDRBlocks {
		out = append(out, clip(b.CIDRBlock))
	}
	return out
}

// readAKS reads `az aks show`
// (https://learn.microsoft.com/rest/api/aks/managed-clusters/get).
func readAKS(d *document) error {
	var a struct {
		Name, Location, KubernetesVersion, CurrentKubernetesVersion string
		APIServerAccessProfile                                      *struct {
			EnablePrivateCluster bool
			AuthorizedIPRanges   []string
		}
		SecurityProfile struct {
			AzureKeyVaultKMS struct {
				Enabled bool
				KeyID   string
			} `json:"azureKeyVaultKms"`
		}
		DisableLocalAccounts bool
		AADProfile           *struct{ Managed bool }
	}
	if err := d.decode(&a); err != nil {
		return err
	}
	d.tool = "az"
	s := schema.ClusterSetting{
		Location: clip(a.Location), Version: clip(a.CurrentKubernetesVersion), PublicEndpoint: schema.On, PrivateEndpoint: schema.Off, PublicCIDRs: []string{everywhere},
		// What is logged is a diagnostic setting of another resource.
		AuditLog: schema.Unknown, AuditReads: schema.Unknown,
		SecretsEncrypted: onOff(a.SecurityProfile.AzureKeyVaultKMS.Enabled), EncryptionKey: clip(a.SecurityProfile.AzureKeyVaultKMS.KeyID),
		LocalAccounts: onOff(!a.DisableLocalAccounts), AuthenticationMode: "local",
	}
	if s.Version == "" {
		s.Version = clip(a.KubernetesVersion)
	}
	if a.AADProfile != nil {
		s.AuthenticationMode = "entra"
	}
	if !a.DisableLocalAccounts {
		s.LocalAccess = []string{"local accounts"}
	}
	if p := a.APIServerAccessProfile; p != nil {
		switch {
		case p.EnablePrivateCluster:
			s.PublicEndpoint, s.PrivateEndpoint, s.PublicCIDRs = schema.Off, schema.On, nil
		case len(p.AuthorizedIPRanges) > 0:
			s.PublicCIDRs = p.AuthorizedIPRanges
		}
	}
	return d.setting("aks", a.Name, s)
}

// readAccessEntries reads `aws eks list-access-entries`, which has names only.
func readAccessEntries(d *document) error {
	var e struct {
		AccessEntries []string
		NextToken     string
	}
	if err := d.decode(&e); err != nil {
		return err
	}
	d.tool = "aws"
	if e.NextToken != "" {
		return fmt.Errorf("it is one page of several: export the whole list")
	}
	if err := d.about(""); err != nil {
		return err
	}
	for _, arn := range e.AccessEntries {
		d.principal(schema.CloudPrincipal{Principal: clip(arn), Groups: []string{}})
	}
	return nil
}

// readAccessEntry reads `aws eks describe-access-entry`.
func readAccessEntry(d *document) error {
	var e struct {
		AccessEntry struct {
			ClusterName, PrincipalARN, Username, Type string
			KubernetesGroups                          []string
		}
	}
	if err := d.decode(&e); err != nil {
		return err
	}
	d.tool = "aws"
	if err := d.about(e.AccessEntry.ClusterName); err != nil {
		return err
	}
	a := e.AccessEntry
	slices.Sort(a.KubernetesGroups)
	d.principal(schema.CloudPrincipal{Principal: clip(a.PrincipalARN), Type: clip(a.Type), Username: clip(a.Username), Groups: append([]string{}, a.KubernetesGroups...)})
	return nil
}

func (d *document) principal(p schema.CloudPrincipal) {
	p.Cluster, p.Import, p.Made = d.cluster, d.name, d.made
	p.User = strings.Contains(p.Principal, ":user/") || strings.HasSuffix(p.Principal, ":root")
	d.rows = append(d.rows, p)
}
