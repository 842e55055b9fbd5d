package render

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

const (
	timelineRows = 8
	// directChange is the check that finds changes outside of the pipeline.
	directChange = "CHG-02.k1"
)

// timeline lists the signs of changes that went around the pipeline, newest first.
// A field manager is named by the client: it is an indicator and no proof.
func (b *builder) timeline() []Block {
	t := Table{
		Columns: []Column{
			{Title: "When (UTC)", Width: 22}, {Title: "Object", Width: 50}, {Title: "Changed by client", Width: 34},
			{Title: "Fields", Width: 36}, {Title: "Strength", Width: 20, Kind: StatusCell}, {Title: "Emergency record", Width: 22},
		},
		Dense: true,
		Empty: "No sign of a change around the pipeline was found. That is no proof of none: an object that is applied again loses the sign.",
	}
	found := map[schema.Subject]schema.Finding{}
	for _, f := range b.r.Findings {
		if f.Check == directChange {
			found[f.Subject] = f
		}
	}
	var changes []schema.FieldManager
	for _, m := range b.s.Evidence.FieldManagers {
		if _, ok := found[m.Subject()]; ok {
			changes = append(changes, m)
		}
	}
	slices.SortStableFunc(changes, func(x, y schema.FieldManager) int { return y.Time.Compare(x.Time) })
	for _, m := range changes {
		f := found[m.Subject()]
		record := Text{Value: "none", Tone: Bad}
		if f.Exception != "" {
			record = Text{Value: f.Exception, Note: "until " + f.ExceptedUntil.String(), Link: "exceptions"}
		}
		t.Rows = append(t.Rows, []Text{
			plain(strings.TrimSuffix(instant(m.Time), " UTC")), {Value: m.Kind + " " + m.Namespace + "/" + m.Name, Note: m.Cluster},
			{Value: m.Manager, Note: strings.TrimSpace(m.Operation + " " + m.Subresource)}, plain(list(m.Paths, 4)),
			{Value: "indicator", Tone: Warn}, record,
		})
	}
	return append([]Block{heading("Direct changes to production, newest first")}, b.shown(t, timelineRows, "fieldManagers")...)
}
