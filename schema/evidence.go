package schema

import "time"

// Evidence holds one slice per population, each sorted by Compare of its rows'
// subjects. The JSON name of a field is the population's name. Populations
// describes each of them.
type Evidence struct {
	Clusters            []Cluster            `json:"clusters"`
	Namespaces          []Namespace          `json:"namespaces"`
	Nodes               []Node               `json:"nodes"`
	Workloads           []Workload           `json:"workloads"`
	Containers          []Container          `json:"containers"`
	Pods                []Pod                `json:"pods"`
	Roles               []Role               `json:"roles"`
	Bindings            []Binding            `json:"bindings"`
	ServiceAccounts     []ServiceAccount     `json:"serviceAccounts"`
	CertificateRequests []CertificateRequest `json:"certificateRequests"`
	IdentityMappings    []IdentityMapping    `json:"identityMappings"`
	Secrets             []Secret             `json:"secrets"`
	Credentials         []Credential         `json:"credentials"`
	SecretMechanisms    []SecretMechanism    `json:"secretMechanisms"`
	NetworkPolicies     []NetworkPolicy      `json:"networkPolicies"`
	Services            []Service            `json:"services"`
	Ingresses           []Ingress            `json:"ingresses"`
	Gateways            []Gateway            `json:"gateways"`
	Routes              []Route              `json:"routes"`
	Endpoints           []Endpoint           `json:"endpoints"`
	Certificates        []Certificate        `json:"certificates"`
	MeshPolicies        []MeshPolicy         `json:"meshPolicies"`
	Quotas              []Quota              `json:"quotas"`
	DisruptionBudgets   []DisruptionBudget   `json:"disruptionBudgets"`
	Autoscalers         []Autoscaler         `json:"autoscalers"`
	Volumes             []Volume             `json:"volumes"`
	VolumeClaims        []VolumeClaim        `json:"volumeClaims"`
	StorageClasses      []StorageClass       `json:"storageClasses"`
	Backups             []Backup             `json:"backups"`
	Webhooks            []Webhook            `json:"webhooks"`
	AdmissionPolicies   []AdmissionPolicy    `json:"admissionPolicies"`
	PolicyExclusions    []PolicyExclusion    `json:"policyExclusions"`
	PolicyResults       []PolicyResult       `json:"policyResults"`
	ImageScans          []ImageScan          `json:"imageScans"`
	APIServices         []APIService         `json:"apiServices"`
	CustomResources     []CustomResource     `json:"customResources"`
	Applications        []Application        `json:"applications"`
	ApplicationProjects []ApplicationProject `json:"applicationProjects"`
	ApplicationSources  []ApplicationSource  `json:"applicationSources"`
	ApplicationSyncs    []ApplicationSync    `json:"applicationSyncs"`
	ApplicationObjects  []ApplicationObject  `json:"applicationObjects"`
	ExternalSecrets     []ExternalSecret     `json:"externalSecrets"`
	Dependencies        []Dependency         `json:"dependencies"`
	LogOutputs          []LogOutput          `json:"logOutputs"`
	AlertRules          []AlertRule          `json:"alertRules"`
	AlertRoutes         []AlertRoute         `json:"alertRoutes"`
	Leases              []Lease              `json:"leases"`
	FieldManagers       []FieldManager       `json:"fieldManagers"`
	ManagedObjects      []ManagedObject      `json:"managedObjects"`
	ControlPlaneFlags   []ControlPlaneFlag   `json:"controlPlaneFlags"`
	AuditLogs           []AuditLog           `json:"auditLogs"`
	AuditActions        []AuditAction        `json:"auditActions"`
	MergedChanges       []MergedChange       `json:"mergedChanges"`
	Repositories        []Repository         `json:"repositories"`
	BranchRules         []BranchRule         `json:"branchRules"`
	DirectPushes        []DirectPush         `json:"directPushes"`
	RuleBypasses        []RuleBypass         `json:"ruleBypasses"`
	DeployKeys          []DeployKey          `json:"deployKeys"`
	PipelineSecrets     []PipelineSecret     `json:"pipelineSecrets"`
	ForgeAlerts         []ForgeAlert         `json:"forgeAlerts"`
	Environments        []Environment        `json:"environments"`
	Deployments         []Deployment         `json:"deployments"`
	Workflows           []Workflow           `json:"workflows"`
	ForgeMembers        []ForgeMember        `json:"forgeMembers"`
	ForgeWebhooks       []ForgeWebhook       `json:"forgeWebhooks"`
	ImageProvenance     []ImageProvenance    `json:"imageProvenance"`
	Imports             []Import             `json:"imports"`
	ClusterSettings     []ClusterSetting     `json:"clusterSettings"`
	CloudPrincipals     []CloudPrincipal     `json:"cloudPrincipals"`
	BenchmarkResults    []BenchmarkResult    `json:"benchmarkResults"`
	GroupMembers        []GroupMember        `json:"groupMembers"`
	ScannerFindings     []ScannerFinding     `json:"scannerFindings"`
	InfrastructurePlans []InfrastructurePlan `json:"infrastructurePlans"`
}

