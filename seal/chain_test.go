package seal

import (
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

func TestChains(t *testing.T) {
	s, out := newSigner(t), t.TempDir()
	bundle := func(name string, month int, previous, supersedes *Verified, change func(*schema.Claim)) *Verified {
		c := claim()
		c.AsOf = c.AsOf.AddDate(0, month, 0)
		if previous != nil {
			c.Previous = &schema.PreviousBundle{SHA256: previous.Digest}
		}
		if supersedes != nil {
			c.Plan.Supersedes = &schema.SupersededBundle{SHA256: supersedes.Digest, Reason: "an owner was wrong"}
		}
		if change != nil {
			change(&c)
		}
		return mustVerify(t, sealInto(t, out, name, sample, c, s).Archive, trusting(s))
	}
	a := bundle("a", 0, nil, nil, nil)
	b := bundle("b", 3, a, nil, nil)
	c := bundle("c", 6, b, nil, nil)
	corrected := bundle("corrected", 3, a, b, nil)
	afterCorrection := bundle("after-correction", 6, corrected, nil, nil)
	exchanged := bundle("exchanged", 3, a, nil, func(c *schema.Claim) { c.Gaps = 0 })
	first := bundle("first", 3, nil, nil, nil)
	backwards := bundle("backwards", -3, a, nil, nil)
	otherPlan := bundle("other-plan", 3, a, nil, func(c *schema.Claim) { c.Plan.Name = "yearly" })
	elsewhere := bundle("elsewhere", 3, nil, b, nil)

	tests := []struct {
		name    string
		bundles []*Verified
		want    string // in the sentences, or in the error where it begins with !
	}{
		{"in order", []*Verified{a, b, c}, "Bundle 3, as of 2027-05-22 08:00:00 UTC, names bundle 2"},
		{"from the middle", []*Verified{b, c}, "Not checked: the bundle before bundle 1 (digest " + a.Digest},
		{"corrected", []*Verified{a, b, corrected, afterCorrection}, `Bundle 3 corrects bundle 2 (digest ` + b.Digest + `) and takes its place. The reason given: "an owner was wrong".`},
		{"corrected later", []*Verified{a, b, c, corrected}, "Bundle 4 corrects bundle 2"},
		{"made before the correction", []*Verified{a, b, corrected, c}, "It was made before bundle 3 corrected that one."},
		{"correction without what it corrects", []*Verified{corrected, afterCorrection}, "Not checked: the bundle that bundle 1 corrects"},
		{"out of order", []*Verified{a, c, b}, "!one is missing between them, they are out of order, or one was exchanged"},
		{"backwards", []*Verified{c, b, a}, "!bundle 2 follows a bundle with digest " + a.Digest},
		{"gap", []*Verified{a, c}, "!one is missing"},
		{"exchanged", []*Verified{a, exchanged, c}, "!one was exchanged"},
		{"two that follow the same", []*Verified{a, b, exchanged}, "!two bundles follow the same one"},
		{"twice", []*Verified{a, b, b}, "!bundle 3 is bundle 2 once more"},
		{"no link", []*Verified{a, first}, "!bundle 2 names no earlier bundle"},
		{"time goes back", []*Verified{a, backwards}, "!is not after bundle 1"},
		{"other plan", []*Verified{a, otherPlan}, "!a chain has one plan"},
		{"corrects what is not there", []*Verified{a, corrected}, "!which is not among those given before it"},
		{"corrects in another chain", []*Verified{a, b, elsewhere}, "!does not follow the same bundle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			said, err := CheckChain(tt.bundles)
			want, refused := strings.CutPrefix(tt.want, "!")
			if refused {
				if said != nil || err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, %v; want an error with %q", said, err, want)
				}
				return
			}
			if err != nil || !strings.Contains(strings.Join(said, "\n"), want) {
				t.Errorf("got %q, %v; want %q", said, err, want)
			}
		})
	}
}
