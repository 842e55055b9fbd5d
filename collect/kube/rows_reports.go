package kube

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// policyReport emits one row for each policy that a report has results of.
func (r *Reader) policyReport(x *object, f fields) {
	rows := map[string]*schema.PolicyResult{}
	for _, result := range f.list("results") {
		policy := result.text("policy")
		row := rows[policy]
		if row == nil {
			row = &schema.PolicyResult{Cluster: r.cluster.Name, Kind: x.kind.Kind, Namespace: x.GetNamespace(), Name: x.GetName(), Policy: policy}
			rows[policy] = row
		}
		switch result.text("result") {
		case "pass":
			row.Pass++
		case "fail":
			row.Fail++
		case "warn":
			row.Warn++
		case "error":
			row.Error++
		case "skip":
			row.Skip++
		}
	}
	for _, policy := range slices.Sorted(maps.Keys(rows)) {
		r.to.Rows(*rows[policy])
	}
}

// vulnerabilityReport emits the counts of one image, and how long those that can
// be fixed have been known. Only critical and high ones are looked at.
func (r *Reader) vulnerabilityReport(x *object, f fields) {
	artifact := f.in("report", "artifact")
	im := parseImage(cmp.Or(f.text("report", "registry", "server"), "docker.io") + "/" + artifact.text("repository"))
	row := schema.ImageScan{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Name: x.GetName(), Digest: artifact.text("digest"), Scanned: f.when("report", "updateTimestamp"),
		Image:    im.registry + "/" + im.repository,
		Critical: f.number("report", "summary", "criticalCount"), High: f.number("report", "summary", "highCount"),
	}
	if tag := artifact.text("tag"); tag != "" {
		row.Image += ":" + tag
	}
	row.Image = r.bareImage(row.Image)
	for _, v := range f.list("report", "vulnerabilities") {
		count, oldest := &row.FixableHigh, &row.OldestHigh
		switch {
		case v.text("fixedVersion") == "":
			continue
		case v.text("severity") == "CRITICAL":
			count, oldest = &row.FixableCritical, &row.OldestCritical
		case v.text("severity") != "HIGH":
			continue
		}
		*count++
		published := v.when("publishedDate")
		if published.IsZero() {
			row.Undated++
			continue
		}
		*oldest = firstOf(*oldest, published)
	}
	r.to.Rows(row)
}

// firstOf returns the earlier of two times; a zero time is none.
func firstOf(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
