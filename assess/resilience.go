package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// resilienceFuncs decides checks of the area Resilience.
var resilienceFuncs = map[string]Func{
	"namespacesBackedUp": namespacesBackedUp,
	"replicated":         replicated,
	"spread":             spread,
	"zones":              zones,
	"readyToServe":       readyToServe,
	"restoresDone":       restoresDone,
	"disruptionBudgets":  disruptionBudgets,
	"otherCopies":        otherCopies,
	"claimsBackedUp":     claimsBackedUp,
	"reproducible":       reproducible,
	"volumesKept":        volumesKept,
}

// defaultRPO is the recovery point objective where the plan names none.
const defaultRPO = 24 // hours

// namespacesBackedUp decides RES-01.k1: the newest backup that covers each namespace
// in scope, and whether the places that hold backups can be reached.
func namespacesBackedUp(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, b := range p.Evidence.Backups {
		if b.Kind != "BackupStorageLocation" {
			continue
		}
		o := Outcome{Subject: b.Subject(), Result: schema.ResultPass}
		if b.Phase != "Available" {
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("Backup location %s is not available (%s).", b.Name, cmp.Or(b.Phase, "no status"))
		}
		out = append(out, o)
	}
	rpo := p.rpo()
	for _, n := range p.Evidence.Namespaces {
		o := Outcome{Subject: n.Subject(), Result: schema.ResultNotApplicable}
		if n.InScope {
			o.Result, o.Vars = judgeBackups(p, n.Name, rpo)
		}
		out = append(out, o)
	}
	return out, nil
}

func judgeBackups(p *Pass, namespace string, rpo time.Duration) (schema.Result, map[string]string) {
	vars := map[string]string{"ns": namespace, "age": "no complete backup", "rpo": fmt.Sprintf("%d hours", rpo/time.Hour)}
	result := schema.ResultFail
	var newest time.Time
	for _, b := range p.Evidence.Backups {
		if b.Kind != "Backup" || !backsUp(b, namespace) || b.Completed.IsZero() || b.Completed.After(p.Facts.AsOf) {
			continue
		}
		fresh := p.Facts.AsOf.Sub(b.Completed) <= rpo
		switch strings.ToLower(b.Phase) {
		case "completed":
			if b.Completed.After(newest) {
				newest = b.Completed
				vars["age"] = fmt.Sprintf("last complete backup %d hours ago", p.Facts.AsOf.Sub(newest)/time.Hour)
			}
			if fresh {
				result = schema.ResultPass
			}
		case "partiallyfailed":
			if fresh && result == schema.ResultFail {
				result = schema.ResultPartial
			}
		}
	}
	return result, vars
}

// backsUp reports whether a backup covers a namespace.
func backsUp(b schema.Backup, namespace string) bool {
	has := func(list []string) bool { return slices.Contains(list, "*") || slices.Contains(list, namespace) }
	return has(b.Namespaces) && !has(b.ExcludedNamespaces)
}

// replicated decides RES-03.k1: at least two replicas in production.
func replicated(p *Pass) ([]Outcome, error) {
	least := map[schema.Subject]int{}
	for _, a := range p.Evidence.Autoscalers {
		least[schema.Subject{Cluster: a.Cluster, Kind: a.TargetKind, Namespace: a.Namespace, Name: a.TargetName}] = max(a.MinReplicas, 1)
	}
	var out []Outcome
	for _, w := range p.Evidence.Workloads {
		replicas := w.Replicas
		if n, ok := least[w.Subject()]; ok {
			replicas = n
		}
		o := Outcome{Subject: w.Subject(), Result: schema.ResultPass, Vars: map[string]string{"workload": w.Subject().String()}}
		switch {
		case !scalable(w) || !p.Facts.Production(w.Cluster, w.Namespace) || replicas == 0:
			o.Result = schema.ResultNotApplicable // what is scaled to zero serves nothing
		case replicas < 2 && p.Facts.Approval(schema.ApproveSingleton, w.Subject()) != Approved:
			o.Result = schema.ResultFail
		}
		out = append(out, o)
	}
	return out, nil
}

// scalable reports whether a workload declares its number of replicas.
func scalable(w schema.Workload) bool { return w.Kind == "Deployment" || w.Kind == "StatefulSet" }

// spread decides RES-03.k3: where the replicas of production really run. A workload
// whose nodes name no zone is held against its nodes alone.
func spread(p *Pass) ([]Outcome, error) {
	zoneOf := map[string]string{}
	for _, n := range p.Evidence.Nodes {
		zoneOf[n.Name] = n.Zone
	}
	nodes, zones := map[schema.Subject]map[string]bool{}, map[schema.Subject]map[string]bool{}
	count := map[schema.Subject]int{}
	for _, pod := range p.Evidence.Pods {
		if pod.Phase != "Running" || pod.Node == "" {
			continue
		}
		w := schema.Subject{Cluster: pod.Cluster, Kind: pod.OwnerKind, Namespace: pod.Namespace, Name: pod.OwnerName}
		if nodes[w] == nil {
			nodes[w], zones[w] = map[string]bool{}, map[string]bool{}
		}
		nodes[w][pod.Node], zones[w][zoneOf[pod.Node]] = true, true
		count[w]++
	}
	var out []Outcome
	for _, w := range p.Evidence.Workloads {
		s := w.Subject()
		o := Outcome{Subject: s, Result: schema.ResultPass}
		switch {
		case !scalable(w) || !p.Facts.Production(w.Cluster, w.Namespace) || count[s] < 2:
			o.Result = schema.ResultNotApplicable
		case len(nodes[s]) == 1:
			o.Result, o.Vars = schema.ResultFail, map[string]string{"workload": s.String(), "zone": "node " + sortedKeys(nodes[s])[0]}
		case len(zones[s]) == 1 && !zones[s][""]:
			o.Result, o.Vars = schema.ResultFail, map[string]string{"workload": s.String(), "zone": "zone " + sortedKeys(zones[s])[0]}
		}
		out = append(out, o)
	}
	return out, nil
}

