package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// rpo is the recovery point objective of the plan.
func (p *Pass) rpo() time.Duration {
	return time.Duration(cmp.Or(p.Facts.Plan.RPOHours, defaultRPO)) * time.Hour
}

// A copied thing is what several rows of backups are copies of.
type copied struct{ product, namespace, what string }

// otherCopies decides RES-01.k2: the newest copy of each thing that something
// other than Velero copies. A snapshot lies where the volume lies, as far as a
// cluster shows.
func otherCopies(p *Pass) ([]Outcome, error) {
	newest := map[copied][]schema.Backup{}
	var out []Outcome
	for _, b := range p.Evidence.Backups {
		switch {
		case b.Product == "velero" || b.Kind == "ScheduledBackup": // RES-01.k1's, and what its Cluster says better
		case !p.Facts.InScope(b.Cluster, copiedNamespace(b)):
			out = append(out, Outcome{Subject: b.Subject(), Result: schema.ResultNotApplicable})
		case b.Kind == "RecurringJob":
			out = append(out, Outcome{Subject: b.Subject(), Result: schema.ResultNeedsReview,
				Message: fmt.Sprintf("%s does not say when it last succeeded; its volumes do.", b.Subject())})
		default:
			what := cmp.Or(b.DatabaseCluster, strings.Join(b.Claims, ","), b.Name)
			k := copied{b.Product, copiedNamespace(b), what}
			newest[k] = append(newest[k], b)
		}
	}
	for _, copies := range newest {
		out = append(out, p.judgeCopiesOfOne(copies))
	}
	slices.SortFunc(out, func(a, b Outcome) int { return a.Subject.Compare(b.Subject) })
	return out, nil
}

// copiedNamespace is the namespace whose data a backup holds: that of its object,
// but for the volumes of Longhorn, which lie in a namespace of Longhorn's own.
func copiedNamespace(b schema.Backup) string {
	if len(b.Namespaces) == 1 {
		return b.Namespaces[0]
	}
	return b.Namespace
}

// judgeCopiesOfOne judges the copies of one thing by the newest that succeeded. One
// elsewhere that is fresh outranks a newer snapshot.
func (p *Pass) judgeCopiesOfOne(copies []schema.Backup) Outcome {
	best := copies[0]
	better := func(b schema.Backup) bool {
		if fresh, bestFresh := p.fresh(b), p.fresh(best); fresh != bestFresh {
			return fresh
		} else if fresh && (b.Medium == "snapshot") != (best.Medium == "snapshot") {
			return best.Medium == "snapshot"
		}
		return succeeded(b).After(succeeded(best))
	}
	for _, b := range copies[1:] {
		if better(b) {
			best = b
		}
	}
	o := Outcome{Subject: best.Subject(), Result: schema.ResultPass, Vars: map[string]string{"object": best.Subject().String(), "age": "never", "rpo": hours(p.rpo())}}
	if done := succeeded(best); !done.IsZero() {
		o.Vars["age"] = hours(p.Facts.AsOf.Sub(done)) + " ago"
	}
	switch {
	case !p.fresh(best):
		o.Result = schema.ResultFail
	case best.Medium == "snapshot":
		o.Result = schema.ResultPartial
		o.Message = fmt.Sprintf("%s is a snapshot on the storage of its volume, and no copy elsewhere is known.", best.Subject())
	}
	return o
}

func hours(d time.Duration) string { return fmt.Sprintf("%d h", d/time.Hour) }

// succeeded is when a backup was done; the zero time for one that failed, or is not done yet.
func succeeded(b schema.Backup) time.Time {
	switch {
	case b.Kind == "VolumeSnapshot" && b.Phase != "Ready", b.Kind == "Backup" && !strings.EqualFold(b.Phase, "completed"):
		return time.Time{}
	}
	return b.Completed
}

func (p *Pass) fresh(b schema.Backup) bool {
	done := succeeded(b)
	return !done.IsZero() && !done.After(p.Facts.AsOf) && p.Facts.AsOf.Sub(done) <= p.rpo()
}

// claimsBackedUp decides RES-01.k3: every bound claim of production has a copy.
// How old the copy is, is what RES-01.k1 and k2 are about.
func claimsBackedUp(p *Pass) ([]Outcome, error) {
	var out []Outcome
	missing, total := 0, 0
	for _, c := range p.Evidence.VolumeClaims {
		o := Outcome{Subject: c.Subject(), Result: schema.ResultNotApplicable}
		if c.Phase == "Bound" && p.Facts.Production(c.Cluster, c.Namespace) {
			total++
			var perhaps string
			if o.Result, perhaps = p.coverage(c); o.Result == schema.ResultNeedsReview {
				o.Message = fmt.Sprintf("%s has no copy that names it; %s.", c.Subject(), perhaps)
			} else if o.Result == schema.ResultFail {
				missing++
			}
		}
		out = append(out, o)
	}
	for i := range out {
		out[i].Vars = map[string]string{"claim": out[i].Subject.String(), "n": fmt.Sprint(missing), "m": plural(total, "volume")}
	}
	return out, nil
}

