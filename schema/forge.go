package schema

import (
	"strconv"
	"time"
)

// The resources that forges are asked for, each repository by itself. What belongs
// to an organization is asked for under the name of the organization.
const (
	Repositories    = "repositories"
	BranchRules     = "branchrules"
	MergedChanges   = "mergedchanges"
	DirectPushes    = "directpushes"
	RuleBypasses    = "rulebypasses"
	DeployKeys      = "deploykeys"
	PipelineSecrets = "pipelinesecrets"
	ForgeAlerts     = "forgealerts"
	Environments    = "environments"
	Deployments     = "deployments"
	Workflows       = "workflows"
	ForgeMembers    = "forgemembers"
	ForgeWebhooks   = "forgewebhooks"
)

// NoPipelineSource is the reason of a check of kind pipeline where the plan has no forge.
const NoPipelineSource = "no pipeline source in the plan"

// ForgeKind says which API a forge speaks.
type ForgeKind string

// The kinds of forge.
const (
	GitHub ForgeKind = "github"
	GitLab ForgeKind = "gitlab"
)

// A Repository of a forge, with its settings for pipelines.
type Repository struct {
	// Forge is the name of the source that was asked.
	Forge string    `json:"forge"`
	Kind  ForgeKind `json:"kind"`
	// Repository is host/path, in lower case and without .git, such as github.example/shop/deploy.
	Repository    string `json:"repository"`
	DefaultBranch string `json:"defaultBranch"`
	Visibility    string `json:"visibility"` // public, internal or private
	Archived      bool   `json:"archived"`
	// SecretScanning and PushProtection are on, off or unknown.
	SecretScanning Switch `json:"secretScanning"`
	PushProtection Switch `json:"pushProtection"`
	// WorkflowToken is what the token of a workflow may do by default: read or write; empty where the forge has no such setting.
	WorkflowToken string `json:"workflowToken"`
	// WorkflowsApprove is true when workflows may approve changes.
	WorkflowsApprove bool `json:"workflowsApprove"`
	// AllowedActions is which actions workflows may use: all, local_only or selected; empty where the forge has no such setting.
	AllowedActions string `json:"allowedActions"`
	// PinsActions is whether GitHub refuses actions that are not pinned to a commit: on, off or unknown; absent where the forge has no such setting.
	PinsActions Switch `json:"pinsActions,omitempty"`
	// JobTokenLimited is whether job tokens of other projects are kept out (GitLab): on, off or unknown.
	JobTokenLimited Switch `json:"jobTokenLimited"`
}

// A Switch is on or off, or unknown where the forge does not say.
type Switch string

// The positions of a Switch.
const (
	On      Switch = "on"
	Off     Switch = "off"
	Unknown Switch = "unknown"
)

// A BranchRule is what must happen before a change reaches a branch: the union of
// protection, rulesets and approval rules that are in force.
type BranchRule struct {
	Forge      string    `json:"forge"`
	Kind       ForgeKind `json:"kind"`
	Repository string    `json:"repository"`
	Branch     string    `json:"branch"`
	// Protected is false for a branch that anybody with write access can push to.
	Protected bool `json:"protected"`
	// Approvals is how many approvals a change needs.
	Approvals int `json:"approvals"`
	// AuthorApproves is true when the author's own approval counts.
	AuthorApproves  bool `json:"authorApproves"`
	DismissStale    bool `json:"dismissStale"`    // a new commit takes approvals back
	CodeOwners      bool `json:"codeOwners"`      // owners of the changed files must approve
	LastPushApprove bool `json:"lastPushApprove"` // somebody other than the last to push must approve
	// RequiredChecks are the names of the checks that must succeed.
	RequiredChecks []string `json:"requiredChecks"`
	ForcePush      bool     `json:"forcePush"`
	Deletion       bool     `json:"deletion"`
	// AdminsIncluded is true when the rules hold for administrators too.
	AdminsIncluded bool `json:"adminsIncluded"`
	// Pushers and Bypassers may push directly, or pass over the rules: users, teams, apps, keys and roles.
	Pushers   []string `json:"pushers"`
	Bypassers []string `json:"bypassers"`
}

// A DirectPush is a first-parent commit of a branch that no merged change brought there.
type DirectPush struct {
	Forge      string    `json:"forge"`
	Repository string    `json:"repository"`
	Branch     string    `json:"branch"`
	Commit     string    `json:"commit"`
	Author     string    `json:"author"`
	Committed  time.Time `json:"committed"`
}

// A RuleBypass is a push that passed over the rules of a branch.
type RuleBypass struct {
	Forge      string    `json:"forge"`
	Repository string    `json:"repository"`
	Branch     string    `json:"branch"`
	ID         string    `json:"id"`
	Actor      string    `json:"actor"`
	Pushed     time.Time `json:"pushed"`
}

// A DeployKey is a key that reads or writes one repository without a user.
type DeployKey struct {
	Forge      string    `json:"forge"`
	Repository string    `json:"repository"`
	ID         string    `json:"id"`
	Title      string    `json:"title"`
	Writes     bool      `json:"writes"`
	Created    time.Time `json:"created,omitzero"`
	LastUsed   time.Time `json:"lastUsed,omitzero"`
}