// zones decides RES-03.k4: the nodes of a production cluster span two zones.
func zones(p *Pass) ([]Outcome, error) {
	if len(p.Evidence.Nodes) == 0 {
		return nil, nil
	}
	seen := map[string]bool{}
	unlabelled := 0
	for _, n := range p.Evidence.Nodes {
		switch {
		case n.Zone == "":
			unlabelled++
		case n.Ready:
			seen[n.Zone] = true
		}
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass, Vars: map[string]string{"n": fmt.Sprint(len(seen))}}
	switch {
	case !p.Facts.Production(p.Cluster.Name, "*"):
		o.Result = schema.ResultNotApplicable
	case len(seen) >= 2:
	case unlabelled > 0:
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("%d of %d nodes of %s name no zone.", unlabelled, len(p.Evidence.Nodes), p.Cluster.Name)
	default:
		o.Result = schema.ResultFail
	}
	return []Outcome{o}, nil
}

// pendingLimit is how long a pod may wait for a node before it counts as stuck.
const pendingLimit = time.Hour

// readyToServe decides RES-03.k5: probes and requests of what serves in production,
// and pods that wait for long.
func readyToServe(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, w := range p.Evidence.Workloads {
		s := w.Subject()
		o := Outcome{Subject: s, Result: schema.ResultPass, Vars: map[string]string{"workload": s.String()}}
		switch {
		case !scalable(w) && w.Kind != "DaemonSet" || !p.Facts.Production(w.Cluster, w.Namespace):
			o.Result = schema.ResultNotApplicable
		case !w.ReadinessProbe:
			o.Result = schema.ResultPartial
		case !w.Requests:
			o.Result = schema.ResultPartial
			o.Message = s.String() + " has containers without requests for CPU and memory."
		}
		out = append(out, o)
	}
	for _, pod := range p.Evidence.Pods {
		if pod.Phase != "Pending" || !p.Facts.Production(pod.Cluster, pod.Namespace) || p.Facts.AsOf.Sub(pod.Created) <= pendingLimit {
			continue
		}
		out = append(out, Outcome{Subject: pod.Subject(), Result: schema.ResultFail, Message: pod.Subject().String() + " is pending for more than an hour."})
	}
	return out, nil
}

// restoresDone decides RES-02.k1: the newest restore inside the interval of the
// control. One that completed proves that the job ran, not that the data was right:
// that takes the report of RES-02.d1, which also stands alone.
func restoresDone(p *Pass) ([]Outcome, error) {
	i := slices.IndexFunc(p.Controls, func(c schema.Control) bool { return c.ID == p.Check.Control })
	since := p.Facts.AsOf.AddDate(0, 0, -p.Controls[i].EvidenceMaxAgeDays)
	var newest schema.Backup
	for _, b := range p.Evidence.Backups {
		if b.Kind == "Restore" && b.Completed.After(since) && b.Completed.After(newest.Completed) {
			newest = b
		}
	}
	reported := p.Facts.Evidenced("RES-02.d1")
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultFail, Vars: map[string]string{"date": schema.DateOf(since).String()}}
	switch done := strings.EqualFold(newest.Phase, "Completed"); {
	case newest.Name == "" && reported:
		o.Result, o.Message = schema.ResultNotApplicable, "the report of RES-02.d1 stands for a restore in "+p.Cluster.Name
	case newest.Name == "":
	case done && reported:
		o.Result = schema.ResultPass
	case done:
		o.Result = schema.ResultPartial
		o.Message = fmt.Sprintf("Restore %s completed on %s; no report says that the data was right.", newest.Name, schema.DateOf(newest.Completed))
	default:
		o.Message = fmt.Sprintf("Restore %s ended on %s as %s.", newest.Name, schema.DateOf(newest.Completed), newest.Phase)
	}
	return []Outcome{o}, nil
}

// disruptionBudgets decides RES-03.k2: a budget for each workload of production
// that has replicas, and none that blocks a healthy one.
func disruptionBudgets(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, w := range p.Evidence.Workloads {
		o := Outcome{Subject: w.Subject(), Result: schema.ResultNotApplicable}
		if scalable(w) && w.Replicas > 1 && p.Facts.Production(w.Cluster, w.Namespace) {
			var err error
			if o, err = judgeBudget(w, p.Evidence.DisruptionBudgets); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
	}
	return out, nil
}

func judgeBudget(w schema.Workload, budgets []schema.DisruptionBudget) (Outcome, error) {
	o := Outcome{Subject: w.Subject(), Result: schema.ResultPartial, Message: w.Subject().String() + " has no disruption budget."}
	for _, b := range budgets {
		s, err := parseSelector(b.Selector)
		if err != nil {
			return o, fmt.Errorf("disruption budget %s/%s: %w", b.Namespace, b.Name, err)
		}
		if b.Namespace != w.Namespace || !s.matches(w.PodLabels) {
			continue
		}
		o.Result, o.Message = schema.ResultPass, ""
		if b.DisruptionsAllowed == 0 && b.CurrentHealthy > 0 && b.CurrentHealthy >= b.DesiredHealthy {
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("%s is healthy, and its disruption budget %s allows no disruption.", w.Subject(), b.Name)
			return o, nil
		}
	}
	return o, nil
}
