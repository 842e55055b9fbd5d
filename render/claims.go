package render

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

const (
	claimRows = 11
	// allBarriers is how many barriers a namespace can have.
	allBarriers = 5
)

// claims holds what documents claim of each namespace against what its cluster
// shows: a namespace that is called isolated and is not comes first.
func (b *builder) claims() []Block {
	t := Table{
		Columns: []Column{
			{Title: "Namespace", Width: 28}, {Title: "Cluster", Width: 17}, {Title: "Environment", Width: 21}, {Title: "Owner", Width: 22},
			{Title: "Called isolated", Width: 14}, {Title: "Barriers that hold", Width: 21, Kind: StatusCell},
			{Title: "Network closed", Width: 14}, {Title: "Pod Security", Width: 14}, {Title: "No host access", Width: 12}, {Title: "Own accounts", Width: 17}, {Title: "Own nodes", Width: 10},
		},
		Dense: true,
		Empty: "No namespace is in scope.",
	}
	rows := slices.Clone(b.r.Derived.Barriers)
	slices.SortStableFunc(rows, func(x, y schema.Barrier) int {
		return cmp.Or(compareTrue(broken(x), broken(y)), cmp.Compare(x.Score, y.Score), compareTrue(x.Claimed, y.Claimed))
	})
	whole, claimed, failing := 0, 0, 0
	for _, r := range rows {
		if r.Score == allBarriers {
			whole++
		}
		if r.Claimed {
			claimed++
		}
		if broken(r) {
			failing++
		}
		t.Rows = append(t.Rows, []Text{
			{Value: r.Namespace}, plain(r.Cluster), plain(r.Environment), plain(r.Owner), claimText(r), scoreText(r),
			holds(r.Network), holds(r.PodSecurity), holds(r.NoHostAccess), holds(r.OwnAccounts), holds(r.OwnNodes),
		})
	}
	blocks := append([]Block{heading("Claim and fact: is a namespace a boundary?")}, b.shown(t, claimRows, "barriers")...)
	if len(b.incomplete("barriers", "namespaces", "services", "ingresses")) > 0 {
		return blocks // the sums below would be too small
	}
	return append(blocks, small("%s in scope; %s all five barriers. A document calls %s isolated, and %s of those without all five. Exposed to the outside: %s.",
		count(len(rows), "namespace is", "namespaces are"), count(whole, "has", "have"), group(claimed), count(failing, "is", "are"), b.exposure()))
}

// broken reports whether a namespace is called isolated and lacks a barrier.
func broken(r schema.Barrier) bool { return r.Claimed && r.Score < allBarriers }

func claimText(r schema.Barrier) Text {
	if r.Claimed {
		return Text{Value: "yes", Bold: true}
	}
	return Text{Value: "no claim", Tone: Muted}
}

// scoreText says how many barriers hold, and what that makes of a claim.
func scoreText(r schema.Barrier) Text {
	t := Text{Value: fmt.Sprintf("%d of %d", r.Score, allBarriers), Tone: Unknown}
	switch {
	case broken(r):
		t.Value, t.Tone = t.Value+": not so", Bad
	case r.Score == allBarriers:
		t.Tone = Good
	case 2*r.Score <= allBarriers:
		t.Tone = Warn
	}
	return t
}

func holds(v bool) Text {
	if v {
		return Text{Value: "yes"}
	}
	return Text{Value: "no", Tone: Bad, Bold: true}
}