// A PipelineSecret is a secret or variable that pipelines are given. Values are
// never kept; where the forge's answer has one, it is dropped while it is decoded.
type PipelineSecret struct {
	Forge string `json:"forge"`
	// Repository is empty for one of an organization.
	Repository string `json:"repository"`
	// Scope is repository, environment or organization.
	Scope       string `json:"scope"`
	Environment string `json:"environment"` // its environment, or the scope of a GitLab variable, such as *
	Name        string `json:"name"`
	// Kind is secret, or variable for a GitLab variable.
	Kind    string    `json:"kind"`
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	// Visibility of an organization's secret: all, private or selected.
	Visibility string `json:"visibility"`
	// Protected, Masked and Hidden are GitLab's, and true for secrets of forges that always do so.
	Protected bool `json:"protected"`
	Masked    bool `json:"masked"`
	Hidden    bool `json:"hidden"`
}

// A ForgeAlert is an open alert of the forge's own scanners.
type ForgeAlert struct {
	Forge      string `json:"forge"`
	Repository string `json:"repository"`
	// Scanner is dependency, code or secret.
	Scanner  string   `json:"scanner"`
	Number   int      `json:"number"`
	Severity Severity `json:"severity"`
	// Rule is the advisory, the rule or the type of secret.
	Rule    string    `json:"rule"`
	Package string    `json:"package"`
	Created time.Time `json:"created"`
}

// An Environment is where deployments of a repository go, with what protects it.
type Environment struct {
	Forge      string    `json:"forge"`
	Kind       ForgeKind `json:"kind"`
	Repository string    `json:"repository"`
	Name       string    `json:"name"`
	// Reviewers are the users and teams of whom one must approve.
	Reviewers         []string `json:"reviewers"`
	RequiredApprovals int      `json:"requiredApprovals"`
	PreventSelfReview bool     `json:"preventSelfReview"`
	// BranchesLimited is true when only some branches may deploy.
	BranchesLimited bool     `json:"branchesLimited"`
	AdminBypass     bool     `json:"adminBypass"`
	Deployers       []string `json:"deployers"` // who may start a deployment, where that is limited
}

// A Deployment to an environment in the period.
type Deployment struct {
	Forge       string    `json:"forge"`
	Repository  string    `json:"repository"`
	Environment string    `json:"environment"`
	ID          string    `json:"id"`
	Commit      string    `json:"commit"`
	Creator     string    `json:"creator"`
	Created     time.Time `json:"created"`
	State       string    `json:"state"` // the last one, such as success
	// Approvers approved this deployment.
	Approvers []string `json:"approvers"`
}

// A Workflow is a pipeline definition on the default branch.
type Workflow struct {
	Forge      string `json:"forge"`
	Repository string `json:"repository"`
	Path       string `json:"path"`
	// OIDC is true when a job may ask for an identity token.
	OIDC bool `json:"oidc"`
	// Unpinned are actions and includes of others that are not pinned to a commit, as name@ref.
	Unpinned []string `json:"unpinned"`
	// RunsForks is true when code of a fork runs with the rights of the repository:
	// pull_request_target with a checkout of the change.
	RunsForks bool `json:"runsForks"`
	// TokenWrites are the permissions that the workflow gives its token to write.
	TokenWrites []string `json:"tokenWrites"`
}

// A ForgeMember is a person or app with rights on an organization or repository.
type ForgeMember struct {
	Forge string `json:"forge"`
	// Repository is that of an outside collaborator, or the name of the organization.
	Repository string `json:"repository"`
	Name       string `json:"name"`
	Role       string `json:"role"`
	Outside    bool   `json:"outside"` // not a member of the organization
	// SecondFactor is on, off, or unknown where the token may not see it.
	SecondFactor Switch `json:"secondFactor"`
}

// A ForgeWebhook tells another host what happens in a repository.
type ForgeWebhook struct {
	Forge      string `json:"forge"`
	Repository string `json:"repository"`
	ID         string `json:"id"`
	Host       string `json:"host"`
	// Insecure is true when the host's certificate is not checked, or the address is not https.
	Insecure bool `json:"insecure"`
	// Signed is true when a secret signs what is sent.
	Signed bool `json:"signed"`
}

// Subject implements Row.
func (r Repository) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "Repository", Name: r.Repository}
}

// Subject implements Row.
func (r BranchRule) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "Branch", Name: r.Repository + "@" + r.Branch}
}

// Subject implements Row.
func (r DirectPush) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "Commit", Name: r.Repository + "@" + r.Commit}
}

// Subject implements Row.
func (r RuleBypass) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "RuleBypass", Name: r.Repository + "#" + r.ID}
}

// Subject implements Row.
func (r DeployKey) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "DeployKey", Name: r.Repository + "#" + r.ID}
}

// Subject implements Row.
func (r PipelineSecret) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "PipelineSecret", Namespace: r.Environment, Name: r.Repository + "#" + r.Name, Field: r.Scope}
}

// Subject implements Row.
func (r ForgeAlert) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "Alert", Name: r.Repository + "#" + strconv.Itoa(r.Number), Field: r.Scanner}
}

// Subject implements Row.
func (r Environment) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "Environment", Name: r.Repository + "#" + r.Name}
}

// Subject implements Row.
func (r Deployment) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "PipelineDeployment", Name: r.Repository + "#" + r.ID, Field: r.Environment}
}

// Subject implements Row.
func (r Workflow) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "Workflow", Name: r.Repository + "#" + r.Path}
}

// Subject implements Row.
func (r ForgeMember) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "Member", Name: r.Repository + "#" + r.Name}
}

// Subject implements Row.
func (r ForgeWebhook) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "ForgeWebhook", Name: r.Repository + "#" + r.ID}
}