// A Row is one line of a population.
type Row interface {
	// Subject names the thing that the row describes.
	Subject() Subject
}

// A Subject names what a row or a finding is about. Kind, Namespace and Name are
// those of the Kubernetes object; Field is a path inside it, or empty.
type Subject struct {
	Cluster   string `json:"cluster,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Field     string `json:"field,omitempty"`
}

// A Cluster is one Kubernetes cluster as the plan names it.
type Cluster struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	// Environment is the plan's word for it, such as production.
	Environment   string `json:"environment"`
	ServerVersion string `json:"serverVersion"`
	// Distribution is detected from nodes and versions: eks, gke, aks, openshift, k3s, rke2, kubeadm, or unknown.
	Distribution string `json:"distribution"`
	Nodes        int    `json:"nodes"`
}

// A Namespace with what the plan's label keys say about it.
type Namespace struct {
	Cluster          string    `json:"cluster"`
	Name             string    `json:"name"`
	UID              string    `json:"uid"`
	Created          time.Time `json:"created,omitzero"`
	TerminatingSince time.Time `json:"terminatingSince,omitzero"`
	Environment      string    `json:"environment"`
	Owner            string    `json:"owner"`
	DataClass        string    `json:"dataClass"`
	// InScope is false for the namespaces that the plan excludes.
	InScope bool              `json:"inScope"`
	Labels  map[string]string `json:"labels"`
	// PodSecurityEnforce is the level of the label pod-security.kubernetes.io/enforce; likewise audit and warn.
	PodSecurityEnforce string `json:"podSecurityEnforce"`
	PodSecurityAudit   string `json:"podSecurityAudit"`
	PodSecurityWarn    string `json:"podSecurityWarn"`
}

// A Node of a cluster.
type Node struct {
	Cluster          string    `json:"cluster"`
	Name             string    `json:"name"`
	Created          time.Time `json:"created,omitzero"`
	Ready            bool      `json:"ready"`
	Unschedulable    bool      `json:"unschedulable"`
	Zone             string    `json:"zone"`
	Pool             string    `json:"pool"`
	KubeletVersion   string    `json:"kubeletVersion"`
	OSImage          string    `json:"osImage"`
	KernelVersion    string    `json:"kernelVersion"`
	ContainerRuntime string    `json:"containerRuntime"`
	// Architecture of the processor, such as amd64.
	Architecture string `json:"architecture"`
	ProviderID   string `json:"providerID"`
	// Taints as key=value:effect.
	Taints []string `json:"taints"`
}

// A Workload is an object that has a pod template and is not made from that of another, or a pod that none of these controls.
type Workload struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	UID       string    `json:"uid"`
	Created   time.Time `json:"created,omitzero"`
	// Owner is the value of the plan's owner label on the workload, or on its namespace.
	Owner string `json:"owner"`
	// Replicas is the declared number; 0 for kinds that declare none.
	Replicas             int    `json:"replicas"`
	ReadyReplicas        int    `json:"readyReplicas"`
	DesiredScheduled     int    `json:"desiredScheduled"`
	RevisionHistoryLimit int    `json:"revisionHistoryLimit"`
	ServiceAccount       string `json:"serviceAccount"`
	// AutomountToken is automountServiceAccountToken of the pod template: true, false or unset.
	AutomountToken string `json:"automountToken"`
	// ManagedBy names the pipeline that claims the object: argocd, flux, helm; owner for an object that another object controls; or empty.
	ManagedBy string `json:"managedBy"`
	// Application is what that pipeline says the object belongs to: the name of an Argo CD application, or Kind/namespace/name of an object of Flux; empty for others.
	Application string `json:"application"`
	// HostAccess lists hostNetwork, hostPID, hostIPC, hostPath and hostPort where used.
	HostAccess []string `json:"hostAccess"`
	// SpreadBy lists topology keys of spread constraints and anti-affinity.
	SpreadBy       []string          `json:"spreadBy"`
	RuntimeClass   string            `json:"runtimeClass"`
	ReadinessProbe bool              `json:"readinessProbe"`
	Requests       bool              `json:"requests"` // every container requests CPU and memory
	Images         []string          `json:"images"`
	PodLabels      map[string]string `json:"podLabels"`
	// BaselineViolations is what Pod Security admission would object to at the level baseline, each as reason (detail);
	// RestrictedViolations what it would object to at the level restricted beyond that. Both by the newest version of the levels.
	BaselineViolations   []string `json:"baselineViolations"`
	RestrictedViolations []string `json:"restrictedViolations"`
}

// A Container of a workload's pod template.
type Container struct {
	Cluster      string `json:"cluster"`
	Namespace    string `json:"namespace"`
	WorkloadKind string `json:"workloadKind"`
	Workload     string `json:"workload"`
	Name         string `json:"name"`
	// Type is container, init or ephemeral.
	Type  string `json:"type"`
	Image string `json:"image"`
	// Registry is the normalised host, docker.io where the reference names none.
	Registry   string `json:"registry"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Digest     string `json:"digest"`
	// PinnedBy is digest, tag or latest; a digest decides over a tag.
	PinnedBy                 string   `json:"pinnedBy"`
	Privileged               bool     `json:"privileged"`
	AllowPrivilegeEscalation bool     `json:"allowPrivilegeEscalation"` // the effective value: unset means true
	RunAsNonRoot             bool     `json:"runAsNonRoot"`             // container or pod says so
	ReadOnlyRootFilesystem   bool     `json:"readOnlyRootFilesystem"`
	AddedCapabilities        []string `json:"addedCapabilities"`
	// SecretEnv lists the environment variables that are filled from secrets.
	SecretEnv []string `json:"secretEnv"`
}

