package assess

import (
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
)

func TestACC01(t *testing.T) {
	runCases(t, "ACC-01.k1", []checkCase{
		{name: "nobody but Kubernetes itself", result: schema.ResultPass, rbac: `
			clusterrole cluster-admin builtin: * * *
			crb cluster-admin builtin -> cluster-admin: Group system:masters`},
		{name: "holders that nobody approved", result: schema.ResultFail, rbac: `
			clusterrole everything: * * *
			crb ops -> everything: Group dev
			=> fail critical | Group dev ClusterRoleBinding/ops to ClusterRole/everything | Group dev, by ClusterRoleBinding ops, has ClusterRole everything in the whole cluster: administrator rights, and the holder is not on the approved list.
			rb prod/all -> ClusterRole everything: ServiceAccount bot
			=> fail high | ServiceAccount prod/bot RoleBinding/prod/all to ClusterRole/everything | ServiceAccount prod/bot, by RoleBinding all, has ClusterRole everything in namespace prod: every right in that namespace, and the holder is not on the approved list.
			rb kube-system/all -> ClusterRole everything: User ann
			=> fail critical | User ann RoleBinding/kube-system/all to ClusterRole/everything | User ann, by RoleBinding all, has ClusterRole everything in namespace kube-system: administrator rights, and the holder is not on the approved list.
			clusterrole almost: * * get,list; apps * *
			crb almost -> almost: User bob`},
		{name: "a name that begins with system: is not built in", result: schema.ResultFail, rbac: `
			clusterrole cluster-admin builtin: * * *
			crb system:ops builtin -> cluster-admin: User system:ops
			=> fail critical | User system:ops ClusterRoleBinding/system:ops to ClusterRole/cluster-admin | User system:ops, by ClusterRoleBinding system:ops, has ClusterRole cluster-admin in the whole cluster: administrator rights, and the holder is not on the approved list.`},
		{name: "approved, expired, and a group whose members nobody listed", result: schema.ResultPartial, rbac: `
			clusterrole everything: * * *
			crb a -> everything: User ann
			crb b -> everything: User bob
			=> partial critical | User bob ClusterRoleBinding/b to ClusterRole/everything | User bob, by ClusterRoleBinding b, has ClusterRole everything in the whole cluster: administrator rights, and the approval of the holder has expired.
			crb c -> everything: Group listed
			crb d -> everything: Group unlisted
			=> needs_review critical | Group unlisted ClusterRoleBinding/d to ClusterRole/everything | Group unlisted, by ClusterRoleBinding d, has ClusterRole everything in the whole cluster: approved administrator rights, but no current list of the members of the group is supplied (ACC-01.d1).`,
			more: func(w *world) {
				w.approve(schema.ApproveAdministrator, "User", "", "ann", 0)
				w.approve(schema.ApproveAdministrator, "User", "", "bob", -1)
				w.approve(schema.ApproveAdministrator, "Group", "", "listed", 30)
				w.approve(schema.ApproveAdministrator, "Group", "", "unlisted", 30)
				w.members("listed")
			}},
		{name: "bindings that may not be read", result: schema.ResultNotCollected, rbac: `
			clusterrole everything: * * *
			crb ops -> everything: Group dev`, more: func(w *world) { w.refuse("clusterrolebindings.rbac.authorization.k8s.io") }},
	})
	runCases(t, "ACC-01.k2", []checkCase{
		{name: "no trace is not a pass", result: schema.ResultNeedsReview, rbac: `
			clusterrole cluster-admin builtin: * * *
			crb cluster-admin builtin -> cluster-admin: Group system:masters
			=> needs_review critical | Cluster c | No binding beside the default one and no visible certificate request names system:masters. The API does not list certificates that were issued earlier, so the issuer of client certificates has to say whether any are in that group.`},
		{name: "a binding and a certificate", result: schema.ResultFail, rbac: `
			crb more -> view: Group system:masters
			=> fail critical | Group system:masters ClusterRoleBinding/more to ClusterRole/view | system:masters is granted through ClusterRoleBinding more; it bypasses authorization and cannot be revoked by RBAC.`,
			more: func(w *world) {
				w.Evidence.CertificateRequests = []schema.CertificateRequest{
					{Cluster: "c", Name: "csr-1", Requester: "ann", CommonName: "root", Organizations: []string{"system:masters"}, Approved: true},
					{Cluster: "c", Name: "csr-2", Requester: "ann", CommonName: "ann", Organizations: []string{"dev"}},
				}
			}, want: []string{"fail critical | CertificateSigningRequest csr-1 | system:masters is granted through the certificate request csr-1 of ann for root (approved); it bypasses authorization and cannot be revoked by RBAC."}},
		{name: "certificate requests that may not be read", result: schema.ResultNotCollected, more: func(w *world) { w.refuse("certificatesigningrequests.certificates.k8s.io") }},
	})
	runCases(t, "ACC-01.k3", []checkCase{
		{name: "broad groups", result: schema.ResultFail, rbac: `
			clusterrole everything: * * *
			crb a -> everything: Group system:serviceaccounts:prod
			=> fail critical | Group system:serviceaccounts:prod ClusterRoleBinding/a to ClusterRole/everything | Broad group system:serviceaccounts:prod is bound to ClusterRole everything by ClusterRoleBinding a; every member is an administrator.
			crb b -> everything: Group system:authenticated
			=> fail critical | Group system:authenticated ClusterRoleBinding/b to ClusterRole/everything | Broad group system:authenticated is bound to ClusterRole everything by ClusterRoleBinding b; every member is an administrator.
			crb c -> everything: Group dev
			clusterrole reader: core pods get
			crb d -> reader: Group system:nodes`},
		{name: "none", result: schema.ResultPass, rbac: "crb d -> view: Group system:nodes"},
	})
}

