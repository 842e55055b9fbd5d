package answer

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

// control returns a control in force: implemented, signed off, its evidence fresh.
func control(id string, edit ...func(*schema.ControlResult)) schema.ControlResult {
	c := schema.ControlResult{Status: schema.Implemented, Review: schema.ReviewCurrent}
	c.ID, c.Statement = id, "We do "+id+"."
	c.Evidence = []schema.EvidencePointer{{Check: id + ".k1", Freshness: schema.Fresh}}
	c.Responsibility = schema.Responsibility{PlatformTeam: "A/R", CloudProvider: "C"}
	for _, e := range edit {
		e(&c)
	}
	return c
}

func status(s schema.Status) func(*schema.ControlResult) {
	return func(c *schema.ControlResult) { c.Status = s }
}

func sources(controls ...schema.ControlResult) *Sources {
	return &Sources{Report: &schema.Report{AsOf: time.Date(2026, 6, 30, 6, 0, 0, 0, time.UTC), Controls: controls}, Bundle: "b0"}
}

func mapTo(ids ...string) *schema.QuestionnaireMap {
	m := &schema.QuestionnaireMap{Metadata: schema.Metadata{Name: "ours"}}
	m.Spec.Questions = []schema.MappedQuestion{{ID: "1", Controls: ids}}
	return m
}

// TestValue goes through what the status of mapped controls speaks for, what of it
// is written, and what a person is asked.
func TestValue(t *testing.T) {
	words := []string{"Y", "N", "Partially implemented", "N/A"}
	stale := func(c *schema.ControlResult) { c.Evidence[0].Freshness = schema.Stale }
	for name, test := range map[string]struct {
		controls         []schema.ControlResult
		allowed          []string
		text             string
		value, suggested string
		human            string // part of what a person has to decide; empty for nothing
	}{
		"implemented":               {[]schema.ControlResult{control("A-1")}, words, "", "Y", "Yes", ""},
		"two implemented":           {[]schema.ControlResult{control("A-1"), control("A-2")}, words, "", "Y", "Yes", ""},
		"a review that is due soon": {[]schema.ControlResult{control("A-1", func(c *schema.ControlResult) { c.Review = schema.ReviewDue })}, words, "", "Y", "Yes", ""},
		"a review that is overdue":  {[]schema.ControlResult{control("A-1", func(c *schema.ControlResult) { c.Review = schema.ReviewOverdue })}, words, "", "", "", "missing, stale or not signed off"},
		"stale evidence":            {[]schema.ControlResult{control("A-1", stale)}, words, "", "", "", "missing, stale or not signed off"},
		"needs review":              {[]schema.ControlResult{control("A-1", status(schema.NeedsReview))}, words, "", "", "", "A-1 is missing"},
		"partial":                   {[]schema.ControlResult{control("A-1"), control("A-2", status(schema.Partial))}, words, "", "Partially implemented", "Partial", "A-2 not implemented in full"},
		"partial, no such word":     {[]schema.ControlResult{control("A-1", status(schema.Partial))}, []string{"Yes", "No"}, "", "No", "No", "say in your words what is lacking"},
		"not implemented":           {[]schema.ControlResult{control("A-1", status(schema.Partial)), control("A-2", status(schema.NotImplemented))}, words, "", "N", "No", "A-1, A-2 not implemented"},
		"not applicable":            {[]schema.ControlResult{control("A-1", status(schema.NotApplicable))}, words, "", "N/A", "NA", "confirm that it does not apply"},
		"one of two not applicable": {[]schema.ControlResult{control("A-1", status(schema.NotApplicable)), control("A-2")}, words, "", "Y", "Yes", ""},
		"accepted by an exception":  {[]schema.ControlResult{control("A-1", func(c *schema.ControlResult) { c.Exceptions = 1 })}, words, "", "", "Yes", "accepted by exceptions"},
		"a word that is not there":  {[]schema.ControlResult{control("A-1")}, []string{"In place", "Not in place"}, "", "", "Yes", `does not allow "Yes"; it allows In place, Not in place`},
		"any text":                  {[]schema.ControlResult{control("A-1")}, nil, "", "Yes", "Yes", ""},
		"a topic for people":        {[]schema.ControlResult{control("A-1")}, words, "Are all secrets rotated?", "", "Yes", "absolute words"},
		"a compound question":       {[]schema.ControlResult{control("A-1")}, words, "Are secrets rotated and is access reviewed?", "", "Yes", "it asks 2 things at once"},
		"a control that is not there": {[]schema.ControlResult{control("A-1")}, words, "", "", "Yes",
			"1 of the controls that answer it are not in the control table"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sources(test.controls...)
			ids := make([]string, len(test.controls))
			for i, c := range test.controls {
				ids[i] = c.ID
			}
			if name == "a control that is not there" {
				ids = append(ids, "Z-9")
			}
			s.Map = mapTo(ids...)
			text := test.text
			if text == "" {
				text = "Are secrets rotated?"
			}
			p := s.Answer(Question{ID: "1", Text: text, Allowed: test.allowed})
			if p.Value != test.value || p.Suggested != test.suggested {
				t.Errorf("wrote %q and suggested %q, want %q and %q", p.Value, p.Suggested, test.value, test.suggested)
			}
			human := strings.Join(p.Human, "\n")
			if test.human == "" && human != "" || !strings.Contains(human, test.human) {
				t.Errorf("a person is asked %q, want %q", human, test.human)
			}
		})
	}
}

