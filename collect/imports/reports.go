package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/schema"
)

// The groups of objects that hold the reports of controllers.
var (
	vulnerabilityReports = []string{"aquasecurity.github.io"}
	policyReports        = []string{"wgpolicyk8s.io", "openreports.io"}
)

// isReport reports whether an object, or the first of a list, is of one of the groups.
func isReport(groups []string) func(map[string]any) bool {
	return func(m map[string]any) bool {
		if items, ok := m["items"].([]any); ok && len(items) > 0 {
			m, _ = items[0].(map[string]any)
		}
		version, _ := m["apiVersion"].(string)
		group, _, _ := strings.Cut(version, "/")
		return slices.Contains(groups, group)
	}
}

// readReports hands the objects to the reader of clusters, which knows them.
func readReports(d *document) error {
	if err := d.about(""); err != nil {
		return err
	}
	var list struct{ Items []json.RawMessage }
	if err := d.decode(&list); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		list.Items = []json.RawMessage{d.content}
	}
	var manifests []kube.Manifest
	for i, item := range list.Items {
		var head struct{ APIVersion, Kind string }
		if err := json.Unmarshal(item, &head); err != nil {
			return fmt.Errorf("item %d is no object", i+1)
		}
		group, version, _ := strings.Cut(head.APIVersion, "/")
		kind, ok := kube.KindOf(group, head.Kind)
		switch {
		case !slices.Contains(append(vulnerabilityReports, policyReports...), group):
			return fmt.Errorf("item %d is a %s: only reports are imported; manifests are read with from: of a cluster", i+1, clip(head.Kind))
		case !ok:
			return fmt.Errorf("item %d is a %s, which is not read", i+1, clip(head.Kind))
		case !kind.Reads(version):
			return fmt.Errorf("item %d has the version %s, which is not known here", i+1, clip(head.APIVersion))
		}
		d.format = head.APIVersion
		manifests = append(manifests, kube.Manifest{Kind: kind, JSON: item})
	}
	c := d.source.Clusters[slices.IndexFunc(d.source.Clusters, func(c schema.PlanCluster) bool { return c.Name == d.cluster })]
	var bad error
	err := kube.NewReader(c, d.source.Spec, d.asOf, rowsOnly{d}).Manifests(manifests, func(i int, err error) { bad = fmt.Errorf("item %d: %w", i+1, err) })
	return errors.Join(bad, err)
}

// rowsOnly takes the rows of reports. The file itself is kept instead of its objects.
type rowsOnly struct{ d *document }

func (r rowsOnly) Rows(rows ...schema.Row) {
	for _, row := range rows {
		switch row := row.(type) {
		case schema.ImageScan:
			row.Import = r.d.name
			r.d.says(row.Scanned)
			r.d.rows = append(r.d.rows, row)
		case schema.PolicyResult:
			r.d.rows = append(r.d.rows, row)
		}
	}
}
func (rowsOnly) Object(_, _ string, _ []byte) error { return nil }
func (rowsOnly) Query(schema.Query)                 {}

var _ collect.Sink = rowsOnly{}