// A Pod as it ran.
type Pod struct {
	Cluster        string `json:"cluster"`
	Namespace      string `json:"namespace"`
	Name           string `json:"name"`
	Phase          string `json:"phase"`
	Node           string `json:"node"`
	OwnerKind      string `json:"ownerKind"` // the workload: a ReplicaSet or Job is resolved to what controls it where its name shows that; a pod that is a workload itself names itself
	OwnerName      string `json:"ownerName"`
	ServiceAccount string `json:"serviceAccount"`
	// TokenMounted is the ground truth: a projected service-account token volume is mounted.
	TokenMounted bool              `json:"tokenMounted"`
	Privileged   bool              `json:"privileged"`
	HostNetwork  bool              `json:"hostNetwork"`
	Labels       map[string]string `json:"labels"`
	// Secrets are the names of the secrets that the pod refers to.
	Secrets []string `json:"secrets"`
	// ImageIDs are image@digest as the kubelet reported them.
	ImageIDs []string  `json:"imageIDs"`
	Created  time.Time `json:"created,omitzero"`
	// SCC is the security context constraint of OpenShift that admitted the pod.
	SCC string `json:"scc"`
}

// A Rule is a PolicyRule of rbac.authorization.k8s.io/v1.
type Rule struct {
	APIGroups       []string `json:"apiGroups,omitempty"`
	Resources       []string `json:"resources,omitempty"`
	ResourceNames   []string `json:"resourceNames,omitempty"`
	NonResourceURLs []string `json:"nonResourceURLs,omitempty"`
	Verbs           []string `json:"verbs"`
}

// A Role is a Role or a ClusterRole with its materialised rules.
type Role struct {
	Cluster string `json:"cluster"`
	// Kind is Role or ClusterRole.
	Kind      string    `json:"kind"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Created   time.Time `json:"created,omitzero"`
	// Bootstrap is true when the object carries kubernetes.io/bootstrapping=rbac-defaults. It proves nothing by itself.
	Bootstrap bool `json:"bootstrap"`
	// AggregatesTo lists X of the labels rbac.authorization.k8s.io/aggregate-to-X=true.
	AggregatesTo []string `json:"aggregatesTo"`
	// Aggregated is true when the object has an aggregationRule.
	Aggregated bool   `json:"aggregated"`
	Rules      []Rule `json:"rules"`
}

// A Binding is a RoleBinding or a ClusterRoleBinding.
type Binding struct {
	Cluster   string            `json:"cluster"`
	Kind      string            `json:"kind"`
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Created   time.Time         `json:"created,omitzero"`
	Bootstrap bool              `json:"bootstrap"`
	Labels    map[string]string `json:"labels"`
	RoleKind  string            `json:"roleKind"`
	RoleName  string            `json:"roleName"`
	Subjects  []BindingSubject  `json:"subjects"`
}

// A BindingSubject is who a binding grants to. Namespace is set for a ServiceAccount.
type BindingSubject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// A ServiceAccount with the cloud identity that it may assume.
type ServiceAccount struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Created   time.Time `json:"created,omitzero"`
	// AutomountToken is true, false or unset.
	AutomountToken string `json:"automountToken"`
	// CloudProvider is aws, gcp, azure or empty; CloudIdentity is the annotated role, account or client id.
	CloudProvider string `json:"cloudProvider"`
	CloudIdentity string `json:"cloudIdentity"`
}

// A CertificateRequest is a CertificateSigningRequest of certificates.k8s.io/v1.
type CertificateRequest struct {
	Cluster   string `json:"cluster"`
	Name      string `json:"name"`
	Signer    string `json:"signer"`
	Requester string `json:"requester"`
	// CommonName and Organizations are read from the PEM request's subject.
	CommonName    string    `json:"commonName"`
	Organizations []string  `json:"organizations"`
	Approved      bool      `json:"approved"`
	Created       time.Time `json:"created,omitzero"`
}

// An IdentityMapping is one entry of the aws-auth ConfigMap of an EKS cluster.
type IdentityMapping struct {
	Cluster string `json:"cluster"`
	// Section is mapRoles, mapUsers or mapAccounts.
	Section  string   `json:"section"`
	ARN      string   `json:"arn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// A Secret without its values. What is known depends on the SecretsTier of the source.
type Secret struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Type      string    `json:"type"`
	Created   time.Time `json:"created,omitzero"`
	// Keys is the number of keys; -1 when the tier does not tell.
	Keys int         `json:"keys"`
	Tier SecretsTier `json:"tier"`
	// Manager is what owns the secret: external-secrets, sealed-secrets, helm, cert-manager … or empty. Tier rotation only.
	Manager string `json:"manager"`
	// DataChanged is the newest time at which a manager took ownership of data. Tier rotation only.
	DataChanged time.Time `json:"dataChanged,omitzero"`
	// RotationClass is the value of the plan's rotation-class label. Tier rotation only.
	RotationClass string `json:"rotationClass"`
	// ServiceAccount is the account of a service-account token. Tier rotation only.
	ServiceAccount string `json:"serviceAccount"`
	// LastUsed is the label kubernetes.io/legacy-token-last-used as a date. Tier rotation only.
	LastUsed string `json:"lastUsed"`
	// HelmRelease and HelmVersion are the labels name and version of a Helm release record. Tier rotation only.
	HelmRelease string `json:"helmRelease"`
	HelmVersion string `json:"helmVersion"`
	// ArgoCD is the label argocd.argoproj.io/secret-type: cluster, repository, repo-creds … Tier rotation only.
	ArgoCD string `json:"argoCD"`
	// SealingKey is the label sealedsecrets.bitnami.com/sealed-secrets-key: active or compromised. Tier rotation only.
	SealingKey string `json:"sealingKey"`
	// ReplicatedTo are the namespaces, patterns of names or label selectors to which annotations of
	// reflector, kubed and kubernetes-replicator ask to copy the secret; "*" is every namespace. Tier rotation only.
	ReplicatedTo []string `json:"replicatedTo"`
}

