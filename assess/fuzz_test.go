package assess

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

// A check with any scope, rule and message is refused with its name and field, or
// gives the same results whenever it runs over the same rows, each row counted
// once; or it ends with an error, in a time that its cost limit bounds.
func FuzzCheck(f *testing.F) {
	for _, e := range [][3]string{
		{"ns.inScope", "row.replicas < 2", "{row.name} has {row.replicas}"},
		{"", "row.images.exists(i, i.contains('latest')) || row.name.matches('^(a+)+$')", "{row.images}"},
		{"older(row.created, duration('24h'))", "ageDays(row.created) > 3 && known(row.created)", "{row.created} {asOf}"},
		{"production(row.cluster, row.namespace)", "approval('deployer', row) == ''", "{cluster.name} {plan.production}"},
		{"row.labels['team'] == 'a'", "has(row.labels.team) && row.labels.all(k, k != '')", "{{ {row.labels} }}"},
		{"true", "[1,2,3].map(x, [x, x].map(y, y * x)).size() / row.replicas > 0", "{1 / row.replicas}"},
		{"", "row.name.split('').map(c, c + c).join('').size() > 9", "{row.name.upperAscii()}"},
		{"dyn(row).nothing", "true", "{"},
	} {
		f.Add(e[0], e[1], e[2], "web\u202e\x1b[31m", int32(0))
	}
	f.Fuzz(func(t *testing.T, scope, when, message, name string, replicas int32) {
		check := sound()
		check.Scope, check.Message, check.Rules[0].When = scope, message, when
		if err := Compile([]schema.Check{check}); err != nil {
			var mistake *CheckError
			if !errors.As(err, &mistake) || mistake.Check != check.ID || mistake.Field == "" {
				t.Errorf("refused without name and field: %v", err)
			}
			return
		}
		snap := snapshotOf(
			schema.Workload{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: name, Replicas: int(replicas), Images: []string{name, "latest"}, Created: asOf.Add(-time.Duration(replicas) * time.Hour)},
			schema.Workload{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: name + "2"},
		)
		report, err := Assess(context.Background(), snap, inputsOf(check))
		again, err2 := Assess(context.Background(), snap, inputsOf(check))
		if err != nil {
			if report != nil || err2 == nil || !strings.Contains(err.Error(), check.ID) {
				t.Errorf("first %v, with a report: %t; then %v", err, report != nil, err2)
			}
			return
		}
		if diff := cmp.Diff(report.Checks, again.Checks); diff != "" || err2 != nil {
			t.Errorf("the second time: %v (-first +second)\n%s", err2, diff)
		}
		for _, c := range report.Checks {
			if c.ID == check.ID && c.Rows != 2 {
				t.Errorf("%d rows were counted, of 2: %+v", c.Rows, c)
			}
		}
	})
}