func TestACC02(t *testing.T) {
	runCases(t, "ACC-02.k1", []checkCase{
		{name: "wildcards", result: schema.ResultFail, rbac: `
			clusterrole bound: * pods get
			crb x -> bound: Group dev, User ann
			=> fail high | ClusterRole bound | ClusterRole bound uses wildcard apiGroups and is bound to Group dev, User ann.
			role dev/unbound: core * get; core pods *
			=> fail low | Role dev/unbound | Role dev/unbound uses wildcard resources, verbs and is bound to nobody.
			clusterrole plain: core pods get
			clusterrole scheduler: core pods *
			=> fail low | ClusterRole scheduler | ClusterRole scheduler uses wildcard verbs and is bound to nobody.
			crb y -> scheduler: User system:kube-scheduler
			clusterrole cluster-admin builtin: * * *
			crb z -> cluster-admin: Group dev`},
		{name: "what was added to a default role", result: schema.ResultFail, rbac: `
			clusterrole system:discovery builtin: core * get
			crb system:discovery builtin -> system:discovery: Group system:authenticated
			=> fail high | ClusterRole system:discovery | What was added to the default ClusterRole system:discovery uses wildcard resources and is bound to Group system:authenticated.`},
		{name: "a forged label", result: schema.ResultFail, rbac: `
			clusterrole mine builtin: core * get
			=> fail low | ClusterRole mine | ClusterRole mine uses wildcard resources and is bound to nobody.`},
		{name: "only default roles", result: schema.ResultNotApplicable, rbac: "clusterrole cluster-admin builtin: * * *"},
		{name: "none", result: schema.ResultPass, rbac: "clusterrole plain: core pods get"},
	})
	runCases(t, "ACC-02.k2", []checkCase{
		{name: "primitives", result: schema.ResultFail, rbac: `
			clusterrole deploy: apps deployments create,patch; core pods/exec create; core pods get
			rb dev/d -> ClusterRole deploy: Group dev
			=> fail high | Group dev RoleBinding/dev/d to ClusterRole/deploy | Group dev, by RoleBinding d, has ClusterRole deploy in namespace dev and can: create pods/exec; create/patch deployments. Each of these allows privilege escalation.
			clusterrole everything: * * *
			crb e -> everything: Group ops
			=> fail high | Group ops ClusterRoleBinding/e to ClusterRole/everything | Group ops, by ClusterRoleBinding e, has ClusterRole everything in the whole cluster: with every right there comes every way to gain more.
			clusterrole nodes: core nodes/proxy get
			rb dev/n -> ClusterRole nodes: User ann
			clusterrole reader: core pods get
			crb r -> reader: User ann`},
		{name: "approved", result: schema.ResultPass, rbac: `
			clusterrole deploy: apps deployments create
			rb dev/d -> ClusterRole deploy: Group dev
			clusterrole everything: * * *
			crb e -> everything: Group ops`, more: func(w *world) {
			w.approve(schema.ApproveEscalation, "Group", "", "dev", 3)
			w.approve(schema.ApproveAdministrator, "Group", "", "ops", 3)
		}},
		{name: "expired", result: schema.ResultFail, rbac: `
			clusterrole deploy: core pods create
			rb dev/d -> ClusterRole deploy: Group dev
			=> fail high | Group dev RoleBinding/dev/d to ClusterRole/deploy | Group dev, by RoleBinding d, has ClusterRole deploy in namespace dev and can: create pods. Each of these allows privilege escalation.`,
			more: func(w *world) { w.approve(schema.ApproveEscalation, "Group", "", "dev", -1) }},
		{name: "added to a default role", result: schema.ResultFail, rbac: `
			clusterrole system:basic-user builtin: authorization.k8s.io selfsubjectaccessreviews create; core pods create
			crb system:basic-user builtin -> system:basic-user: Group system:authenticated
			=> fail high | Group system:authenticated ClusterRoleBinding/system:basic-user to ClusterRole/system:basic-user added rules | Group system:authenticated, by ClusterRoleBinding system:basic-user, has the rules that were added to ClusterRole system:basic-user in the whole cluster and can: create pods. Each of these allows privilege escalation.`},
		{name: "the default ones of components", result: schema.ResultPass, rbac: `
			crb system:kube-controller-manager builtin -> system:kube-controller-manager: User system:kube-controller-manager`},
	})
	runCases(t, "ACC-02.k3", []checkCase{
		{name: "stale", result: schema.ResultFail, rbac: `
			clusterrole reader: core pods get
			crb no-role -> gone: User ann, User bob
			=> fail medium | ClusterRoleBinding no-role | ClusterRoleBinding no-role still refers to ClusterRole gone, which does not exist.
			rb dev/no-account -> ClusterRole reader: ServiceAccount bot, ServiceAccount old/bot
			=> fail medium | RoleBinding dev/no-account | RoleBinding dev/no-account still refers to Namespace old, ServiceAccount dev/bot, which does not exist.
			rb dev/fine -> ClusterRole reader: ServiceAccount app, ServiceAccount default, Group system:authenticated`,
			more: func(w *world) {
				w.Evidence.ServiceAccounts = []schema.ServiceAccount{{Cluster: "c", Namespace: "dev", Name: "app"}}
			}, want: []string{
				"needs_review medium | User ann | Whether User ann still exists cannot be seen in the cluster; no export of the identity provider covers it. Bound by ClusterRoleBinding no-role.",
				"needs_review medium | User bob | Whether User bob still exists cannot be seen in the cluster; no export of the identity provider covers it. Bound by ClusterRoleBinding no-role.",
			}},
		{name: "a group that the export covers", result: schema.ResultPass, rbac: `
			clusterrole reader: core pods get
			crb a -> reader: Group dev`, more: func(w *world) { w.members("dev") }},
		{name: "default accounts that were never made", result: schema.ResultNotApplicable, rbac: `
			crb system:controller:job-controller builtin -> system:controller:job-controller: ServiceAccount kube-system/job-controller`},
		{name: "a subject added to a default binding", result: schema.ResultPass, rbac: `
			crb system:controller:job-controller builtin -> system:controller:job-controller: ServiceAccount kube-system/job-controller, ServiceAccount dev/default`},
		{name: "manifests that describe no namespace", result: schema.ResultPass, rbac: `
			clusterrole reader: core pods get
			crb a -> reader: ServiceAccount argocd/server`, more: func(w *world) { w.Evidence.Namespaces = nil }},
		{name: "service accounts that may not be read", result: schema.ResultNotCollected, rbac: "crb a -> view: ServiceAccount dev/bot", more: func(w *world) { w.refuse("serviceaccounts") }},
	})
	runCases(t, "ACC-02.k4", []checkCase{
		{name: "edit in the whole cluster, and what view was given", result: schema.ResultFail, rbac: `
			crb wide -> edit: Group dev
			=> fail medium | Group dev ClusterRoleBinding/wide to ClusterRole/edit | Group dev, by ClusterRoleBinding wide, has ClusterRole edit in the whole cluster; the role is meant for one namespace.
			rb dev/narrow -> ClusterRole edit: Group dev
			clusterrole peek to-view: core secrets get,list; core pods/exec create
			=> fail medium | ClusterRole peek | peek silently extends built-in role view with get, list secrets; create pods/exec.
			clusterrole crds to-view to-edit: example.com things get
			clusterrole elsewhere to-mine: core secrets get`},
		{name: "harmless", result: schema.ResultPass, rbac: "clusterrole crds to-view: example.com things get"},
		{name: "the default feeding role, changed", result: schema.ResultFail, rbac: `
			clusterrole system:aggregate-to-view builtin to-view: core secrets get
			=> fail medium | ClusterRole system:aggregate-to-view | system:aggregate-to-view silently extends built-in role view with get secrets.`},
		{name: "the default feeding role, as it is", result: schema.ResultNotApplicable, rbac: "clusterrole system:aggregate-to-view builtin to-view: core pods get"},
	})
}