// A Credential is a place that holds a value which looks like a credential. The
// value itself was dropped where it was found.
type Credential struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Path is the field that holds the value.
	Path string `json:"path"`
	// Rule is the id of the gitleaks rule that matched, auditpack-name for a telling name, or auditpack-url for a password in a URL.
	Rule string `json:"rule"`
	// Length of the value in bytes.
	Length int `json:"length"`
}

// A SecretMechanism is an object by which a secret is delivered otherwise than by External Secrets.
type SecretMechanism struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Mechanism is secrets-store-csi, vault-secrets-operator or sealed-secrets.
	Mechanism string `json:"mechanism"`
	// Ready is the condition Ready or Synced: True, False, Unknown, or empty where the object has none.
	Ready string `json:"ready"`
}

// A NetworkPolicy of networking.k8s.io/v1 with its effective types.
type NetworkPolicy struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// SelectsAll is true when the pod selector is empty.
	SelectsAll bool `json:"selectsAll"`
	// Selector is the pod selector in kubectl's syntax.
	Selector string `json:"selector"`
	Ingress  bool   `json:"ingress"` // the policy isolates for ingress
	Egress   bool   `json:"egress"`  // the policy isolates for egress
	// IngressRules and EgressRules count the rules; AllowAllIngress and AllowAllEgress say that one of them is empty.
	IngressRules    int  `json:"ingressRules"`
	EgressRules     int  `json:"egressRules"`
	AllowAllIngress bool `json:"allowAllIngress"`
	AllowAllEgress  bool `json:"allowAllEgress"`
	// WidePeers lists peers without limits, such as 0.0.0.0/0 or every namespace.
	WidePeers []string `json:"widePeers"`
	// PeerNamespaces are the namespace selectors of its peers, as direction: selector.
	PeerNamespaces []string `json:"peerNamespaces"`
	// AllowsMetadata is true when an egress rule lets pods reach 169.254.169.254, the instance metadata of clouds.
	AllowsMetadata bool `json:"allowsMetadata"`
}

// A Service of any type.
type Service struct {
	Cluster      string   `json:"cluster"`
	Namespace    string   `json:"namespace"`
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	ExternalIPs  []string `json:"externalIPs"`
	ExternalName string   `json:"externalName"`
	// Addresses are status.loadBalancer.ingress.
	Addresses    []string `json:"addresses"`
	SourceRanges []string `json:"sourceRanges"`
	NodePorts    []int    `json:"nodePorts"`
	// InternalAnnotation is true when an annotation of a known cloud asks for an internal load balancer.
	InternalAnnotation bool      `json:"internalAnnotation"`
	Created            time.Time `json:"created,omitzero"`
	// App is the label app.kubernetes.io/name of the service, or its label app.
	App string `json:"app"`
}

