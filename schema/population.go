package schema

import (
	"cmp"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
)

// A Population is the complete list of things of one kind that checks look at.
type Population struct {
	// Name is the JSON name of the field of Evidence or Derived that holds the rows.
	Name string
	// Title heads its sheet; Question is what the sheet answers.
	Title, Question string
	// Resources are the resources whose lists make the population, as plural.group.
	// A gap in a list of one of them is a gap in the population.
	Resources []string
	// From names the populations that a derived population is computed from.
	From []string
	// Origin says who is asked for the population.
	Origin Origin
	// Row is the zero value of its row type.
	Row Row
}

// An Origin is who is asked for a population.
type Origin int

// The origins.
const (
	OriginCluster  Origin = iota // the API server of each cluster, or files that stand for it
	OriginForge                  // forges, each repository by itself, and no cluster
	OriginAuditLog               // the audit log of a cluster, where the plan names one
	OriginRegistry               // registries of images, where the plan says whose signatures count
	OriginImport                 // files of other tools, where they are given
)

// Derived reports whether assess computes the population.
func (p Population) Derived() bool { return len(p.From) > 0 }

// AllResources returns the resources that the population is made of, also through
// the populations that it is derived from, sorted.
func (p Population) AllResources() []string {
	out := slices.Clone(p.Resources)
	for _, name := range p.From {
		from, _ := PopulationNamed(name)
		out = append(out, from.AllResources()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Path is where the rows lie in the bundle.
func (p Population) Path() string { return "evidence/populations/" + p.Name + ".jsonl" }

const (
	rbacGroup  = "rbac.authorization.k8s.io"
	admission  = "admissionregistration.k8s.io"
	gatewayAPI = "gateway.networking.k8s.io"
)

// PopulationFile is the resource of the queries that say that a snapshot has no file of
// a population, although what the rows are made of was asked for: an earlier release
// did not make them. The target is the path of the file.
const PopulationFile = "population"

// AuditLogRecords is the resource of the queries that say how an audit log was read.
const AuditLogRecords = "auditlogs"

// podKinds are the resources whose objects have pods or pod templates.
var podKinds = []string{"pods", "deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps", "jobs.batch", "cronjobs.batch"}

// applicationKinds are the resources that say what is deployed from source.
var applicationKinds = []string{"applications.argoproj.io", "kustomizations.kustomize.toolkit.fluxcd.io", "helmreleases.helm.toolkit.fluxcd.io"}

// changeableKinds are the resources whose field managers are recorded.
var changeableKinds = []string{
	"deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch", "services", "configmaps", "ingresses.networking.k8s.io",
	"networkpolicies.networking.k8s.io", "roles." + rbacGroup, "rolebindings." + rbacGroup,
}

// managedKinds are the resources that a platform declares beside its workloads.
var managedKinds = []string{"services", "ingresses.networking.k8s.io", "roles." + rbacGroup, "configmaps"}

// Populations lists every population in the order of the workbook.
var Populations = []Population{
	{Name: "clusters", Title: "Clusters", Question: "Which clusters were looked at?", Resources: []string{"namespaces", "nodes"}, Row: Cluster{}},
	{Name: "namespaces", Title: "Namespaces", Question: "Which namespaces exist, and whose are they?", Resources: []string{"namespaces"}, Row: Namespace{}},
	{Name: "barriers", Title: "Barriers", Question: "Which barriers keep each namespace apart?",
		From: []string{"namespaces", "networkPolicies", "workloads", "pods", "nodes"}, Row: Barrier{}},
	{Name: "traces", Title: "Traceability", Question: "Which workloads of production lead back to an approved change?",
		From: []string{"namespaces", "workloads", "containers", "pods", "applications", "applicationSources", "applicationObjects"}, Row: Trace{}},
	{Name: "nodes", Title: "Nodes", Question: "Which nodes run the workloads, and how fresh are they?", Resources: []string{"nodes"}, Row: Node{}},
	{Name: "workloads", Title: "Workloads", Question: "What runs, and who owns it?", Resources: podKinds, Row: Workload{}},
	{Name: "containers", Title: "Containers", Question: "Which images run, and with which privileges?", Resources: podKinds, Row: Container{}},
	{Name: "pods", Title: "Pods", Question: "What was running at that instant?", Resources: []string{"pods"}, Row: Pod{}},
	{Name: "accessGrants", Title: "Access grants", Question: "Who can do what, where, and by which path?",
		From: []string{"roles", "bindings", "serviceAccounts", "namespaces"}, Row: AccessGrant{}},
	{Name: "roles", Title: "Roles", Question: "Which rights does each role give?", Resources: []string{"roles." + rbacGroup, "clusterroles." + rbacGroup}, Row: Role{}},
	{Name: "bindings", Title: "Bindings", Question: "Which subjects are given which role?", Resources: []string{"rolebindings." + rbacGroup, "clusterrolebindings." + rbacGroup}, Row: Binding{}},
	{Name: "serviceAccounts", Title: "Service accounts", Question: "Which identities do workloads have?", Resources: []string{"serviceaccounts"}, Row: ServiceAccount{}},
	{Name: "certificateRequests", Title: "Certificate requests", Question: "Which client certificates were asked for?", Resources: []string{"certificatesigningrequests.certificates.k8s.io"}, Row: CertificateRequest{}},
	{Name: "identityMappings", Title: "Identity mappings", Question: "Which cloud identities does aws-auth map to groups?", Resources: []string{"configmaps"}, Row: IdentityMapping{}},
	{Name: "secrets", Title: "Secrets", Question: "Which secrets exist? Values are not read.", Resources: []string{"secrets"}, Row: Secret{}},
	{Name: "credentials", Title: "Credentials in clear", Question: "Where does a value look like a credential?", Resources: append([]string{"configmaps"}, podKinds...), Row: Credential{}},
	{Name: "secretMechanisms", Title: "Other secret mechanisms", Question: "How are secrets delivered beside External Secrets?",
		Resources: []string{"secretproviderclasses.secrets-store.csi.x-k8s.io", "vaultstaticsecrets.secrets.hashicorp.com", "vaultdynamicsecrets.secrets.hashicorp.com",
			"vaultpkisecrets.secrets.hashicorp.com", "sealedsecrets.bitnami.com"}, Row: SecretMechanism{}},
	{Name: "networkPolicies", Title: "Network policies", Question: "Which pod traffic is limited?", Resources: []string{"networkpolicies.networking.k8s.io"}, Row: NetworkPolicy{}},
	{Name: "services", Title: "Services", Question: "Which services exist, and which are exposed?", Resources: []string{"services"}, Row: Service{}},
	{Name: "ingresses", Title: "Ingresses", Question: "Which hosts are served to the outside?", Resources: []string{"ingresses.networking.k8s.io"}, Row: Ingress{}},
	{Name: "gateways", Title: "Gateways", Question: "Which listeners take traffic from outside?", Resources: []string{"gateways." + gatewayAPI}, Row: Gateway{}},
	{Name: "routes", Title: "Routes", Question: "Which hosts do gateways lead to which services?",
		Resources: []string{"httproutes." + gatewayAPI, "grpcroutes." + gatewayAPI, "tlsroutes." + gatewayAPI}, Row: Route{}},
	{Name: "endpoints", Title: "Endpoints", Question: "Which services have something that answers?", Resources: []string{"endpointslices.discovery.k8s.io"}, Row: Endpoint{}},
	{Name: "certificates", Title: "Certificates", Question: "Which certificates are kept, and until when do they hold?", Resources: []string{"certificates.cert-manager.io"}, Row: Certificate{}},
	{Name: "meshPolicies", Title: "Encryption between pods", Question: "Is traffic inside the cluster encrypted?",
		Resources: []string{"peerauthentications.security.istio.io", "configmaps"}, Row: MeshPolicy{}},
	{Name: "quotas", Title: "Quotas and limits", Question: "Which namespaces are bounded?", Resources: []string{"resourcequotas", "limitranges"}, Row: Quota{}},
	{Name: "disruptionBudgets", Title: "Disruption budgets", Question: "Which workloads are protected during maintenance?", Resources: []string{"poddisruptionbudgets.policy"}, Row: DisruptionBudget{}},
	{Name: "autoscalers", Title: "Autoscalers", Question: "Which workloads scale by themselves?", Resources: []string{"horizontalpodautoscalers.autoscaling"}, Row: Autoscaler{}},
	{Name: "volumes", Title: "Volumes", Question: "Which volumes hold data?", Resources: []string{"persistentvolumes"}, Row: Volume{}},
	{Name: "volumeClaims", Title: "Volume claims", Question: "Who uses the volumes?", Resources: []string{"persistentvolumeclaims"}, Row: VolumeClaim{}},
	{Name: "storageClasses", Title: "Storage classes", Question: "How are volumes made?", Resources: []string{"storageclasses.storage.k8s.io"}, Row: StorageClass{}},
	{Name: "backups", Title: "Backups", Question: "What is backed up, and did it work?",
		Resources: []string{"schedules.velero.io", "backups.velero.io", "restores.velero.io", "backupstoragelocations.velero.io", "volumesnapshots.snapshot.storage.k8s.io",
			"backups.postgresql.cnpg.io", "scheduledbackups.postgresql.cnpg.io",
			"clusters.postgresql.cnpg.io", "recurringjobs.longhorn.io", "volumes.longhorn.io", "cronjobs.batch"}, Row: Backup{}},
	{Name: "webhooks", Title: "Admission webhooks", Question: "What decides about new objects?",
		Resources: []string{"validatingwebhookconfigurations." + admission, "mutatingwebhookconfigurations." + admission}, Row: Webhook{}},
	{Name: "admissionPolicies", Title: "Admission policies", Question: "Which policies are enforced?",
		Resources: []string{"validatingadmissionpolicies." + admission, "validatingadmissionpolicybindings." + admission, "clusterpolicies.kyverno.io", "policies.kyverno.io",
			"validatingpolicies.policies.kyverno.io", "imagevalidatingpolicies.policies.kyverno.io", "constrainttemplates.templates.gatekeeper.sh", "clusterimagepolicies.policy.sigstore.dev"}, Row: AdmissionPolicy{}},
	{Name: "policyExclusions", Title: "Policy exclusions", Question: "What do the policies let through?",
		Resources: []string{"namespaces", "validatingwebhookconfigurations." + admission, "policyexceptions.kyverno.io", "policyexceptions.policies.kyverno.io", "configs.config.gatekeeper.sh"}, Row: PolicyExclusion{}},
	{Name: "policyResults", Title: "Policy results", Question: "What do the policies find in what already runs?",
		Resources: []string{"policyreports.wgpolicyk8s.io", "clusterpolicyreports.wgpolicyk8s.io", "reports.openreports.io", "clusterreports.openreports.io"}, Row: PolicyResult{}},
	{Name: "imageScans", Title: "Image scans", Question: "Which known vulnerabilities do the images have?", Resources: []string{"vulnerabilityreports.aquasecurity.github.io"}, Row: ImageScan{}},
	{Name: "apiServices", Title: "API services", Question: "Which servers extend the API?", Resources: []string{"apiservices.apiregistration.k8s.io"}, Row: APIService{}},
	{Name: "customResources", Title: "Custom resources", Question: "Which kinds were added to the API?", Resources: []string{"customresourcedefinitions.apiextensions.k8s.io"}, Row: CustomResource{}},
	{Name: "applications", Title: "GitOps applications", Question: "What is deployed from source, and is it in step?",
		Resources: applicationKinds, Row: Application{}},
	{Name: "applicationProjects", Title: "GitOps projects", Question: "What may each tenant deploy, and where?", Resources: []string{"appprojects.argoproj.io"}, Row: ApplicationProject{}},
	{Name: "applicationSources", Title: "GitOps sources", Question: "Where does Flux fetch from, and does it check signatures?",
		Resources: []string{"gitrepositories.source.toolkit.fluxcd.io", "ocirepositories.source.toolkit.fluxcd.io", "helmrepositories.source.toolkit.fluxcd.io"}, Row: ApplicationSource{}},
	{Name: "applicationSyncs", Title: "GitOps deployments", Question: "Which revisions were deployed, when, and who started it?", Resources: applicationKinds, Row: ApplicationSync{}},
	{Name: "applicationObjects", Title: "GitOps objects", Question: "Which objects does each application deploy?", Resources: applicationKinds, Row: ApplicationObject{}},
	{Name: "mergedChanges", Title: "Merged changes", Question: "Which changes were merged in the period, and who approved them?",
		Resources: []string{MergedChanges}, Origin: OriginForge, Row: MergedChange{}},
	{Name: "repositories", Title: "Repositories", Question: "Which repositories feed production, and how are their pipelines set?", Resources: []string{Repositories}, Origin: OriginForge, Row: Repository{}},
	{Name: "branchRules", Title: "Branch rules", Question: "What must happen before a change reaches a branch?", Resources: []string{BranchRules}, Origin: OriginForge, Row: BranchRule{}},
	{Name: "directPushes", Title: "Direct pushes", Question: "Which commits reached a branch without a merged change?", Resources: []string{DirectPushes}, Origin: OriginForge, Row: DirectPush{}},
	{Name: "ruleBypasses", Title: "Rule bypasses", Question: "Who passed over the rules of a branch?", Resources: []string{RuleBypasses}, Origin: OriginForge, Row: RuleBypass{}},
	{Name: "deployKeys", Title: "Deploy keys", Question: "Which keys read or write a repository without a user?", Resources: []string{DeployKeys}, Origin: OriginForge, Row: DeployKey{}},
	{Name: "pipelineSecrets", Title: "Pipeline secrets", Question: "Which secrets are pipelines given? Values are not kept.", Resources: []string{PipelineSecrets}, Origin: OriginForge, Row: PipelineSecret{}},
	{Name: "forgeAlerts", Title: "Forge alerts", Question: "What do the scanners of the forge find?", Resources: []string{ForgeAlerts}, Origin: OriginForge, Row: ForgeAlert{}},
	{Name: "environments", Title: "Deployment environments", Question: "What protects the environments that pipelines deploy to?", Resources: []string{Environments}, Origin: OriginForge, Row: Environment{}},
	{Name: "deployments", Title: "Deployments", Question: "What was deployed in the period, and who approved it?", Resources: []string{Deployments}, Origin: OriginForge, Row: Deployment{}},
	{Name: "workflows", Title: "Workflows", Question: "What may the pipelines do?", Resources: []string{Workflows}, Origin: OriginForge, Row: Workflow{}},
	{Name: "forgeMembers", Title: "Forge members", Question: "Who has rights on organizations and repositories?", Resources: []string{ForgeMembers}, Origin: OriginForge, Row: ForgeMember{}},
	{Name: "forgeWebhooks", Title: "Forge webhooks", Question: "Which other hosts are told what happens?", Resources: []string{ForgeWebhooks}, Origin: OriginForge, Row: ForgeWebhook{}},
	{Name: "externalSecrets", Title: "External secrets", Question: "Which secrets come from a manager?",
		Resources: []string{"externalsecrets.external-secrets.io", "secretstores.external-secrets.io", "clustersecretstores.external-secrets.io",
			"clusterexternalsecrets.external-secrets.io"}, Row: ExternalSecret{}},
	{Name: "dependencies", Title: "Dependencies outside", Question: "What outside the cluster do workloads ask for?",
		Resources: []string{"services", "networkpolicies.networking.k8s.io", "serviceentries.networking.istio.io", "ciliumnetworkpolicies.cilium.io",
			"ciliumclusterwidenetworkpolicies.cilium.io", "customresourcedefinitions.apiextensions.k8s.io"}, Row: Dependency{}},
	{Name: "logOutputs", Title: "Log outputs", Question: "Where do log agents send logs?",
		Resources: []string{"configmaps", "clusterlogforwarders.observability.openshift.io", "clusterlogforwarders.logging.openshift.io", "opentelemetrycollectors.opentelemetry.io"}, Row: LogOutput{}},
	{Name: "alertRules", Title: "Alert rules", Question: "Which alerts are defined?", Resources: []string{"prometheusrules.monitoring.coreos.com"}, Row: AlertRule{}},
	{Name: "alertRoutes", Title: "Alert routes", Question: "Whom do alerts reach?",
		Resources: []string{"alertmanagers.monitoring.coreos.com", "alertmanagerconfigs.monitoring.coreos.com"}, Row: AlertRoute{}},
	{Name: "leases", Title: "Node leases", Question: "When did each node last give a sign of life?", Resources: []string{"leases.coordination.k8s.io"}, Row: Lease{}},
	{Name: "fieldManagers", Title: "Field managers", Question: "Who last changed the fields of an object?", Resources: changeableKinds, Row: FieldManager{}},
	{Name: "managedObjects", Title: "Managed objects", Question: "Which objects beside workloads come from source?", Resources: managedKinds, Row: ManagedObject{}},
	{Name: "controlPlaneFlags", Title: "Control-plane flags", Question: "How is the control plane started, where that is visible?", Resources: []string{"pods"}, Row: ControlPlaneFlag{}},
	{Name: "auditLogs", Title: "Audit logs", Question: "Which time do the audit logs cover?", Resources: []string{AuditLogRecords}, Origin: OriginAuditLog, Row: AuditLog{}},
	{Name: "auditActions", Title: "Audited actions", Question: "Who did what that matters, by the audit log?", Resources: []string{AuditLogRecords}, Origin: OriginAuditLog, Row: AuditAction{}},
	{Name: "imageProvenance", Title: "Image provenance", Question: "Who signed what about the images that run?", Resources: []string{ProvenanceOfImages}, Origin: OriginRegistry, Row: ImageProvenance{}},
	{Name: "imports", Title: "Imports", Question: "Which files of other tools were read, and how old are they?", Resources: []string{ImportedFiles}, Origin: OriginImport, Row: Import{}},
	{Name: "clusterSettings", Title: "Cluster settings", Question: "How does the cloud run each cluster?", Resources: []string{ClusterSettings}, Origin: OriginImport, Row: ClusterSetting{}},
	{Name: "cloudPrincipals", Title: "Cloud principals", Question: "Which identities of the cloud may sign in to a cluster?", Resources: []string{CloudPrincipals}, Origin: OriginImport, Row: CloudPrincipal{}},
	{Name: "benchmarkResults", Title: "Benchmark results", Question: "What did a scan against a benchmark find?", Resources: []string{BenchmarkResults}, Origin: OriginImport, Row: BenchmarkResult{}},
	{Name: "groupMembers", Title: "Group members", Question: "Who is in which group, by the identity provider?", Resources: []string{GroupMembers}, Origin: OriginImport, Row: GroupMember{}},
	{Name: "scannerFindings", Title: "Scanner findings", Question: "What did scanners outside the cluster find?", Resources: []string{ScannerFindings}, Origin: OriginImport, Row: ScannerFinding{}},
	{Name: "infrastructurePlans", Title: "Infrastructure plans", Question: "Is the infrastructure what its code says?", Resources: []string{InfrastructurePlans}, Origin: OriginImport, Row: InfrastructurePlan{}},
}

// PopulationNamed returns the population with that name.
func PopulationNamed(name string) (Population, bool) {
	i := slices.IndexFunc(Populations, func(p Population) bool { return p.Name == name })
	if i < 0 {
		return Population{}, false
	}
	return Populations[i], true
}

// Sort puts every population into the order of its subjects. Rows with equal
// subjects keep the order of their JSON, so that no order of arrival shows.
func (e *Evidence) Sort() { sortTables(reflect.ValueOf(e).Elem()) }

// Rows yields the rows of a population in order; none for an unknown name.
func (e *Evidence) Rows(name string) iter.Seq[Row] { return tableRows(reflect.ValueOf(e).Elem(), name) }

// Append adds rows, each to the population of its type. A row type that no
// population has is a programming error and panics.
func (e *Evidence) Append(rows ...Row) {
	v := reflect.ValueOf(e).Elem()
	for _, r := range rows {
		rv := reflect.ValueOf(r)
		f := tableOf(v, rv.Type())
		f.Set(reflect.Append(f, rv))
	}
}

// AppendJSON decodes one line of a population's file and adds the row. Unknown
// fields are refused.
func (e *Evidence) AppendJSON(name string, line []byte) error {
	f := tableNamed(reflect.ValueOf(e).Elem(), name)
	if !f.IsValid() {
		return fmt.Errorf("unknown population %q", name)
	}
	row := reflect.New(f.Type().Elem())
	if err := Unmarshal(line, row.Interface()); err != nil {
		return err
	}
	f.Set(reflect.Append(f, row.Elem()))
	return nil
}

// Sort puts every derived population into order.
func (d *Derived) Sort() { sortTables(reflect.ValueOf(d).Elem()) }

// Rows yields the rows of a derived population in order; none for an unknown name.
func (d *Derived) Rows(name string) iter.Seq[Row] { return tableRows(reflect.ValueOf(d).Elem(), name) }

func tableNamed(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

func tableOf(v reflect.Value, row reflect.Type) reflect.Value {
	for i := range v.NumField() {
		if v.Field(i).Type().Elem() == row {
			return v.Field(i)
		}
	}
	panic(fmt.Sprintf("no population has rows of type %s", row))
}

func tableRows(v reflect.Value, name string) iter.Seq[Row] {
	f := tableNamed(v, name)
	return func(yield func(Row) bool) {
		if !f.IsValid() {
			return
		}
		for i := range f.Len() {
			if !yield(f.Index(i).Interface().(Row)) {
				return
			}
		}
	}
}

func sortTables(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Len() < 2 {
			continue
		}
		rows := make([]Row, f.Len())
		for j := range rows {
			rows[j] = f.Index(j).Interface().(Row)
		}
		slices.SortStableFunc(rows, func(a, b Row) int {
			if c := a.Subject().Compare(b.Subject()); c != 0 {
				return c
			}
			return cmp.Compare(string(mustMarshalLine(a)), string(mustMarshalLine(b)))
		})
		for j, r := range rows {
			f.Index(j).Set(reflect.ValueOf(r))
		}
	}
}

func mustMarshalLine(v any) []byte {
	b, err := MarshalLine(v)
	if err != nil {
		panic(err) // rows hold nothing that JSON cannot write
	}
	return b
}