func TestACC03(t *testing.T) {
	runCases(t, "ACC-03.k1", []checkCase{
		{name: "users", result: schema.ResultFail, rbac: `
			clusterrole writer: core configmaps update
			clusterrole reader: core pods get
			crb a -> writer: User root
			crb b -> reader: User root, User guest, User ann@corp.example
			=> fail medium | User root | User subject root (ClusterRoleBinding a, ClusterRoleBinding b) does not match the identity provider naming; likely a certificate or static user.
			=> needs_review medium | User guest | User subject guest (ClusterRoleBinding b) does not match the identity provider naming; likely a certificate or static user.
			crb c -> writer: User system:kube-scheduler, User ann@corp.example, Group dev, User system:anonymous`,
			more: func(w *world) { w.Plan.Spec.Access.UserPattern = `@corp\.example$` }},
		{name: "no pattern in the plan", result: schema.ResultNeedsReview, rbac: `
			clusterrole writer: core configmaps update
			crb a -> writer: User root
			=> needs_review medium | User root | User subject root: the plan does not say how the identity provider names users (access.userPattern), so a certificate or static user cannot be told apart.`},
		{name: "groups only", result: schema.ResultPass, rbac: "crb a -> view: Group dev"},
	})
	mapping := func(section, arn string, groups ...string) schema.IdentityMapping {
		return schema.IdentityMapping{Cluster: "c", Section: section, ARN: arn, Groups: groups}
	}
	runCases(t, "ACC-03.k2", []checkCase{
		{name: "EKS", result: schema.ResultFail, more: func(w *world) {
			w.Evidence.Clusters[0].Distribution = "eks"
			w.Evidence.IdentityMappings = []schema.IdentityMapping{
				mapping("mapRoles", "arn:role/dev", "dev"), mapping("mapRoles", "arn:role/admin", "system:masters"), mapping("mapUsers", "arn:user/ann", "dev"), mapping("mapAccounts", "1234"),
			}
		}, want: []string{
			"fail high | ConfigMap kube-system/aws-auth mapAccounts/1234 | aws-auth mapAccounts maps 1234 to no group.",
			"fail high | ConfigMap kube-system/aws-auth mapRoles/arn:role/admin | aws-auth mapRoles maps arn:role/admin to system:masters.",
			"fail high | ConfigMap kube-system/aws-auth mapUsers/arn:user/ann | aws-auth mapUsers maps arn:user/ann to dev.",
		}},
		{name: "EKS with roles only", result: schema.ResultPass, more: func(w *world) {
			w.Evidence.Clusters[0].Distribution = "eks"
			w.Evidence.IdentityMappings = []schema.IdentityMapping{mapping("mapRoles", "arn:role/dev", "dev")}
		}},
		{name: "EKS without aws-auth", result: schema.ResultNeedsReview, more: func(w *world) { w.Evidence.Clusters[0].Distribution = "eks" },
			want: []string{"needs_review high | Cluster c | There is no aws-auth mapping, which proves nothing: access entries of EKS are kept by the AWS API. See ACC-03.d2."}},
		{name: "another distribution", result: schema.ResultNotApplicable, more: func(w *world) {
			w.Evidence.IdentityMappings = []schema.IdentityMapping{mapping("mapUsers", "arn:user/ann")}
		}},
	})
	token := func(name string, age time.Duration) schema.Secret {
		return schema.Secret{Cluster: "c", Namespace: "kube-system", Name: name, Type: "bootstrap.kubernetes.io/token", Created: asOf.Add(-age)}
	}
	runCases(t, "ACC-03.k3", []checkCase{
		{name: "ages", result: schema.ResultFail, more: func(w *world) {
			w.Evidence.Secrets = []schema.Secret{token("new", 24*time.Hour), token("old", 30*time.Hour), token("older", 90*24*time.Hour),
				{Cluster: "c", Namespace: "kube-system", Name: "undated", Type: "bootstrap.kubernetes.io/token"}, {Cluster: "c", Namespace: "dev", Name: "app", Type: "Opaque"}}
		}, want: []string{
			"fail medium | Secret kube-system/old | Bootstrap token old is 30 hours old.",
			"fail medium | Secret kube-system/older | Bootstrap token older is 90 days old.",
			"needs_review medium | Secret kube-system/undated | The age of bootstrap token undated is not known.",
		}},
		{name: "none", result: schema.ResultPass},
		{name: "a managed cluster without", result: schema.ResultNotApplicable, more: func(w *world) { w.Evidence.Clusters[0].Distribution = "gke" }},
		{name: "a managed cluster", result: schema.ResultNotApplicable, more: func(w *world) {
			w.Evidence.Clusters[0].Distribution = "aks"
			w.Evidence.Secrets = []schema.Secret{token("old", 90*24*time.Hour)}
		}},
		{name: "secrets that were not asked for", result: schema.ResultNotCollected, more: func(w *world) { w.refuse("secrets") }},
	})
}

