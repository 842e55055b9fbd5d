package assess

import (
	"maps"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// apiServerFlags decides ACC-08.k2 for each visible API server. Where no mirror
// pod shows one, nothing is known.
func apiServerFlags(p *Pass) ([]Outcome, error) {
	servers := map[string]map[string]string{} // flags by pod
	for _, f := range p.Evidence.ControlPlaneFlags {
		if f.Component != "kube-apiserver" {
			continue
		}
		if servers[f.Pod] == nil {
			servers[f.Pod] = map[string]string{}
		}
		servers[f.Pod][strings.TrimLeft(f.Flag, "-")] = f.Value
	}
	if len(servers) == 0 {
		return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
			Message: "the API server of " + p.Cluster.Name + " does not run as a visible pod; ACC-08.d1 stands in"}}, nil
	}
	var out []Outcome
	for _, pod := range slices.Sorted(maps.Keys(servers)) {
		flags := servers[pod]
		for _, judged := range []Outcome{anonymousAuth(flags), tokenFile(flags), authorizationMode(flags)} {
			judged.Subject = schema.Subject{Cluster: p.Cluster.Name, Kind: "Pod", Namespace: "kube-system", Name: pod, Field: judged.Vars["flag"]}
			out = append(out, judged)
		}
	}
	return out, nil
}

// flagOutcome describes one flag; without a value it says that it is unset.
func flagOutcome(flags map[string]string, name string, result schema.Result) Outcome {
	value, ok := flags[name]
	if !ok {
		value = "(unset)"
	}
	return Outcome{Result: result, Vars: map[string]string{"flag": "--" + name, "value": value}}
}

// anonymousAuth: unset means true. A configuration file may limit it to paths, and
// what the file says is not visible.
func anonymousAuth(flags map[string]string) Outcome {
	o := flagOutcome(flags, "anonymous-auth", schema.ResultFail)
	if flags["anonymous-auth"] == "false" {
		o.Result = schema.ResultPass
	} else if flags["authentication-config"] != "" {
		o.Result = schema.ResultNeedsReview
		o.Message = "Whether the API server limits anonymous requests to some paths is up to its file " + flags["authentication-config"] + ", which the API does not show."
	}
	return o
}

func tokenFile(flags map[string]string) Outcome {
	if flags["token-auth-file"] != "" {
		return flagOutcome(flags, "token-auth-file", schema.ResultFail)
	}
	return flagOutcome(flags, "token-auth-file", schema.ResultPass)
}

// authorizationMode: unset means AlwaysAllow, unless a configuration file names the authorizers.
func authorizationMode(flags map[string]string) Outcome {
	o := flagOutcome(flags, "authorization-mode", schema.ResultFail)
	modes := strings.Split(flags["authorization-mode"], ",")
	if slices.Contains(modes, "Node") && slices.Contains(modes, "RBAC") && !slices.Contains(modes, "AlwaysAllow") {
		o.Result = schema.ResultPass
	} else if flags["authorization-mode"] == "" && flags["authorization-config"] != "" {
		o.Result = schema.ResultNeedsReview
		o.Message = "Which authorizers the API server asks is up to its file " + flags["authorization-config"] + ", which the API does not show."
	}
	return o
}