// An Ingress of networking.k8s.io/v1, one row a host.
type Ingress struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Host is "*" for a rule without host or a default backend.
	Host     string   `json:"host"`
	Class    string   `json:"class"`
	TLS      bool     `json:"tls"`      // spec.tls covers the host
	CloudTLS bool     `json:"cloudTLS"` // an annotation says that a cloud load balancer terminates TLS
	Backends []string `json:"backends"`
	// DefaultBackend is true when the ingress answers for hosts that no rule names.
	DefaultBackend bool `json:"defaultBackend"`
	// Addresses are status.loadBalancer.ingress.
	Addresses []string `json:"addresses"`
	// InternalAnnotation is true when an annotation of a known cloud asks for an internal load balancer.
	InternalAnnotation bool `json:"internalAnnotation"`
}

// A Gateway of gateway.networking.k8s.io, one row a listener.
type Gateway struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Listener  string `json:"listener"`
	Class     string `json:"class"`
	// Hostname is "*" for a listener without one.
	Hostname string `json:"hostname"`
	Protocol string `json:"protocol"` // HTTP, HTTPS, TLS, TCP or UDP
	Port     int    `json:"port"`
	TLSMode  string `json:"tlsMode"` // Terminate or Passthrough; empty without TLS
	// RoutesFrom says which namespaces may attach routes: All, Selector, Same or None.
	RoutesFrom string `json:"routesFrom"`
	// Addresses are status.addresses.
	Addresses []string `json:"addresses"`
}

// A Route is an HTTPRoute, GRPCRoute or TLSRoute of gateway.networking.k8s.io.
type Route struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Hostnames is "*" for a route that takes those of its listeners.
	Hostnames []string `json:"hostnames"`
	// Gateways are the parents that are gateways, as namespace/name, or namespace/name/listener where one is named.
	Gateways []string `json:"gateways"`
	// Backends are services, as namespace/name.
	Backends []string `json:"backends"`
	// RedirectsHTTPS is true when every rule redirects to HTTPS.
	RedirectsHTTPS bool `json:"redirectsHTTPS"`
}

// An Endpoint is an EndpointSlice of discovery.k8s.io/v1: where a service leads to.
type Endpoint struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Service   string `json:"service"`
	Ready     int    `json:"ready"` // addresses that are ready, or do not say
	Addresses int    `json:"addresses"`
}

// A Certificate of cert-manager.io.
type Certificate struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Hosts     []string  `json:"hosts"`
	Issuer    string    `json:"issuer"` // kind/name
	Ready     string    `json:"ready"`  // the condition: True, False, Unknown or empty
	NotAfter  time.Time `json:"notAfter,omitzero"`
	// Renewal is when the certificate is to be made anew.
	Renewal time.Time `json:"renewal,omitzero"`
}

// A MeshPolicy says how traffic between pods is encrypted: a PeerAuthentication of Istio, or the ConfigMap cilium-config.
type MeshPolicy struct {
	Cluster   string `json:"cluster"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Mode is STRICT, PERMISSIVE, DISABLE or UNSET for Istio, WIREGUARD, IPSEC or DISABLE for Cilium.
	Mode string `json:"mode"`
	// SelectsAll is true when the policy is for every workload of its namespace.
	SelectsAll bool `json:"selectsAll"`
	// PortModes are the modes of single ports.
	PortModes []string `json:"portModes"`
}

// A Quota is a ResourceQuota or a LimitRange.
type Quota struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
}

// A DisruptionBudget of policy/v1.
type DisruptionBudget struct {
	Cluster            string `json:"cluster"`
	Namespace          string `json:"namespace"`
	Name               string `json:"name"`
	Selector           string `json:"selector"`
	MinAvailable       string `json:"minAvailable"`
	MaxUnavailable     string `json:"maxUnavailable"`
	DisruptionsAllowed int    `json:"disruptionsAllowed"`
	CurrentHealthy     int    `json:"currentHealthy"`
	DesiredHealthy     int    `json:"desiredHealthy"`
}

// An Autoscaler is a HorizontalPodAutoscaler of autoscaling/v2.
type Autoscaler struct {
	Cluster     string `json:"cluster"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	TargetKind  string `json:"targetKind"`
	TargetName  string `json:"targetName"`
	MinReplicas int    `json:"minReplicas"`
	MaxReplicas int    `json:"maxReplicas"`
}

// A Volume is a PersistentVolume.
type Volume struct {
	Cluster        string    `json:"cluster"`
	Name           string    `json:"name"`
	Phase          string    `json:"phase"`
	ReclaimPolicy  string    `json:"reclaimPolicy"`
	StorageClass   string    `json:"storageClass"`
	ClaimNamespace string    `json:"claimNamespace"`
	ClaimName      string    `json:"claimName"`
	Driver         string    `json:"driver"`
	Zones          []string  `json:"zones"`
	Created        time.Time `json:"created,omitzero"`
	// PhaseSince is when the volume came into its phase; older servers do not tell.
	PhaseSince time.Time `json:"phaseSince,omitzero"`
	// Encryption is what the attributes of a CSI volume say: yes, no or unstated.
	Encryption string `json:"encryption"`
}