func TestACC05(t *testing.T) {
	register := func(w *world) {
		w.Plan.Spec.Access.BreakGlass = []schema.BreakGlass{{Binding: "emergency", Subjects: []string{"oncall"}}, {Cluster: "other", Binding: "theirs", Subjects: []string{"x"}}}
	}
	runCases(t, "ACC-05.k1", []checkCase{
		{name: "as registered", result: schema.ResultPass, rbac: "crb emergency -> cluster-admin: Group oncall", more: register},
		{name: "shared, and with a service account", result: schema.ResultFail, more: register, rbac: `
			crb emergency -> cluster-admin: Group oncall, User ann, ServiceAccount dev/oncall
			=> fail high | ClusterRoleBinding emergency | Break-glass binding emergency has unexpected subjects ServiceAccount dev/oncall, User ann.`},
		{name: "registered and gone", result: schema.ResultFail, more: register, want: []string{
			"fail high | ClusterRoleBinding emergency | Break-glass binding emergency is registered and does not exist."}},
		{name: "not registered", result: schema.ResultFail, rbac: `
			crb breakglass-2 -> cluster-admin: Group oncall
			=> fail high | ClusterRoleBinding breakglass-2 | ClusterRoleBinding breakglass-2 is for emergencies by its name or label, and is not registered as such.
			crb plain -> view: Group dev`},
		{name: "labelled and not registered", result: schema.ResultFail, rbac: "crb night-shift -> cluster-admin: Group oncall", more: func(w *world) {
			w.Evidence.Bindings[0].Labels = map[string]string{"auditpack.dev/break-glass": "true"}
		}, want: []string{"fail high | ClusterRoleBinding night-shift | ClusterRoleBinding night-shift is for emergencies by its name or label, and is not registered as such."}},
		{name: "none at all", result: schema.ResultNeedsReview, want: []string{
			"needs_review high | Cluster c | The plan registers no break-glass binding (access.breakGlass) and none calls itself one; how emergency access works cannot be shown."}},
	})
}

