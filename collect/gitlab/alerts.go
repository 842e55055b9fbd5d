package gitlab

import (
	"context"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// scanners are GitLab's kinds of report, by which of the rows' scanners they come
// from. Others look at a running application or an image, and not at the repository.
var scanners = map[string]string{"dependency_scanning": "dependency", "sast": "code", "secret_detection": "secret"}

// alerts reads the open vulnerabilities of the branch. Only the tier Ultimate has them.
func (r *reader) alerts(ctx context.Context) (int, error) {
	type vulnerability struct {
		ID       int         `json:"id"`
		Title    string      `json:"title"`
		State    string      `json:"state"`
		Severity string      `json:"severity"`
		Report   string      `json:"report_type"`
		Gone     bool        `json:"resolved_on_default_branch"`
		Created  forge.Stamp `json:"created_at"`
	}
	found, err := list[vulnerability](ctx, r.asker, r.at("vulnerabilities"), nil)
	rows := 0
	for _, v := range found {
		scanner, ok := scanners[v.Report]
		if !ok || v.Gone || v.State != "detected" && v.State != "confirmed" {
			continue
		}
		rows++
		r.to.Rows(schema.ForgeAlert{Forge: r.source.Forge.Name, Repository: r.row, Scanner: scanner, Number: v.ID, Severity: severity(v.Severity), Rule: v.Title, Created: v.Created.Time})
	}
	return rows, err
}

func severity(word string) schema.Severity {
	switch s := schema.Severity(word); s {
	case schema.Critical, schema.High, schema.Medium, schema.Low, schema.Info:
		return s
	}
	return schema.Medium // GitLab's "unknown"
}
