package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// nodeFuncs decides checks about what runs on every node, about the control plane, and about logs and alerts.
var nodeFuncs = map[string]Func{
	"logAgents":      func(p *Pass) ([]Outcome, error) { return nodeAgents(p, logAgentImages, "MON-02.d1"), nil },
	"runtimeSensors": func(p *Pass) ([]Outcome, error) { return nodeAgents(p, sensorImages, "MON-03.d1"), nil },
	"encryptionFlag": encryptionFlag,
	"auditFlags":     auditFlags,
	"logsLeave":      logsLeave,
	"alerting":       alerting,
	"logWriters":     logWriters,
	"clocks":         clocks,
}

// logAgentImages are parts of the image names of log agents.
var logAgentImages = []string{
	"fluent-bit", "fluentbit", "fluentd", "vector", "promtail", "alloy", "opentelemetry-collector", "otelcol", "filebeat", "elastic-agent",
	"datadog/agent", "datadog-agent", "splunk-otel", "newrelic", "dynatrace", "amazon-cloudwatch-agent", "cloudwatch-agent", "ama-logs", "logging-operator",
}

// sensorImages are parts of the image names of runtime sensors.
var sensorImages = []string{
	"falco", "tetragon", "tracee", "kubearmor", "sysdig", "kubescape/node-agent", "crowdstrike", "falcon-sensor", "defender", "microsoftdefender",
	"aws-guardduty-agent", "guardduty", "aqua-enforcer", "enforcer",
}

// nodeAgents decides whether an agent of one of these images runs on every node
// that can be scheduled. The best covered of them counts. Where there is none, a
// document for the cluster says that the provider does the work.
func nodeAgents(p *Pass, images []string, document string) []Outcome {
	nodes := schedulable(p.Evidence.Nodes)
	if len(nodes) == 0 {
		return nil
	}
	best, found := []string(nil), false
	for i := range p.Evidence.Workloads {
		w := &p.Evidence.Workloads[i]
		if w.Kind != "DaemonSet" || !runsOneOf(w.Images, images) {
			continue
		}
		covered := coveredNodes(p.Evidence.Pods, w, nodes)
		if !found || len(covered) > len(best) {
			best, found = covered, true
		}
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass}
	switch {
	case !found && p.Facts.Documented(document, p.Cluster.Name):
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("No agent runs in %s; the document for %s claims that the provider does its work.", p.Cluster.Name, document)
	case !found:
		o.Result = schema.ResultFail
	case len(best) < len(nodes):
		o.Result = schema.ResultPartial
	}
	missing := slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return slices.Contains(best, n) })
	o.Vars = map[string]string{"n": fmt.Sprint(len(best)), "m": fmt.Sprint(len(nodes)), "missing": ""}
	if found && len(missing) > 0 {
		o.Vars["missing"] = "; missing: " + listed(missing, namesShown)
	}
	return []Outcome{o}
}

// schedulable returns the names of the nodes on which pods may be placed.
func schedulable(nodes []schema.Node) []string {
	var out []string
	for _, n := range nodes {
		if !n.Unschedulable {
			out = append(out, n.Name)
		}
	}
	return out
}

// runsOneOf reports whether the name of an image, without tag and digest, contains
// one of the words, from the start of a word of the name.
func runsOneOf(images, words []string) bool {
	for _, image := range images {
		name, _, _ := strings.Cut(image, "@")
		if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
			name = name[:i]
		}
		for _, w := range words {
			if containsWord(name, w) {
				return true
			}
		}
	}
	return false
}

// containsWord reports whether word stands in name between the ends and the separators / - _ and the point.
func containsWord(name, word string) bool {
	const separators = "/-_."
	for from := 0; ; {
		i := strings.Index(name[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || strings.ContainsRune(separators, rune(name[start-1]))) &&
			(end == len(name) || strings.ContainsRune(separators, rune(name[end]))) {
			return true
		}
		from = start + 1
	}
}

// coveredNodes returns the nodes on which a pod of a daemon set runs.
func coveredNodes(pods []schema.Pod, w *schema.Workload, nodes []string) []string {
	var out []string
	for i := range pods {
		pod := &pods[i]
		if pod.OwnerKind == w.Kind && pod.OwnerName == w.Name && pod.Namespace == w.Namespace && pod.Phase == "Running" && slices.Contains(nodes, pod.Node) {
			out = append(out, pod.Node)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const apiServer = "kube-apiserver"

// visibleServers returns the flags of the visible API server pods by pod, and an
// outcome where none is visible, as on managed services.
func visibleServers(p *Pass) (map[string][]string, []Outcome) {
	flags := map[string][]string{}
	for _, f := range p.Evidence.ControlPlaneFlags {
		if f.Component == apiServer {
			flags[f.Pod] = append(flags[f.Pod], strings.TrimLeft(f.Flag, "-"))
		}
	}
	if len(flags) > 0 {
		return flags, nil
	}
	return nil, []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
		Message: "the API server of " + p.Cluster.Name + " is not visible as a pod, as on managed services; a document has to show it"}}
}

// encryptionFlag decides SEC-04.k1. The content of the configuration is not visible,
// so that the flag alone is never a pass.
func encryptionFlag(p *Pass) ([]Outcome, error) {
	return eachAPIServer(p, func(o *Outcome, flags []string) {
		o.Result = schema.ResultFail
		if slices.Contains(flags, "encryption-provider-config") {
			o.Result = schema.ResultPartial
			o.Message = "The API server has an encryption provider configuration, whose content the API does not show."
		}
	})
}

// auditFlags decides MON-01.k1: audit logging has a policy and somewhere to go.
func auditFlags(p *Pass) ([]Outcome, error) {
	return eachAPIServer(p, func(o *Outcome, flags []string) {
		policy := slices.Contains(flags, "audit-policy-file")
		target := slices.Contains(flags, "audit-log-path") || slices.Contains(flags, "audit-webhook-config-file")
		if !policy || !target {
			o.Result = schema.ResultFail
		}
	})
}

// eachAPIServer judges each visible API server by its flags.
func eachAPIServer(p *Pass, judge func(o *Outcome, flags []string)) ([]Outcome, error) {
	flags, out := visibleServers(p)
	for _, pod := range sortedKeys(flags) {
		o := Outcome{Subject: schema.Subject{Cluster: p.Cluster.Name, Kind: "Pod", Namespace: "kube-system", Name: pod}, Result: schema.ResultPass}
		judge(&o, flags[pod])
		out = append(out, o)
	}
	return out, nil
}
