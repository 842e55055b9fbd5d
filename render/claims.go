package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

const (
	claimRows = 6
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
	blocks := append(b.environments(rows), append([]Block{heading("Claim and fact: is a namespace a boundary?")}, b.shown(t, claimRows, "barriers")...)...)
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

// matrixClusters is how many clusters have a column.
const matrixClusters = 6

// environments shows which environments share a cluster: a matrix of namespaces in scope.
func (b *builder) environments(rows []schema.Barrier) []Block {
	type cell struct{ namespaces, whole int }
	cells := map[string]map[string]cell{} // by environment and cluster
	clusters := map[string]bool{}
	for _, r := range rows {
		environment := cmp.Or(r.Environment, "not given")
		if cells[environment] == nil {
			cells[environment] = map[string]cell{}
		}
		c := cells[environment][r.Cluster]
		c.namespaces++
		if r.Score == allBarriers {
			c.whole++
		}
		cells[environment][r.Cluster] = c
		clusters[r.Cluster] = true
	}
	if len(cells) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(clusters))
	shown := names[:min(len(names), matrixClusters)]
	t := Table{Columns: []Column{{Title: "Environment", Width: 34}}, Dense: true}
	for _, c := range shown {
		t.Columns = append(t.Columns, Column{Title: c, Width: 23})
	}
	for _, e := range sortedKeys(cells) {
		row := []Text{{Value: e, Bold: true}}
		for _, name := range shown {
			c := cells[e][name]
			if c.namespaces == 0 {
				row = append(row, plain(""))
				continue
			}
			row = append(row, plain(count(c.namespaces, "namespace", "namespaces")+", "+group(c.whole)+" with all five barriers"))
		}
		t.Rows = append(t.Rows, row)
	}
	blocks := []Block{heading("Which environments share a cluster?"), t}
	if rest := len(names) - len(shown); rest > 0 {
		blocks = append(blocks, small("%s on %s.", count(rest, "more cluster is", "more clusters are"), sheet("Barriers")))
	}
	return blocks
}
