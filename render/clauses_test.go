package render

import (
	"testing"

	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
)

func TestClausesHaveTheViewsThatTheyGiveGuidanceFor(t *testing.T) {
	b := &builder{r: &schema.Report{Controls: []schema.ControlResult{{Control: schema.Control{ID: "C-1", References: schema.References{ISO27017: []schema.ISO27017Reference{
		{ID: "1", CloudGuidance: "both"}, {ID: "2", CloudGuidance: "csc"}, {ID: "3", CloudGuidance: "csp"}, {ID: "4", CloudGuidance: "none"},
	}}}}}}}
	got := map[string][]string{}
	for _, r := range b.clauseRows() {
		got[r.view] = append(got[r.view], r.clause.ID)
	}
	want := map[string][]string{customerView: {"1", "2", "4"}, providerView: {"1", "3", "4"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clauses by view (-want +got):\n%s", diff)
	}
}

// TestMatrixMarksProvidersWithoutProof looks at the cells of controls of which
// GOV-01.c1 found something, and of others.
func TestMatrixMarksProvidersWithoutProof(t *testing.T) {
	control := func(id string, r schema.Responsibility) schema.ControlResult {
		return schema.ControlResult{Control: schema.Control{ID: id, Title: id, Responsibility: r}}
	}
	finding := func(id string) schema.Finding {
		return schema.Finding{Check: "GOV-01.c1", Result: schema.ResultFail, Subject: schema.Subject{Kind: "Control", Name: id}}
	}
	excepted := finding("EXCEPTED")
	excepted.Exception = "EX-1"
	proposed := control("PROPOSED", schema.Responsibility{ManagedKubernetes: "R", PlatformTeam: "A"})
	proposed.Proposed = &schema.Responsibility{PlatformTeam: "A/R"}
	b := newBuilder(&schema.Report{
		Controls: []schema.ControlResult{
			control("ASSUMED", schema.Responsibility{CloudProvider: "R", ManagedKubernetes: "C", PlatformTeam: "A", ThirdPartyTool: "R"}),
			control("EXCEPTED", schema.Responsibility{CloudProvider: "R", PlatformTeam: "A"}),
			control("OURS", schema.Responsibility{PlatformTeam: "A/R"}),
			control("PROVEN", schema.Responsibility{CloudProvider: "R", PlatformTeam: "A"}),
			proposed,
		},
		Findings: []schema.Finding{finding("ASSUMED"), excepted, finding("OURS")},
	}, &schema.Snapshot{}, texts{})
	blocks := b.responsibilities()[0].Blocks
	red := map[string][]string{}
	notes := map[string]string{}
	for _, row := range blocks[len(blocks)-1].(Table).Rows {
		for i, cell := range row {
			if cell.Tone == Bad {
				red[row[0].Value] = append(red[row[0].Value], partyNames[i-2].name)
			}
		}
		if row[1].Note != "" {
			notes[row[0].Value] = row[1].Note
		}
	}
	if diff := cmp.Diff(map[string][]string{"ASSUMED": {"cloud provider"}}, red); diff != "" {
		t.Errorf("red parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"PROPOSED": "proposed for the clusters that were read: Platform A/R"}, notes); diff != "" {
		t.Errorf("proposals (-want +got):\n%s", diff)
	}
}