// A VolumeClaim is a PersistentVolumeClaim.
type VolumeClaim struct {
	Cluster      string `json:"cluster"`
	Namespace    string `json:"namespace"`
	Name         string `json:"name"`
	Phase        string `json:"phase"`
	StorageClass string `json:"storageClass"`
	Volume       string `json:"volume"`
	// RequestedBytes is the size asked for.
	RequestedBytes int64     `json:"requestedBytes"`
	Created        time.Time `json:"created,omitzero"`
	// DatabaseCluster is the CloudNativePG cluster whose data the volume holds; empty for other volumes.
	DatabaseCluster string `json:"databaseCluster"`
}

// A StorageClass of storage.k8s.io/v1.
type StorageClass struct {
	Cluster       string `json:"cluster"`
	Name          string `json:"name"`
	Provisioner   string `json:"provisioner"`
	ReclaimPolicy string `json:"reclaimPolicy"`
	Default       bool   `json:"default"`
	// Encryption is what the parameters say: yes, no or unstated.
	Encryption string `json:"encryption"`
}

// A Backup is one schedule, backup, restore or location of a backup product, or what a job or a storage product says about its last copy.
type Backup struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	// Kind is that of the object: Schedule, Backup, Restore, BackupStorageLocation, VolumeSnapshot …
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Product is velero, csi-snapshot, cnpg, longhorn or cronjob.
	Product string `json:"product"`
	Phase   string `json:"phase"`
	Paused  bool   `json:"paused"`
	// Namespaces that are covered; "*" means all.
	Namespaces         []string  `json:"namespaces"`
	ExcludedNamespaces []string  `json:"excludedNamespaces"`
	VolumesIncluded    bool      `json:"volumesIncluded"`
	Completed          time.Time `json:"completed,omitzero"`
	Errors             int       `json:"errors"`
	// Claims are the volume claims of Namespaces that are copied, where the object names some.
	Claims []string `json:"claims"`
	// DatabaseCluster is the CloudNativePG cluster that is copied.
	DatabaseCluster string `json:"databaseCluster"`
	// Medium is snapshot for a copy on the storage itself, object-store for one elsewhere, or empty where the object does not tell.
	Medium string `json:"medium"`
}

// A Webhook is one entry of a validating or mutating webhook configuration.
type Webhook struct {
	Cluster       string `json:"cluster"`
	Kind          string `json:"kind"`
	Configuration string `json:"configuration"`
	Name          string `json:"name"`
	FailurePolicy string `json:"failurePolicy"`
	// Service is namespace/name, or the URL's host.
	Service           string `json:"service"`
	NamespaceSelector string `json:"namespaceSelector"`
	ObjectSelector    string `json:"objectSelector"`
	// Resources are what its rules are about, as group/resource; the group of the core is empty.
	Resources []string `json:"resources"`
}

// The intents of policies that a platform needs.
const (
	IntentNoPrivileged       = "no-privileged"
	IntentNoHostNamespaces   = "no-host-namespaces"
	IntentApprovedRegistries = "approved-registries"
	IntentImageDigest        = "image-digest" // a rule about tags or digests
	IntentResourceLimits     = "resource-limits"
	IntentRequiredLabels     = "required-labels"
	IntentSignedImages       = "signed-images"
)

// An AdmissionPolicy is a policy of a policy mechanism: ValidatingAdmissionPolicy, Kyverno or Gatekeeper.
type AdmissionPolicy struct {
	Cluster   string `json:"cluster"`
	Mechanism string `json:"mechanism"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Actions are the effective ones: deny, audit, warn, and mutate or generate for Kyverno; empty when nothing binds the policy.
	Actions       []string `json:"actions"`
	FailurePolicy string   `json:"failurePolicy"`
	// Violations is what the mechanism's own audit counts; -1 when it does not.
	Violations int `json:"violations"`
	// Audited is when the mechanism's own audit last ran.
	Audited time.Time `json:"audited,omitzero"`
	// Intents is what the policy is for, as far as the content of its rules shows; of those that deny, where one does: no-privileged, no-host-namespaces,
	// approved-registries, image-digest, resource-limits, required-labels, signed-images.
	Intents []string `json:"intents"`
	// Limited is true when the policy, or what binds it, leaves out a part of the namespaces or objects.
	Limited bool `json:"limited"`
	// VerifiesImages are the patterns of the images whose signatures are verified.
	VerifiesImages []string `json:"verifiesImages"`
}

// A PolicyResult is what a policy report counts for one policy.
type PolicyResult struct {
	Cluster   string `json:"cluster"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	// Name of the report.
	Name   string `json:"name"`
	Policy string `json:"policy"`
	Pass   int    `json:"pass"`
	Fail   int    `json:"fail"`
	Warn   int    `json:"warn"`
	Error  int    `json:"error"`
	Skip   int    `json:"skip"`
}