func TestACC06(t *testing.T) {
	pod := func(namespace, name, account string, mounted bool) schema.Pod {
		return schema.Pod{Cluster: "c", Namespace: namespace, Name: name, Phase: "Running", OwnerKind: "Deployment", OwnerName: "shop", ServiceAccount: account, TokenMounted: mounted}
	}
	runCases(t, "ACC-06.k1", []checkCase{
		{name: "pods of one workload are one finding", result: schema.ResultFail, more: func(w *world) {
			bare := pod("prod", "bare", "", true)
			bare.OwnerKind, bare.OwnerName = "", ""
			done := pod("prod", "done", "default", true)
			done.Phase, done.OwnerName = "Succeeded", "job"
			other := pod("prod", "other", "own", true)
			other.OwnerName = "own"
			w.Evidence.Pods = []schema.Pod{pod("prod", "shop-1", "default", true), pod("prod", "shop-2", "default", true), bare, done, other,
				pod("dev", "quiet", "default", false), pod("kube-system", "dns", "default", true)}
		}, want: []string{
			"fail medium | Deployment prod/shop | Deployment prod/shop runs as the default service account with a mounted token.",
			"fail medium | Pod prod/bare | Pod prod/bare runs as the default service account with a mounted token.",
		}},
		{name: "manifests that never ran", result: schema.ResultFail, more: func(w *world) {
			w.Evidence.Pods = []schema.Pod{{Cluster: "c", Namespace: "prod", Name: "bare", ServiceAccount: "default"}}
			w.Evidence.ServiceAccounts = []schema.ServiceAccount{{Cluster: "c", Namespace: "dev", Name: "default", AutomountToken: "false"}}
			w.Evidence.Workloads = []schema.Workload{
				{Cluster: "c", Namespace: "prod", Kind: "Pod", Name: "bare", ServiceAccount: "default", AutomountToken: "unset"},
				{Cluster: "c", Namespace: "prod", Kind: "Deployment", Name: "shop", ServiceAccount: "default", AutomountToken: "true"},
				{Cluster: "c", Namespace: "prod", Kind: "Deployment", Name: "quiet", ServiceAccount: "default", AutomountToken: "false"},
				{Cluster: "c", Namespace: "prod", Kind: "Deployment", Name: "own", ServiceAccount: "own", AutomountToken: "unset"},
				{Cluster: "c", Namespace: "dev", Kind: "Deployment", Name: "by-account", ServiceAccount: "default", AutomountToken: "unset"},
			}
		}, want: []string{
			"fail medium | Deployment prod/shop | Deployment prod/shop would run as the default service account with a mounted token.",
			"fail medium | Pod prod/bare | Pod prod/bare would run as the default service account with a mounted token.",
		}},
		{name: "no token", result: schema.ResultPass, more: func(w *world) { w.Evidence.Pods = []schema.Pod{pod("prod", "a", "default", false)} }},
		{name: "out of scope", result: schema.ResultNotApplicable, more: func(w *world) { w.Evidence.Pods = []schema.Pod{pod("kube-system", "a", "default", true)} }},
		{name: "pods that may not be read", result: schema.ResultNotCollected, more: func(w *world) { w.refuse("pods") }},
	})
	runCases(t, "ACC-06.k2", []checkCase{
		{name: "bound", result: schema.ResultFail, rbac: `
			clusterrole reader: core pods get
			rb dev/a -> ClusterRole reader: ServiceAccount default, ServiceAccount bot
			=> fail high | ServiceAccount dev/default RoleBinding/dev/a to ClusterRole/reader | Default service account of dev is bound to ClusterRole reader by RoleBinding a.
			rb dev/b -> Role gone: ServiceAccount default
			crb c -> reader: User system:serviceaccount:prod:default
			=> fail high | ServiceAccount prod/default ClusterRoleBinding/c to ClusterRole/reader | Default service account of prod is bound to ClusterRole reader by ClusterRoleBinding c.
			crb d -> reader: User default`},
		{name: "not bound", result: schema.ResultPass, rbac: "rb dev/a -> ClusterRole view: Group dev"},
	})
	token := func(name, account, used string, tier schema.SecretsTier) schema.Secret {
		return schema.Secret{Cluster: "c", Namespace: "dev", Name: name, Type: "kubernetes.io/service-account-token", ServiceAccount: account, LastUsed: used, Tier: tier}
	}
	runCases(t, "ACC-06.k3", []checkCase{
		{name: "with metadata", result: schema.ResultFail, rbac: "crb a -> cluster-admin: ServiceAccount dev/root", more: func(w *world) {
			w.Evidence.Secrets = []schema.Secret{token("a", "root", "2026-11-20", schema.SecretsRotation), token("b", "bot", "2026-01-20", schema.SecretsRotation),
				token("d", "bot", "", schema.SecretsRotation), {Cluster: "c", Namespace: "dev", Name: "app", Type: "Opaque"}}
		}, want: []string{
			"fail critical | Secret dev/a | Long-lived token dev/a for service account root, an administrator; last use 2026-11-20.",
			"fail high | Secret dev/b | Long-lived token dev/b for service account bot; last use 2026-01-20, so it is stale.",
			"fail high | Secret dev/d | Long-lived token dev/d for service account bot; last use never, so it is stale.",
		}},
		{name: "inventory only", result: schema.ResultFail, more: func(w *world) {
			w.Evidence.Secrets = []schema.Secret{token("a", "", "", schema.SecretsInventory)}
		}, want: []string{"fail high | Secret dev/a | Long-lived token dev/a for an account that this tier does not show; last use is not known."}},
		{name: "none", result: schema.ResultPass, more: func(w *world) {
			w.Evidence.Secrets = []schema.Secret{{Cluster: "c", Namespace: "dev", Name: "app", Type: "Opaque"}}
		}},
		{name: "secrets that may not be read", result: schema.ResultNotCollected, more: func(w *world) { w.refuse("secrets") }},
	})
	account := func(namespace, name, role string) schema.ServiceAccount {
		return schema.ServiceAccount{Cluster: "c", Namespace: namespace, Name: name, CloudProvider: "aws", CloudIdentity: role}
	}
	runCases(t, "ACC-06.k4", []checkCase{
		{name: "shared", result: schema.ResultFail, more: func(w *world) {
			w.Evidence.Namespaces = append(w.Evidence.Namespaces, schema.Namespace{Cluster: "c", Name: "prod-2", Environment: "production", InScope: true})
			w.Evidence.ServiceAccounts = []schema.ServiceAccount{account("dev", "a", "arn:both"), account("prod", "a", "arn:both"),
				account("prod", "b", "arn:prod"), account("prod-2", "b", "arn:prod"), account("prod", "c", "arn:own"), account("prod", "d", "arn:own"), account("dev", "none", "")}
		}, want: []string{
			"fail medium | CloudIdentity arn:both aws | Cloud identity arn:both is shared by the namespaces dev, prod of the environments development, production.",
			"needs_review medium | CloudIdentity arn:prod aws | Cloud identity arn:prod is shared by the namespaces prod, prod-2.",
		}},
		{name: "one namespace each", result: schema.ResultPass, more: func(w *world) {
			w.Evidence.ServiceAccounts = []schema.ServiceAccount{account("dev", "a", "arn:1"), account("prod", "a", "arn:2")}
		}},
		{name: "no cloud identities", result: schema.ResultNotApplicable, more: func(w *world) { w.Evidence.ServiceAccounts = []schema.ServiceAccount{account("dev", "a", "")} }},
	})
}