// TestLadder tries the ways from a question to controls: the surest decides, and
// only the surest answers Yes alone.
func TestLadder(t *testing.T) {
	const text = "Is access reviewed?"
	reference := Reference{CCM41, "IAM-08"}
	referenced := func(c *schema.ControlResult) { c.References.CCM41 = []string{"IAM-08"} }
	library := func(question string) *schema.AnswerLibrary {
		return &schema.AnswerLibrary{Spec: schema.AnswerLibrarySpec{Answers: []schema.ApprovedAnswer{
			{Question: question, Answer: "Yes", Comment: "Twice a year.", Controls: []string{"A-1"}, ApprovedBy: "Ada Example", ApprovedOn: schema.NewDate(2026, 1, 2)},
		}}}
	}
	for name, test := range map[string]struct {
		question   Question
		edit       func(*Sources)
		step       string
		confidence Confidence
		value      string
	}{
		"id map":                        {Question{ID: "1", References: []Reference{reference}}, func(s *Sources) { s.Map = mapTo("A-1") }, "id map ours", High, "Yes"},
		"id map of a text that changed": {Question{ID: "1"}, func(s *Sources) { s.Map = mapTo("A-1"); s.Map.Spec.Questions[0].TextSHA256 = Hash("Was it reviewed?") }, "id map ours", Low, ""},
		"id map of the same text": {Question{ID: "1"}, func(s *Sources) {
			s.Map = mapTo("A-1")
			s.Map.Spec.Questions[0].TextSHA256 = Hash("IS ACCESS  REVIEWED")
		}, "id map ours", High, "Yes"},
		"reference":                    {Question{References: []Reference{reference}}, nil, "reference CCM 4.1 IAM-08", Medium, ""},
		"reference of another version": {Question{References: []Reference{{CCM40, "IAM-08"}}}, nil, "no match", None, ""},
		"approved answer":              {Question{}, func(s *Sources) { s.Library = library("is access reviewed") }, "answer approved by Ada Example on 2026-01-02", High, "Yes"},
		"similar approved answer": {Question{Text: "In your company, is access of people to production systems reviewed by the owner?"}, func(s *Sources) {
			s.Library = library("In your company, is access of people to production systems reviewed by the owner today?")
		}, "answer approved by Ada Example on 2026-01-02", Low, ""},
		"words":   {Question{Text: "Do access reviews happen?"}, nil, "words of the question", Low, ""},
		"nothing": {Question{Text: "Do you like tea?"}, nil, "no match", None, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sources(control("A-1", referenced), control("ACC-04"))
			if test.edit != nil {
				test.edit(s)
			}
			if test.question.Text == "" {
				test.question.Text = text
			}
			p := s.Answer(test.question)
			if p.Step != test.step || p.Confidence != test.confidence || p.Value != test.value {
				t.Errorf("got step %q, confidence %q, value %q; want %q, %q, %q", p.Step, p.Confidence, p.Value, test.step, test.confidence, test.value)
			}
			if p.Value == "" && len(p.Human) == 0 {
				t.Error("nothing is written, and no person is asked")
			}
		})
	}
}