// coverage says whether a claim is copied: pass, fail, or needs_review with the
// backup that may hold it. A backup that ended before the claim was made does not.
func (p *Pass) coverage(c schema.VolumeClaim) (schema.Result, string) {
	if p.Facts.Documented("RES-01.d1", c.Namespace+"/"+c.Name) || c.Volume != "" && p.Facts.Documented("RES-01.d1", c.Volume) {
		return schema.ResultPass, ""
	}
	perhaps := ""
	for _, b := range p.Evidence.Backups {
		if b.Completed.IsZero() || b.Completed.After(p.Facts.AsOf) || b.Completed.Before(c.Created) {
			continue
		}
		switch holds, certain := holdsClaim(b, c); {
		case holds && certain:
			return schema.ResultPass, ""
		case holds:
			perhaps = b.Subject().String() + " may hold its data"
		}
	}
	if perhaps != "" {
		return schema.ResultNeedsReview, perhaps
	}
	return schema.ResultFail, ""
}

// holdsClaim reports whether a backup holds the data of a claim, and whether that is certain.
func holdsClaim(b schema.Backup, c schema.VolumeClaim) (holds, certain bool) {
	switch b.Product {
	case "velero":
		if b.Kind != "Backup" || !b.VolumesIncluded || !backsUp(b, c.Namespace) {
			return false, false
		}
		done := strings.EqualFold(b.Phase, "Completed")
		return done || strings.EqualFold(b.Phase, "PartiallyFailed"), done
	case "cnpg":
		ok := c.DatabaseCluster != "" && b.DatabaseCluster == c.DatabaseCluster && b.Namespace == c.Namespace && b.Kind != "ScheduledBackup"
		return ok && !succeeded(b).IsZero(), true
	case "cronjob": // what a job copies is not visible
		return b.Namespace == c.Namespace, false
	}
	ok := slices.Contains(b.Namespaces, c.Namespace) && slices.Contains(b.Claims, c.Name)
	return ok && !succeeded(b).IsZero(), true
}

// volumesKept decides RES-05.k1: volumes of production that would go with their
// claim, and volumes that are left over.
func volumesKept(p *Pass) ([]Outcome, error) {
	claims := map[schema.Subject]schema.VolumeClaim{}
	for _, c := range p.Evidence.VolumeClaims {
		claims[c.Subject()] = c
	}
	var out []Outcome
	for _, v := range p.Evidence.Volumes {
		o := Outcome{Subject: v.Subject(), Result: schema.ResultPass, Vars: map[string]string{"pv": v.Name}}
		claim, bound := claims[schema.Subject{Cluster: v.Cluster, Kind: "PersistentVolumeClaim", Namespace: v.ClaimNamespace, Name: v.ClaimName}]
		switch {
		case v.ClaimNamespace == "" || !p.Facts.Production(v.Cluster, v.ClaimNamespace):
			o.Result = schema.ResultNotApplicable
		case v.Phase == "Released" || v.Phase == "Failed":
			o.Result, o.Severity = schema.ResultNeedsReview, schema.Info
			o.Message = fmt.Sprintf("Volume %s of the claim %s/%s is %s: nothing uses it, and its data is still there.", v.Name, v.ClaimNamespace, v.ClaimName, strings.ToLower(v.Phase))
		case v.ReclaimPolicy == "Delete":
			if !bound {
				claim = schema.VolumeClaim{Cluster: v.Cluster, Namespace: v.ClaimNamespace, Name: v.ClaimName, Volume: v.Name, Created: v.Created}
			}
			var perhaps string
			if o.Result, perhaps = p.coverage(claim); o.Result == schema.ResultNeedsReview {
				o.Message = fmt.Sprintf("Volume %s would be deleted with its claim; %s.", v.Name, perhaps)
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// reproducible decides RES-04.k2: the share of the root objects of production that
// a pipeline manages from source.
func reproducible(p *Pass) ([]Outcome, error) {
	total, managed := 0, 0
	count := func(namespace, managedBy string) {
		if managedBy != "owner" && p.Facts.Production(p.Cluster.Name, namespace) {
			total++
			if slices.Contains(pipelines, managedBy) {
				managed++
			}
		}
	}
	for _, w := range p.Evidence.Workloads {
		count(w.Namespace, w.ManagedBy)
	}
	for _, m := range p.Evidence.ManagedObjects {
		if !m.Generated {
			count(m.Namespace, m.ManagedBy)
		}
	}
	if total == 0 {
		return nil, nil
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultFail,
		Vars: map[string]string{"pct": fmt.Sprint(100 * managed / total), "n": fmt.Sprint(managed), "m": plural(total, "object")}}
	switch {
	case 100*managed >= 95*total:
		o.Result = schema.ResultPass
	case 100*managed >= 80*total:
		o.Result = schema.ResultPartial
	}
	return []Outcome{o}, nil
}