// An ImageScan is a VulnerabilityReport of aquasecurity.github.io, or an imported scan: the known vulnerabilities of one image.
type ImageScan struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Image     string    `json:"image"`
	Digest    string    `json:"digest"`
	Scanned   time.Time `json:"scanned,omitzero"`
	Critical  int       `json:"critical"`
	High      int       `json:"high"`
	// FixableCritical and FixableHigh count those that a newer version fixes; the oldest of each was published at the time beside it.
	FixableCritical int       `json:"fixableCritical"`
	FixableHigh     int       `json:"fixableHigh"`
	OldestCritical  time.Time `json:"oldestCritical,omitzero"`
	OldestHigh      time.Time `json:"oldestHigh,omitzero"`
	// Undated counts the fixable ones whose day of publication the report does not tell.
	Undated int `json:"undated"`
	// Import is the file that a scan outside clusters was imported from; such a scan
	// names no namespace, and no cluster unless it was said to be about one.
	Import string `json:"import,omitempty"`
}

// A PolicyExclusion is a technical exclusion from a policy mechanism.
type PolicyExclusion struct {
	Cluster   string `json:"cluster"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Mechanism is kyverno, gatekeeper, pod-security or webhook.
	Mechanism string `json:"mechanism"`
	// Excludes says what is let through, in the object's own words.
	Excludes string `json:"excludes"`
}

// An APIService of apiregistration.k8s.io/v1 that is served by an extension server.
type APIService struct {
	Cluster               string `json:"cluster"`
	Name                  string `json:"name"`
	Service               string `json:"service"`
	InsecureSkipTLSVerify bool   `json:"insecureSkipTLSVerify"`
	Available             bool   `json:"available"`
}

// A CustomResource is a CustomResourceDefinition and how many of its objects were collected.
type CustomResource struct {
	Cluster  string    `json:"cluster"`
	Name     string    `json:"name"`
	Group    string    `json:"group"`
	Kind     string    `json:"kind"`
	Scope    string    `json:"scope"`
	Versions []string  `json:"versions"`
	Created  time.Time `json:"created,omitzero"`
}

// An Application is an Argo CD Application or a Flux Kustomization or HelmRelease.
type Application struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Project is the Argo CD project; empty for Flux.
	Project string `json:"project"`
	// Sources are repository URLs without user information, or the Flux source reference.
	Sources        []string `json:"sources"`
	TargetRevision string   `json:"targetRevision"`
	Revision       string   `json:"revision"` // the one that was applied last
	// OriginRevision is the revision of the repository that an artifact of Flux says it was made of; empty for others.
	OriginRevision       string `json:"originRevision"`
	DestinationNamespace string `json:"destinationNamespace"`
	DestinationServer    string `json:"destinationServer"`
	Sync                 string `json:"sync"`      // Synced, OutOfSync, Unknown
	Health               string `json:"health"`    // Healthy, Degraded, …; Ready or NotReady for Flux
	Automated            bool   `json:"automated"` // sync without a person
	SelfHeal             bool   `json:"selfHeal"`  // drift is corrected; for a HelmRelease: driftDetection is enabled
	Suspended            bool   `json:"suspended"`
	// ServiceAccount is what Flux impersonates; empty means the controller's own rights.
	ServiceAccount    string    `json:"serviceAccount"`
	Reconciled        time.Time `json:"reconciled,omitzero"`
	Deployed          time.Time `json:"deployed,omitzero"` // when Revision was applied
	History           int       `json:"history"`
	IgnoreDifferences int       `json:"ignoreDifferences"`
	// SyncedBy are the people who started one of the recorded deployments by hand.
	SyncedBy []string `json:"syncedBy"`
}

// An ApplicationProject is an Argo CD AppProject.
type ApplicationProject struct {
	Cluster     string   `json:"cluster"`
	Namespace   string   `json:"namespace"`
	Name        string   `json:"name"`
	SourceRepos []string `json:"sourceRepos"`
	// Destinations as server|namespace.
	Destinations []string `json:"destinations"`
	// ClusterResources as group/kind.
	ClusterResources []string `json:"clusterResources"`
}

// An ExternalSecret is an object that asks a secret manager for values, or a store that answers it.
type ExternalSecret struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Store is the store referred to; Provider is what a store talks to.
	Store         string    `json:"store"`
	Provider      string    `json:"provider"`
	RemoteKeys    []string  `json:"remoteKeys"`
	RefreshPolicy string    `json:"refreshPolicy"`
	Refreshed     time.Time `json:"refreshed,omitzero"`
	// RefreshSeconds is spec.refreshInterval.
	RefreshSeconds int64 `json:"refreshSeconds"`
	Ready          bool  `json:"ready"`
	// StaticCredentials is true when a store authenticates with a stored secret and not with a workload identity.
	StaticCredentials bool `json:"staticCredentials"`
	// NamespacesLimited is true when a cluster store names the namespaces that may use it.
	NamespacesLimited bool `json:"namespacesLimited"`
	// Location is where a store keeps its values, as far as its settings tell: region, project, server or path.
	Location string `json:"location"`
	// TargetNamespaces are the namespaces into which a ClusterExternalSecret has put its secret.
	TargetNamespaces []string `json:"targetNamespaces"`
}

// A Dependency is a place outside the cluster that something in it asks for.
type Dependency struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	// Kind and Name are those of the object that names the host. Kind is APIGroup where
	// custom resources of a cloud are defined, whose objects are not listed.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Host is a name, a pattern of names, a network, or a group of the API.
	Host string `json:"host"`
}

// A LogOutput is one place to which the configuration of a log agent sends logs.
type LogOutput struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	// Kind is ConfigMap, ClusterLogForwarder or OpenTelemetryCollector.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Plugin is the output's own word for its type, such as http or cloudwatch_logs.
	Plugin string `json:"plugin"`
	// Host is where logs go, without scheme, user and path; empty where the configuration names none, as for the service of a cloud.
	Host string `json:"host"`
	// Excludes are the patterns of log files that the configuration leaves out.
	Excludes []string `json:"excludes"`
}

// An AlertRule is one alert of a PrometheusRule.
type AlertRule struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Group     string `json:"group"`
	Alert     string `json:"alert"`
	Severity  string `json:"severity"` // the label of the alert
}

// An AlertRoute is an Alertmanager, or an AlertmanagerConfig.
type AlertRoute struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Config is the AlertmanagerConfig of its namespace that an Alertmanager takes as its main configuration; empty where that lies in a Secret.
	Config string `json:"config"`
	// Receiver is the default receiver of an AlertmanagerConfig; Integrations are the ways in which it tells people, such as slack.
	Receiver     string   `json:"receiver"`
	Integrations []string `json:"integrations"`
}

// A Lease of the namespace kube-node-lease: a node's sign of life.
type Lease struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Holder    string    `json:"holder"`
	Renewed   time.Time `json:"renewed,omitzero"` // by the node's clock
}

// A FieldManager is one managedFields entry of an object that a pipeline or a person can change.
// Entries that own nothing but metadata and status have no row.
type FieldManager struct {
	Cluster     string    `json:"cluster"`
	Namespace   string    `json:"namespace"`
	Kind        string    `json:"kind"`
	Name        string    `json:"name"`
	Manager     string    `json:"manager"`
	Operation   string    `json:"operation"` // Apply or Update
	Subresource string    `json:"subresource"`
	Time        time.Time `json:"time,omitzero"`
	// Paths are the owned fields outside metadata and status, at most 20, shortened to four levels.
	Paths []string `json:"paths"`
	// ManagedBy names the pipeline that claims the object: argocd, flux, helm; owner for an object that another object controls; or empty.
	ManagedBy string `json:"managedBy"`
}

// A ManagedObject is a service, ingress, role or config map, with what claims it. Workloads have ManagedBy themselves.
type ManagedObject struct {
	Cluster   string    `json:"cluster"`
	Namespace string    `json:"namespace"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	Created   time.Time `json:"created,omitzero"`
	// ManagedBy is as for a workload.
	ManagedBy string `json:"managedBy"`
	// Generated is true for what Kubernetes or a controller makes by itself and names no owner of, such as kube-root-ca.crt.
	Generated bool `json:"generated"`
}