func TestACC07(t *testing.T) {
	argo := func(w *world) {
		w.Evidence.ServiceAccounts = append(w.Evidence.ServiceAccounts, schema.ServiceAccount{Cluster: "c", Namespace: "argocd", Name: "argocd-application-controller"})
	}
	project := func(repos, destinations, kinds string) schema.ApplicationProject {
		return schema.ApplicationProject{Cluster: "c", Namespace: "argocd", Name: "shop", SourceRepos: []string{repos}, Destinations: []string{destinations}, ClusterResources: []string{kinds}}
	}
	app := func(project, namespace string) schema.Application {
		return schema.Application{Cluster: "c", Namespace: "argocd", Kind: "Application", Name: "app-" + project + namespace, Project: project, DestinationNamespace: namespace, DestinationServer: "https://kubernetes.default.svc"}
	}
	limited := func(w *world) {
		argo(w)
		w.Evidence.ApplicationProjects = []schema.ApplicationProject{project("https://git.example.com/shop", "https://kubernetes.default.svc|prod", "/Namespace")}
		w.Evidence.Applications = []schema.Application{app("shop", "prod")}
	}
	runCases(t, "ACC-07.k1", []checkCase{
		{name: "registered and limited", result: schema.ResultPartial, rbac: "crb a -> cluster-admin: ServiceAccount argocd/argocd-application-controller",
			more: func(w *world) {
				limited(w)
				w.approve(schema.ApproveDeployer, "ServiceAccount", "argocd", "argocd-application-controller", 9)
			}, want: []string{"partial high | ServiceAccount argocd/argocd-application-controller | Deployer argocd/argocd-application-controller is cluster-admin-equivalent; it is registered and its tenants are limited."}},
		{name: "limited and not registered", result: schema.ResultFail, rbac: "crb a -> cluster-admin: ServiceAccount argocd/argocd-application-controller",
			more: limited, want: []string{"fail high | ServiceAccount argocd/argocd-application-controller | Deployer argocd/argocd-application-controller is cluster-admin-equivalent and is not registered as a deployer."}},
		{name: "registered, with an open project", result: schema.ResultFail, rbac: "crb a -> cluster-admin: ServiceAccount argocd/argocd-application-controller",
			more: func(w *world) {
				limited(w)
				w.Evidence.Applications = append(w.Evidence.Applications, app("default", "prod"))
				w.approve(schema.ApproveDeployer, "ServiceAccount", "argocd", "argocd-application-controller", 9)
			}, want: []string{"fail high | ServiceAccount argocd/argocd-application-controller | Deployer argocd/argocd-application-controller is cluster-admin-equivalent without tenancy limits."}},
		{name: "without limits, and named by the plan", result: schema.ResultFail, rbac: `
			crb a -> cluster-admin: ServiceAccount argocd/argocd-application-controller, ServiceAccount ci/robot, ServiceAccount ci/other`,
			more: func(w *world) {
				argo(w)
				w.Plan.Spec.Access.Deployers = []string{"ci/robot"}
				w.Evidence.ServiceAccounts = append(w.Evidence.ServiceAccounts, schema.ServiceAccount{Cluster: "c", Namespace: "ci", Name: "robot"}, schema.ServiceAccount{Cluster: "c", Namespace: "ci", Name: "other"})
				w.approve(schema.ApproveDeployer, "ServiceAccount", "ci", "robot", 9)
			}, want: []string{
				"fail high | ServiceAccount argocd/argocd-application-controller | Deployer argocd/argocd-application-controller is cluster-admin-equivalent without tenancy limits.",
				"fail high | ServiceAccount ci/robot | Deployer ci/robot is cluster-admin-equivalent without tenancy limits.",
			}},
		{name: "bounded", result: schema.ResultPass, rbac: "rb prod/a -> ClusterRole edit: ServiceAccount argocd/argocd-application-controller", more: argo},
		{name: "no deployer", result: schema.ResultNotApplicable, more: func(w *world) {
			w.Evidence.ServiceAccounts = []schema.ServiceAccount{{Cluster: "c", Namespace: "dev", Name: "app"}}
		}},
	})
	runCases(t, "ACC-07.k2", []checkCase{
		{name: "limited", result: schema.ResultPass, more: limited},
		{name: "open project, and the default one", result: schema.ResultFail, more: func(w *world) {
			w.Evidence.ApplicationProjects = []schema.ApplicationProject{project("*", "*|*", "*/*")}
			w.Evidence.Applications = []schema.Application{app("shop", "prod"), app("default", "prod"), app("default", "dev")}
		}, want: []string{
			"fail high | AppProject argocd/default | Argo CD project default places no limit on anything, as it is the one for applications without a project.",
			"fail high | AppProject argocd/shop | Argo CD project shop places no limit on source repositories, destinations, cluster resources.",
		}},
		{name: "applications in other namespaces, and of no project", result: schema.ResultNeedsReview, more: func(w *world) {
			limited(w)
			elsewhere := app("shop", "prod")
			elsewhere.Namespace = "prod"
			w.Evidence.Applications = []schema.Application{elsewhere, app("gone", "prod")}
		}, want: []string{"needs_review high | AppProject argocd/gone | Argo CD project gone, which production applications name, is not among the projects."}},
		{name: "every namespace of one cluster", result: schema.ResultPartial, more: func(w *world) {
			w.Evidence.ApplicationProjects = []schema.ApplicationProject{project("https://git.example.com/shop", "https://kubernetes.default.svc|*", "/Namespace")}
			w.Evidence.Applications = []schema.Application{app("shop", "prod")}
		}, want: []string{"partial high | AppProject argocd/shop | Argo CD project shop places no limit on namespaces of https://kubernetes.default.svc."}},
		{name: "development only", result: schema.ResultNotApplicable, more: func(w *world) { w.Evidence.Applications = []schema.Application{app("default", "dev")} }},
		{name: "another cluster may be production", result: schema.ResultFail, more: func(w *world) {
			remote := app("default", "dev")
			remote.DestinationServer = "https://203.0.113.7"
			w.Evidence.Applications = []schema.Application{remote}
		}, want: []string{"fail high | AppProject argocd/default | Argo CD project default places no limit on anything, as it is the one for applications without a project."}},
		{name: "Flux", result: schema.ResultNeedsReview, more: func(w *world) {
			flux := func(namespace, name, account string) schema.Application {
				return schema.Application{Cluster: "c", Namespace: namespace, Kind: "Kustomization", Name: name, ServiceAccount: account}
			}
			w.Evidence.Workloads = []schema.Workload{{Cluster: "c", Namespace: "gitops", Kind: "Deployment", Name: "kustomize-controller"}}
			w.Evidence.Applications = []schema.Application{flux("dev", "open", ""), flux("dev", "own", "deployer"), flux("flux-system", "platform", ""), flux("gitops", "platform", "")}
		}, want: []string{"needs_review high | Kustomization dev/open | Kustomization dev/open names no service account: it is applied with the rights of the controller, unless that runs with --default-service-account, which was not collected."}},
		{name: "no such tool", result: schema.ResultNotApplicable},
	})
	runner := func(namespace, account string, privileged bool, labels map[string]string) schema.Pod {
		return schema.Pod{Cluster: "c", Namespace: namespace, Name: "r-" + account, ServiceAccount: account, Privileged: privileged, Labels: labels}
	}
	runners := func(w *world) {
		w.Plan.Spec.Access.RunnerNamespaces = []string{"ci"}
		w.Evidence.Pods = []schema.Pod{runner("ci", "dind", true, nil), runner("ci", "writer", false, nil), runner("ci", "plain", false, nil),
			runner("dev", "labelled", true, map[string]string{"actions.github.com/scale-set-name": "set"}), runner("dev", "app", true, nil)}
	}
	runCases(t, "ACC-07.k3", []checkCase{
		{name: "in a cluster with production", result: schema.ResultFail, more: runners, rbac: `
			clusterrole writer: core configmaps update
			rb prod/w -> ClusterRole writer: ServiceAccount ci/writer
			=> fail high | ServiceAccount ci/dind | Runners of ServiceAccount ci/dind in a production cluster are privileged.
			=> fail high | ServiceAccount ci/writer | Runners of ServiceAccount ci/writer in a production cluster may change objects.
			=> fail high | ServiceAccount dev/labelled | Runners of ServiceAccount dev/labelled in a production cluster are privileged.`},
		{name: "in a cluster without production", result: schema.ResultNotApplicable, more: func(w *world) {
			runners(w)
			w.Evidence.Namespaces = w.Evidence.Namespaces[:2]
		}},
		{name: "plain runners", result: schema.ResultPass, more: func(w *world) {
			w.Evidence.Pods = []schema.Pod{runner("dev", "x", false, map[string]string{"job.runner.gitlab.com/id": "7"})}
		}},
	})
}

