package render

import (
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

const (
	timelineRows = 8
	// directChange finds objects that carry the sign of a client that is no pipeline,
	// auditedChange requests in the audit log.
	directChange  = "CHG-02.k1"
	auditedChange = "CHG-02.d1"
)

// A change is one that went around the pipeline.
type change struct {
	when               time.Time
	object, by, fields Text
	strength           Text
	finding            schema.Finding
}

// timeline lists the changes that went around the pipeline, newest first.
func (b *builder) timeline() []Block {
	t := Table{
		Columns: []Column{
			{Title: "When (UTC)", Width: 22}, {Title: "Object", Width: 50}, {Title: "Changed by", Width: 34},
			{Title: "Fields", Width: 36}, {Title: "Strength", Width: 20, Kind: StatusCell}, {Title: "Emergency record", Width: 22},
		},
		Dense: true,
		Empty: "No sign of a change around the pipeline was found. That is no proof of none: an object that is applied again loses the sign.",
	}
	changes := append(b.changesByManager(), b.changesByRequest()...)
	slices.SortStableFunc(changes, func(x, y change) int { return y.when.Compare(x.when) })
	for _, c := range changes {
		record := Text{Value: "none", Tone: Bad}
		if e := c.finding.Exception; e != "" {
			record = Text{Value: e, Note: "until " + c.finding.ExceptedUntil.String(), Link: "exceptions"}
		}
		t.Rows = append(t.Rows, []Text{plain(strings.TrimSuffix(instant(c.when), " UTC")), c.object, c.by, c.fields, c.strength, record})
	}
	populations := []string{"fieldManagers"}
	if len(b.s.Evidence.AuditActions) > 0 {
		populations = append(populations, "auditActions")
	}
	return append([]Block{heading("Direct changes to production, newest first")}, b.shown(t, timelineRows, populations...)...)
}

// changesByManager are those that field managers show. A client names its manager
// itself: that is an indicator and no proof.
func (b *builder) changesByManager() []change {
	found := b.findingsBySubject(directChange)
	var out []change
	for _, m := range b.s.Evidence.FieldManagers {
		if f, ok := found[m.Subject()]; ok {
			out = append(out, change{
				when: m.Time, object: Text{Value: m.Kind + " " + m.Namespace + "/" + m.Name, Note: m.Cluster},
				by:     Text{Value: m.Manager, Note: strings.TrimSpace("client, " + m.Operation + " " + m.Subresource)},
				fields: plain(list(m.Paths, 4)), strength: Text{Value: "indicator", Tone: Warn}, finding: f,
			})
		}
	}
	return out
}

// changesByRequest are those that the audit log proves.
func (b *builder) changesByRequest() []change {
	found := b.findingsBySubject(auditedChange)
	var out []change
	for _, a := range b.s.Evidence.AuditActions {
		if f, ok := found[a.Subject()]; ok {
			out = append(out, change{
				when: a.Last, object: Text{Value: a.Resource + " " + strings.TrimPrefix(a.Namespace+"/"+a.Name, "/"), Note: a.Cluster},
				by:     Text{Value: a.User, Note: string(a.Identity)},
				fields: Text{Value: a.Verb, Note: count(a.Allowed, "request", "requests")}, strength: Text{Value: "proof", Note: "by audit log", Tone: Bad}, finding: f,
			})
		}
	}
	return out
}

// findingsBySubject has the findings of a check.
func (b *builder) findingsBySubject(check string) map[schema.Subject]schema.Finding {
	m := map[schema.Subject]schema.Finding{}
	for _, f := range b.r.Findings {
		if f.Check == check {
			m[f.Subject] = f
		}
	}
	return m
}
