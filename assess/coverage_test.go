package assess

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// inGo are the tests whose cases stand in Go, by the checks that they are about:
// their bindings are too long for the rows of a fixture.
var inGo = map[string]func(*testing.T){
	"ACC-01.k1 ACC-01.k2 ACC-01.k3":           TestACC01,
	"ACC-01.d1":                               TestACC01d1,
	"ACC-02.k1 ACC-02.k2 ACC-02.k3 ACC-02.k4": TestACC02,
	"ACC-03.k1 ACC-03.k2 ACC-03.k3":           TestACC03,
	"ACC-04.k1":                               TestRevokedRights,
	"ACC-04.d1":                               TestAccessReviewed,
	"ACC-04.k2":                               TestNewRights,
	"ACC-05.k1":                               TestACC05,
	"ACC-06.k1 ACC-06.k2 ACC-06.k3 ACC-06.k4": TestACC06,
	"ACC-07.k1 ACC-07.k2 ACC-07.k3":           TestACC07,
	"ACC-08.k1 ACC-08.k2":                     TestACC08,
	"CHG-02.k3":                               TestCHG02k3,
	"SEC-03.k1":                               TestSEC03k1,
}

// never are results that a check does not give, by what the catalogue says of it.
var never = map[schema.Result]string{
	// Their worst is partial, or for a person to judge.
	schema.ResultFail: `ACC-04.k2 CHG-03.k4 CHG-04.k2 CHG-04.k3 GOV-01.k1 GOV-07.k1 MON-04.k1 MON-04.k2 RES-05.k2
		SEC-01.k2 SEC-02.k4 SEC-03.k2 SEC-06.p3 SEP-03.k2 SEP-03.k4 SEP-03.k5 SEP-05.k2 SEP-06.k2 SEP-07.k2 SEP-07.k4`,
	// What would prove them cannot be seen through the API.
	schema.ResultPass: "ACC-01.k2 SEC-04.k1 SEP-03.k4",
}

// couldPartlyPass finds in what the catalogue says of a check whether it knows a half result.
var couldPartlyPass = regexp.MustCompile(`(?i)\bpartial\b`)

// TestEveryResultHasACase holds the results of all cases, those of the fixtures and
// those in Go, against what each check of rows can conclude. A check without
// cases fails it, and so does a result that the catalogue does not know.
func TestEveryResultHasACase(t *testing.T) {
	checks := shippedChecks(t)
	seen := resultsOfCases(t, checks)
	for _, c := range checks {
		by := DecidedBy(&c)
		if by != ByRules && by != ByGo {
			continue
		}
		if len(seen[c.ID]) == 0 {
			t.Errorf("%s is decided by %s and has no case", c.ID, by)
			continue
		}
		if c.Kind != schema.CheckAPI && c.Kind != schema.CheckPipeline {
			continue
		}
		can := map[schema.Result]bool{schema.ResultPartial: couldPartlyPass.MatchString(c.Logic)}
		for _, r := range []schema.Result{schema.ResultFail, schema.ResultPass} {
			can[r] = !slices.Contains(strings.Fields(never[r]), c.ID)
		}
		for r, expected := range can {
			switch {
			case expected && !seen[c.ID][r]:
				t.Errorf("%s: no case is %s", c.ID, r)
			case !expected && seen[c.ID][r]:
				t.Errorf("%s: a case is %s, and neither its logic nor this test says that it can be", c.ID, r)
			}
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(seen[c.ID])), func(r schema.Result) bool { return isFinding(r) || r == schema.ResultNotCollected }) {
			t.Errorf("%s: no case finds anything", c.ID)
		}
	}
}

// resultsOfCases runs all cases and returns the results, of rows and of whole
// checks, that each check came to.
func resultsOfCases(t *testing.T, checks []schema.Check) map[string]map[schema.Result]bool {
	t.Helper()
	seen := map[string]map[schema.Result]bool{}
	note := func(r schema.CheckResult) {
		if seen[r.ID] == nil {
			seen[r.ID] = map[schema.Result]bool{}
		}
		seen[r.ID][r.Result] = true
		for result, n := range r.Counts {
			seen[r.ID][result] = seen[r.ID][result] || n > 0
		}
	}
	fixtures, err := RunFixtures(context.Background(), checks, os.DirFS("testdata/checks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fixtures {
		note(f.Got)
	}
	recorded = note
	defer func() { recorded = nil }()
	for ids, test := range inGo {
		t.Run(ids, test)
		for _, id := range strings.Fields(ids) {
			if seen[id] == nil {
				t.Errorf("%s has no case in the test that is named for it", id)
			}
		}
	}
	return seen
}

// TestNothingIsDecidedInTheDark refuses each resource in turn. Every check of the
// API that reads it, also through what is derived from it, is not collected.
func TestNothingIsDecidedInTheDark(t *testing.T) {
	readers := map[string][]schema.Check{} // by resource
	for _, c := range shippedChecks(t) {
		if c.Kind != schema.CheckAPI || c.ID == "GOV-04.k2" { // which is about the refusals themselves
			continue
		}
		var resources []string
		for _, p := range populationsOf(&c) {
			resources = append(resources, resourcesOf(p)...)
		}
		if len(resources) == 0 {
			t.Errorf("%s reads nothing that could be refused", c.ID)
		}
		slices.Sort(resources)
		for _, r := range slices.Compact(resources) {
			readers[r] = append(readers[r], c)
		}
	}
	for resource, checks := range readers {
		w := newWorld()
		w.refuse(resource)
		in := (&fixtureCase{}).inputs(checks)
		report, err := Assess(context.Background(), &w.Snapshot, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range report.Checks {
			if c.Result != schema.ResultNotCollected || !strings.Contains(c.Reason, resource) {
				t.Errorf("%s is %s (%s), and %s was refused", c.ID, c.Result, c.Reason, resource)
			}
		}
	}
}

// TestNoRepositoryIsDecidedInTheDark refuses each resource of a forge in turn, for the
// only repository. Every check of pipelines that reads it is not collected.
func TestNoRepositoryIsDecidedInTheDark(t *testing.T) {
	var checks []schema.Check
	resources := map[string]bool{}
	for _, c := range shippedChecks(t) {
		if c.Kind == schema.CheckPipeline && DecidedBy(&c) != ByNone && len(forgeResources(populationsOf(&c))) > 0 {
			checks = append(checks, c)
			for _, r := range forgeResources(populationsOf(&c)) {
				resources[r] = true
			}
		}
	}
	for _, refused := range sortedKeys(resources) {
		var c fixtureCase
		for _, r := range sortedKeys(resources) {
			q := schema.Query{Source: "hub", Resource: r, Repository: "h/x", Outcome: schema.Complete}
			if r == refused {
				q.Outcome = schema.Forbidden
			}
			c.Queries = append(c.Queries, q)
		}
		snap, _, err := c.snapshot()
		if err != nil {
			t.Fatal(err)
		}
		report, err := Assess(context.Background(), snap, c.inputs(checks))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range report.Checks {
			i := slices.IndexFunc(checks, func(c schema.Check) bool { return c.ID == k.ID })
			dark := slices.Contains(forgeResources(populationsOf(&checks[i])), refused)
			if dark != (k.Result == schema.ResultNotCollected) || dark && !strings.Contains(k.Reason, refused) {
				t.Errorf("%s is %s (%s), and %s was refused", k.ID, k.Result, k.Reason, refused)
			}
		}
	}
}