// TestAnApprovedAnswerFallsWithItsEvidence keeps the words of a person, and not the
// value, when the controls no longer bear it out.
func TestAnApprovedAnswerFallsWithItsEvidence(t *testing.T) {
	s := sources(control("A-1", status(schema.NotImplemented)))
	s.Library = &schema.AnswerLibrary{Spec: schema.AnswerLibrarySpec{Answers: []schema.ApprovedAnswer{{Question: "Is access reviewed?", Answer: "Yes", Comment: "Twice a year.", Controls: []string{"A-1"}}}}}
	p := s.Answer(Question{Text: "Is access reviewed?"})
	if p.Value != "No" || !strings.Contains(strings.Join(p.Human, "\n"), `it was answered "Yes" before, and the evidence now speaks for "No"`) {
		t.Errorf("got %q, %q", p.Value, p.Human)
	}
	if want := "Twice a year. [A-1 not implemented (A-1.k1); as of 2026-06-30; bundle sha256:b0]"; p.Comment != want {
		t.Errorf("the comment is %q, want %q", p.Comment, want)
	}
}

// TestCommentClaimsNoMoreThanTheStatus reads the sentences beside an answer.
func TestCommentClaimsNoMoreThanTheStatus(t *testing.T) {
	s := sources(control("A-1"), control("A-2", status(schema.Partial)), control("A-3", status(schema.NotImplemented)), control("A-4", status(schema.NeedsReview)))
	s.Map = mapTo("A-1", "A-2", "A-3", "A-4")
	got := s.Answer(Question{ID: "1", Text: "Is it so?"}).Comment
	if want := "We do A-1. In part: We do A-2. Not in place: We do A-3. Not shown: We do A-4. [A-1 implemented (A-1.k1)"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOwnership(t *testing.T) {
	duty := func(c *schema.ControlResult) { c.CustomerDuties = []string{"Name your administrators."} }
	provider := func(c *schema.ControlResult) {
		c.Responsibility = schema.Responsibility{CloudProvider: "A", PlatformTeam: "I"}
	}
	shared := func(c *schema.ControlResult) {
		c.Responsibility = schema.Responsibility{ManagedKubernetes: "R", PlatformTeam: "A"}
	}
	nobody := func(c *schema.ControlResult) { c.Responsibility = schema.Responsibility{SecurityTeam: "C"} }
	for name, test := range map[string]struct {
		controls      []schema.ControlResult
		owner, duties string
	}{
		"ours":               {[]schema.ControlResult{control("A-1")}, "CSP-owned", ""},
		"with customers":     {[]schema.ControlResult{control("A-1", duty), control("A-2", duty)}, "Shared CSP and CSC", "Name your administrators."},
		"with a supplier":    {[]schema.ControlResult{control("A-1", shared)}, "Shared CSP and 3rd-party", ""},
		"a supplier's":       {[]schema.ControlResult{control("A-1", provider)}, "3rd-party outsourced", ""},
		"customers'":         {[]schema.ControlResult{control("A-1", nobody, duty)}, "CSC-owned", "Name your administrators."},
		"one not applicable": {[]schema.ControlResult{control("A-1", provider, status(schema.NotApplicable)), control("A-2")}, "CSP-owned", ""},
		"nothing applies":    {[]schema.ControlResult{control("A-1", duty, status(schema.NotApplicable))}, "", ""},
	} {
		if owner, duties := ownership(test.controls); owner != test.owner || duties != test.duties {
			t.Errorf("%s: got %q, %q; want %q, %q", name, owner, duties, test.owner, test.duties)
		}
	}
}

func TestParts(t *testing.T) {
	for text, want := range map[string][]string{
		"Are backups tested?":                                   {"Are backups tested"},
		"Are backups and snapshots tested?":                     {"Are backups", "snapshots tested"},
		"Are policies documented, approved and communicated?":   {"Are policies documented", "approved", "communicated"},
		"Is access to systems, networks and devices restricted": {"Is access to systems", "devices restricted"},
		"Tea?": {"Tea?"},
	} {
		if diff := cmp.Diff(want, parts(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