func TestACC08(t *testing.T) {
	runCases(t, "ACC-08.k1", []checkCase{
		{name: "beyond the defaults", result: schema.ResultFail, rbac: `
			clusterrole system:discovery builtin:
			clusterrole reader: core pods get
			clusterrole secrets: core secrets get x
			crb system:discovery builtin -> system:discovery: Group system:authenticated, Group system:unauthenticated
			=> fail high | Group system:unauthenticated ClusterRoleBinding/system:discovery to ClusterRole/system:discovery | Group system:unauthenticated, by ClusterRoleBinding system:discovery, has ClusterRole system:discovery in the whole cluster, beyond the defaults of Kubernetes.
			crb oidc -> system:service-account-issuer-discovery: Group system:unauthenticated
			rb dev/r -> ClusterRole reader: User system:anonymous
			=> fail high | User system:anonymous RoleBinding/dev/r to ClusterRole/reader | User system:anonymous, by RoleBinding r, has ClusterRole reader in namespace dev, beyond the defaults of Kubernetes.
			rb dev/s -> ClusterRole secrets: Group system:authenticated
			=> fail critical | Group system:authenticated RoleBinding/dev/s to ClusterRole/secrets | Group system:authenticated, by RoleBinding s, has ClusterRole secrets in namespace dev, beyond the defaults of Kubernetes.
			crb other -> reader: Group dev`},
		{name: "a default role that somebody extended", result: schema.ResultFail, rbac: `
			clusterrole system:basic-user builtin: authorization.k8s.io selfsubjectaccessreviews create; core configmaps update
			crb system:basic-user builtin -> system:basic-user: Group system:authenticated
			=> fail critical | Group system:authenticated ClusterRoleBinding/system:basic-user to ClusterRole/system:basic-user added rules | Group system:authenticated, by ClusterRoleBinding system:basic-user, has the rules that were added to ClusterRole system:basic-user in the whole cluster, beyond the defaults of Kubernetes.`},
		{name: "the defaults", result: schema.ResultPass, rbac: `
			crb system:discovery builtin -> system:discovery: Group system:authenticated
			crb system:public-info-viewer builtin -> system:public-info-viewer: Group system:authenticated, Group system:unauthenticated`},
	})
	flags := func(pod string, set map[string]string) []schema.ControlPlaneFlag {
		out := []schema.ControlPlaneFlag{{Cluster: "c", Component: "kube-apiserver", Pod: pod, Flag: "--secure-port", Value: "6443"}}
		for k, v := range set {
			out = append(out, schema.ControlPlaneFlag{Cluster: "c", Component: "kube-apiserver", Pod: pod, Flag: "--" + k, Value: v})
		}
		return out
	}
	runCases(t, "ACC-08.k2", []checkCase{
		{name: "as recommended", result: schema.ResultPass, more: func(w *world) {
			w.Evidence.ControlPlaneFlags = flags("kube-apiserver-a", map[string]string{"anonymous-auth": "false", "authorization-mode": "Node,RBAC"})
		}},
		{name: "defaults and a token file", result: schema.ResultFail, more: func(w *world) {
			w.Evidence.ControlPlaneFlags = flags("kube-apiserver-a", map[string]string{"token-auth-file": "/etc/tokens", "authorization-mode": "Node,RBAC,AlwaysAllow"})
		}, want: []string{
			"fail high | Pod kube-system/kube-apiserver-a --anonymous-auth | API server flag --anonymous-auth=(unset).",
			"fail high | Pod kube-system/kube-apiserver-a --authorization-mode | API server flag --authorization-mode=Node,RBAC,AlwaysAllow.",
			"fail high | Pod kube-system/kube-apiserver-a --token-auth-file | API server flag --token-auth-file=/etc/tokens.",
		}},
		{name: "configuration files", result: schema.ResultNeedsReview, more: func(w *world) {
			w.Evidence.ControlPlaneFlags = flags("kube-apiserver-a", map[string]string{"authentication-config": "/etc/authn", "authorization-config": "/etc/authz"})
		}, want: []string{
			"needs_review high | Pod kube-system/kube-apiserver-a --anonymous-auth | Whether the API server limits anonymous requests to some paths is up to its file /etc/authn, which the API does not show.",
			"needs_review high | Pod kube-system/kube-apiserver-a --authorization-mode | Which authorizers the API server asks is up to its file /etc/authz, which the API does not show.",
		}},
		{name: "a managed control plane", result: schema.ResultNotCollected, more: func(w *world) {
			w.Evidence.ControlPlaneFlags = []schema.ControlPlaneFlag{{Cluster: "c", Component: "kube-scheduler", Pod: "s", Flag: "--v", Value: "2"}}
		}},
	})
}

