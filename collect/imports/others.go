package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// readKubeBench reads `kube-bench --json` (https://github.com/aquasecurity/kube-bench).
// It does not say when it was made.
func readKubeBench(d *document) error {
	type controls struct {
		Version  string
		NodeType string `json:"node_type"`
		Tests    []struct {
			Results []struct {
				TestNumber string `json:"test_number"`
				Status     string
				Scored     bool
			}
		}
	}
	var k struct{ Controls []controls }
	if err := d.decode(&k); err != nil {
		if k.Controls = nil; d.decode(&k.Controls) != nil {
			return err
		}
	}
	if err := d.about(""); err != nil {
		return err
	}
	d.tool = "kube-bench"
	for _, c := range k.Controls {
		if c.Version == "" {
			return errors.New("a part of it does not say against which benchmark it was made")
		}
		d.format = c.Version
		for _, t := range c.Tests {
			for _, r := range t.Results {
				if !slices.Contains([]string{"PASS", "FAIL", "WARN", "INFO"}, r.Status) {
					return fmt.Errorf("item %s has the status %q, which is not known here", clip(r.TestNumber), clip(r.Status))
				}
				d.rows = append(d.rows, schema.BenchmarkResult{
					Cluster: d.cluster, Import: d.name, Made: d.made, Benchmark: clip(c.Version), Target: clip(c.NodeType), Item: clip(r.TestNumber), Status: r.Status, Scored: r.Scored,
				})
			}
		}
	}
	if len(d.rows) == 0 {
		return errors.New("it has no results")
	}
	return nil
}

// readSARIF reads SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
func readSARIF(d *document) error {
	var s struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Name, Version, SemanticVersion string }
			}
			Invocations []struct {
				EndTimeUTC time.Time `json:"endTimeUtc"`
			}
			Results []struct {
				RuleID, Level string
				Suppressions  []struct{ Status string }
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := d.decode(&s); err != nil {
		return err
	}
	if d.format = s.Version; s.Version != "2.1.0" {
		return fmt.Errorf("version %q of SARIF is not known here, only 2.1.0", clip(s.Version))
	}
	for _, run := range s.Runs {
		d.tool, d.toolVersion = run.Tool.Driver.Name, run.Tool.Driver.SemanticVersion
		if d.toolVersion == "" {
			d.toolVersion = run.Tool.Driver.Version
		}
		for _, i := range run.Invocations {
			d.says(i.EndTimeUTC)
		}
		for _, r := range run.Results {
			row := schema.ScannerFinding{Import: d.name, Made: d.made, Tool: clip(d.tool), Rule: clip(r.RuleID), Level: clip(r.Level), Index: len(d.rows) + 1}
			if row.Level == "" {
				row.Level = "warning" // §3.27.10: the default where the rule says nothing
			}
			if row.Rule == "" {
				row.Rule = "(no rule)"
			}
			for _, x := range r.Suppressions {
				row.Suppressed = row.Suppressed || x.Status == "" || x.Status == "accepted"
			}
			if len(r.Locations) > 0 {
				l := r.Locations[0].PhysicalLocation
				row.Place = clip(l.ArtifactLocation.URI)
				if l.Region.StartLine > 0 {
					row.Place += fmt.Sprintf(":%d", l.Region.StartLine)
				}
			}
			d.rows = append(d.rows, row)
		}
	}
	return nil
}

// planDrops is what is not kept of a plan of Terraform.
var planDrops = []string{"values of resources, variables and outputs"}

// readPlan reads `terraform show -json PLAN`, or tofu's
// (https://developer.hashicorp.com/terraform/internals/json-format). Values are not
// decoded, and what is kept of the file has none.
func readPlan(d *document) error {
	type change struct {
		Address string `json:"address"`
		Mode    string `json:"mode"`
		Change  struct {
			Actions []string `json:"actions"`
		} `json:"change"`
	}
	var p struct {
		FormatVersion    string    `json:"format_version"`
		TerraformVersion string    `json:"terraform_version"`
		Timestamp        time.Time `json:"timestamp,omitzero"`
		Errored          bool      `json:"errored"`
		ResourceChanges  []change  `json:"resource_changes"`
		ResourceDrift    []change  `json:"resource_drift"`
	}
	err := d.decode(&p)
	d.dropped = planDrops
	var kept error
	if d.kept, kept = json.Marshal(p); kept != nil {
		return kept
	}
	if err != nil {
		return err
	}
	d.tool, d.toolVersion, d.format = "terraform", p.TerraformVersion, p.FormatVersion
	d.says(p.Timestamp)
	if !strings.HasPrefix(p.FormatVersion, "1.") {
		return fmt.Errorf("version %q of the form is not known here, only 1.x", clip(p.FormatVersion))
	}
	row := schema.InfrastructurePlan{
		Stack: d.plan.Stack, Import: d.name, Made: d.made, Tool: "terraform " + clip(p.TerraformVersion), Errored: p.Errored, Changes: []string{}, Drift: []string{},
	}
	if row.Stack == "" {
		row.Stack = d.name
	}
	list := func(from []change, to *[]string) {
		for _, c := range from {
			if action := strings.Join(c.Change.Actions, "+"); c.Mode != "data" && action != "no-op" && action != "read" {
				*to = append(*to, clip(action+" "+c.Address))
			}
		}
		slices.Sort(*to)
	}
	list(p.ResourceChanges, &row.Changes)
	list(p.ResourceDrift, &row.Drift)
	for _, c := range p.ResourceChanges {
		if c.Mode != "data" {
			row.Resources++
		}
	}
	d.rows = append(d.rows, row)
	return nil
}