// A ControlPlaneFlag is one flag of a control-plane static pod that is visible through its mirror pod.
type ControlPlaneFlag struct {
	Cluster   string `json:"cluster"`
	Component string `json:"component"`
	Pod       string `json:"pod"`
	Flag      string `json:"flag"`
	Value     string `json:"value"`
}

// A MergedChange is a change that was merged into a branch of a repository: a pull
// request of GitHub or a merge request of GitLab. The population has every change
// that was merged in the plan's period, whoever made it.
type MergedChange struct {
	// Forge is the name of the source that was asked.
	Forge string `json:"forge"`
	// Repository is host/path, in lower case and without .git, such as github.example/shop/deploy.
	Repository string `json:"repository"`
	Number     int    `json:"number"`
	Branch     string `json:"branch"` // the one that it was merged into
	// MergeCommit is the commit that the merge left on the branch: the merge commit,
	// the squashed one, or the last of a rebase. Head is the last commit of the change itself.
	MergeCommit string    `json:"mergeCommit"`
	Head        string    `json:"head"`
	Author      string    `json:"author"`
	MergedBy    string    `json:"mergedBy"`
	Merged      time.Time `json:"merged"`
	// Approvers are those whose latest review approves Head; StaleApprovers approved
	// an earlier commit. The author is among them if the forge lets authors approve.
	Approvers      []string `json:"approvers"`
	StaleApprovers []string `json:"staleApprovers"`
	// Checks are the checks of Head that were required and succeeded; FailedChecks those that did not.
	Checks       []string `json:"checks"`
	FailedChecks []string `json:"failedChecks"`
}