func TestSEC03k1(t *testing.T) {
	runCases(t, "SEC-03.k1", []checkCase{
		{name: "readers", result: schema.ResultFail, rbac: `
			clusterrole secrets: core secrets get,list
			clusterrole one: core secrets get tls
			crb tool -> secrets: ServiceAccount dev/tool
			=> fail high | ServiceAccount dev/tool ClusterRoleBinding/tool to ClusterRole/secrets | ServiceAccount dev/tool can get, list secrets in the whole cluster through ClusterRoleBinding tool.
			rb prod/p -> ClusterRole secrets: Group dev, ServiceAccount prod/app
			=> fail high | Group dev RoleBinding/prod/p to ClusterRole/secrets | Group dev can get, list secrets in namespace prod through RoleBinding p.
			rb prod/n -> ClusterRole one: User ann
			=> fail high | User ann RoleBinding/prod/n to ClusterRole/one | User ann can read by name (tls) secrets in namespace prod through RoleBinding n.
			crb named -> one: ServiceAccount dev/named
			rb dev/d -> ClusterRole secrets: Group dev`},
		{name: "registered", result: schema.ResultPass, rbac: `
			clusterrole secrets: core secrets list
			crb a -> secrets: ServiceAccount eso/operator
			crb emergency -> secrets: Group oncall`, more: func(w *world) {
			w.approve(schema.ApproveSecretReader, "ServiceAccount", "eso", "operator", 1)
			w.Plan.Spec.Access.BreakGlass = []schema.BreakGlass{{Binding: "emergency", Subjects: []string{"oncall"}}}
		}},
		{name: "expired", result: schema.ResultFail, rbac: `
			clusterrole secrets: core secrets watch
			crb a -> secrets: ServiceAccount eso/operator
			=> fail high | ServiceAccount eso/operator ClusterRoleBinding/a to ClusterRole/secrets | ServiceAccount eso/operator can watch secrets in the whole cluster through ClusterRoleBinding a.`,
			more: func(w *world) { w.approve(schema.ApproveSecretReader, "ServiceAccount", "eso", "operator", -1) }},
		{name: "by way of pods", result: schema.ResultNeedsReview, rbac: `
			clusterrole deploy: apps deployments create
			rb prod/d -> ClusterRole deploy: ServiceAccount prod/ci, Group dev
			rb dev/d -> ClusterRole deploy: Group others
			clusterrole secrets: core secrets list
			rb prod/s -> ClusterRole secrets: ServiceAccount prod/both
			rb prod/b -> ClusterRole deploy: ServiceAccount prod/both
			=> needs_review low | Cluster c | Whoever can create pods can read the secrets of the namespace through them. In production these cannot read secrets otherwise: Group dev, ServiceAccount prod/ci. ACC-02.k2 lists their rights.`},
		{name: "nobody", result: schema.ResultPass, rbac: "clusterrole reader: core pods get"},
	})
}

func TestCHG02k3(t *testing.T) {
	runCases(t, "CHG-02.k3", []checkCase{
		{name: "people", result: schema.ResultFail, rbac: `
			clusterrole delete: core pods delete
			rb prod/p -> ClusterRole delete: Group dev, ServiceAccount prod/ci, User system:kube-scheduler
			=> fail high | Group dev RoleBinding/prod/p to ClusterRole/delete | Group dev can change production workloads directly through RoleBinding p.
			rb dev/d -> ClusterRole delete: User ann
			crb wide -> delete: Group system:authenticated
			=> fail high | Group system:authenticated ClusterRoleBinding/wide to ClusterRole/delete | Group system:authenticated can change production workloads directly through ClusterRoleBinding wide.`},
		{name: "emergencies", result: schema.ResultPass, rbac: "crb emergency -> cluster-admin: Group oncall", more: func(w *world) {
			w.Plan.Spec.Access.BreakGlass = []schema.BreakGlass{{Binding: "emergency", Subjects: []string{"oncall"}}}
		}},
		{name: "development only", result: schema.ResultPass, rbac: "rb dev/d -> ClusterRole edit: Group dev"},
	})
}

func TestACC01d1(t *testing.T) {
	const access = `
		clusterrole everything: * * *
		crb ops -> everything: Group dev
		crb all -> everything: Group system:authenticated
		clusterrole reader: core pods get
		crb read -> reader: Group readers`
	export := func(change func(*schema.DocumentRecord)) func(*world) {
		return func(w *world) {
			w.members("dev")
			change(&w.Documents.Spec.Documents[0])
		}
	}
	runCases(t, "ACC-01.d1", []checkCase{
		{name: "an export", result: schema.ResultPass, rbac: access, more: func(w *world) { w.members("dev") }},
		{name: "no export", result: schema.ResultNotCollected, rbac: access},
		{name: "an export of another group", result: schema.ResultNotCollected, rbac: access, more: func(w *world) { w.members("readers") }},
		{name: "an old export", result: schema.ResultPartial, rbac: access,
			more: export(func(d *schema.DocumentRecord) {
				d.AsOf, d.ApprovedOn = schema.DateOf(asOf).AddDays(-200), schema.DateOf(asOf).AddDays(-200)
			}),
			want: []string{"partial high | Group dev | Members of dev (members-dev), which covers dev, is out of date since " + schema.DateOf(asOf).AddDays(-110).String() + "."}},
		{name: "an export without a day", result: schema.ResultFail, rbac: access,
			more: export(func(d *schema.DocumentRecord) { d.AsOf = schema.Date{} }),
			want: []string{"fail high | Group dev | Members of dev (members-dev) is no evidence for dev: it does not say as of which day it is true."}},
		{name: "no group is an administrator", result: schema.ResultNotApplicable, rbac: "clusterrole reader: core pods get\ncrb read -> reader: Group readers"},
	})
}
