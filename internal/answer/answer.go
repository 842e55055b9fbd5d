// Package answer proposes answers to the questions of customers from the report of
// a bundle.
//
// Answer is the one call. It tries a ladder of ways from a question to controls, the
// surest first, and takes the value from the status of those controls, never from a
// text. What a person has to decide it leaves to a person, and says why. The rules
// are those of docs/questionnaires.md.
package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A Question is a row of a questionnaire.
type Question struct {
	ID, Text string
	// References are ids in columns that name a framework and its version.
	References []Reference
	// Allowed are the values that the answer may have; nil means any text.
	Allowed []string
}

// A Reference is a number of a published framework.
type Reference struct {
	Framework Framework
	ID        string
}

// Confidence in the way from the question to the controls.
type Confidence string

// The confidences.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
	None   Confidence = "none"
)

// A Proposal is what is known about a question.
type Proposal struct {
	// Value is the answer to be written, one of Question.Allowed; empty where none may be.
	Value string
	// Suggested is what the status of the controls speaks for, also where a person has to decide.
	Suggested string
	// Comment explains the value in words of public fields, with the evidence.
	Comment string
	// Ownership and CustomerDuties are what CAIQ asks beside the answer.
	Ownership, CustomerDuties string
	// Step says which way led to the controls.
	Step       string
	Confidence Confidence
	// Human says what a person has to decide, and why; empty where nothing is open.
	Human []string
	// Controls that the answer rests on, in the order of the report.
	Controls []schema.ControlResult
	// Parts are the questions that a compound one asks.
	Parts []string
}

// Sources are what answers come from.
type Sources struct {
	Report *schema.Report
	// Bundle is the digest that answers cite.
	Bundle string
	// Map is of the very edition of the questionnaire; nil without one.
	Map *schema.QuestionnaireMap
	// Library has approved answers; nil without one.
	Library *schema.AnswerLibrary
}

// Answer says what is known about a question.
func (s *Sources) Answer(q Question) Proposal {
	p := Proposal{Confidence: None, Step: "no match"}
	approved := s.match(q, &p)
	if p.Confidence == None {
		p.need("no control matches the question")
	}
	if topics := neverAutomatic(q.Text); len(topics) > 0 {
		p.need("never answered automatically: it asks about " + strings.Join(topics, ", "))
	}
	if p.Parts = parts(q.Text); len(p.Parts) > 1 {
		p.need(fmt.Sprintf("it asks %d things at once", len(p.Parts)))
	}
	if len(p.Controls) > 0 {
		p.Ownership, p.CustomerDuties = ownership(p.Controls)
		s.value(q, &p)
	}
	if approved != nil {
		s.reuse(q, &p, approved)
	}
	return p
}

func (p *Proposal) need(why string) { p.Human = append(p.Human, why) }

// match climbs the ladder down to the first step that gives a result. It returns
// the approved answer where that was it.
func (s *Sources) match(q Question, p *Proposal) *schema.ApprovedAnswer {
	found := func(step string, c Confidence, ids []string) {
		p.Step, p.Confidence = step, c
		for _, r := range s.Report.Controls {
			if slices.Contains(ids, r.ID) {
				p.Controls = append(p.Controls, r)
			}
		}
		if missing := len(ids) - len(p.Controls); missing > 0 {
			p.need(fmt.Sprintf("%d of the controls that answer it are not in the control table", missing))
		}
	}
	if m := s.mapped(q.ID); m != nil {
		found("id map "+s.Map.Metadata.Name, High, unique(m.Controls))
		if m.TextSHA256 != "" && m.TextSHA256 != Hash(q.Text) {
			p.Confidence = Low
			p.need("the text of the question is not the one that was mapped")
		}
		return nil
	}
	if ids, reference := s.referred(q.References); len(ids) > 0 {
		c := Medium
		if len(ids) > 1 {
			c = Low
		}
		found(reference, c, ids)
		return nil
	}
	if a, exact := s.approved(q.Text); a != nil {
		c := Low
		if exact {
			c = High
		}
		found(fmt.Sprintf("answer approved by %s on %s", a.ApprovedBy, a.ApprovedOn), c, a.Controls)
		return a
	}
	if ids := matchWords(q.Text); len(ids) > 0 {
		found("words of the question", Low, ids)
	}
	return nil
}

// mapped returns what the map says of a question of its edition, or nil.
func (s *Sources) mapped(id string) *schema.MappedQuestion {
	if s.Map == nil || id == "" {
		return nil
	}
	for i := range s.Map.Spec.Questions {
		if m := &s.Map.Spec.Questions[i]; m.ID == id {
			return m
		}
	}
	return nil
}

// referred returns the controls that have one of the references in the same version.
func (s *Sources) referred(refs []Reference) (ids []string, step string) {
	for _, ref := range refs {
		for _, c := range s.Report.Controls {
			if slices.Contains(ref.Framework.ids(c.References), ref.ID) && !slices.Contains(ids, c.ID) {
				ids = append(ids, c.ID)
				step = "reference " + ref.Framework.Name + " " + ref.ID
			}
		}
	}
	return ids, step
}

func unique(ids []string) []string {
	out := slices.Clone(ids)
	slices.Sort(out)
	return slices.Compact(out)
}

// The values that statuses speak for.
const (
	yes     = "Yes"
	no      = "No"
	partial = "Partial"
	na      = "NA"
)

// value takes the answer from the status of the controls. It writes Yes only on
// evidence that leaves nothing open.
func (s *Sources) value(q Question, p *Proposal) {
	var open, lacking, applicable []schema.ControlResult
	for _, c := range p.Controls {
		switch {
		case c.Status == schema.NotApplicable:
			continue
		case c.Status == schema.Partial || c.Status == schema.NotImplemented:
			lacking = append(lacking, c)
		case c.Status != schema.Implemented || !current(c):
			open = append(open, c)
		}
		applicable = append(applicable, c)
	}
	p.Comment = s.comment(p.Controls)
	switch {
	case len(applicable) == 0:
		p.Suggested = na
	case len(lacking) > 0:
		p.Suggested = no
		if allows(q.Allowed, partial) != "" && !slices.ContainsFunc(applicable, func(c schema.ControlResult) bool { return c.Status == schema.NotImplemented }) {
			p.Suggested = partial
		}
		p.need(fmt.Sprintf("%s %s; say in your words what is lacking and until when it is mended", names(lacking), "not implemented in full"))
	case len(open) > 0:
		p.need(fmt.Sprintf("the evidence for %s is missing, stale or not signed off", names(open)))
		return
	default:
		p.Suggested = yes
		if p.Confidence != High {
			p.need("the way from the question to the controls is of confidence " + string(p.Confidence) + ", and Yes takes high")
		}
		if slices.ContainsFunc(applicable, func(c schema.ControlResult) bool { return c.Exceptions > 0 }) {
			p.need("some findings are accepted by exceptions")
		}
	}
	s.write(q, p)
}

// write puts what is suggested into words that the questionnaire allows. A Yes that
// a person has to decide is not written; a No or NA is, for the person to confirm.
func (s *Sources) write(q Question, p *Proposal) {
	if p.Suggested == yes && len(p.Human) > 0 {
		return
	}
	if p.Value = allows(q.Allowed, p.Suggested); p.Value == "" {
		p.need(fmt.Sprintf("the questionnaire does not allow %q; it allows %s", p.Suggested, strings.Join(q.Allowed, ", ")))
	}
	if p.Suggested == na {
		p.need("confirm that it does not apply")
	}
}

// reuse takes the words of an approved answer. Its value stands only where the
// status of its controls bears it out.
func (s *Sources) reuse(q Question, p *Proposal, a *schema.ApprovedAnswer) {
	if a.Comment != "" {
		p.Comment = a.Comment
		if len(p.Controls) > 0 {
			p.Comment += " " + s.cite(p.Controls)
		}
	}
	switch {
	case p.Confidence != High:
		p.need("a similar question was answered before: " + a.Question)
	case len(a.Controls) == 0:
		p.Suggested = a.Answer
		p.need("an approved answer that rests on no control; confirm that it still holds")
		p.Value = allows(q.Allowed, a.Answer)
	case !strings.EqualFold(a.Answer, p.Suggested):
		p.need(fmt.Sprintf("it was answered %q before, and the evidence now speaks for %q", a.Answer, p.Suggested))
	}
}

// current reports whether a control rests on evidence in date and a sign-off in time.
func current(c schema.ControlResult) bool {
	if c.Review != schema.ReviewCurrent && c.Review != schema.ReviewDue {
		return false
	}
	return !slices.ContainsFunc(c.Evidence, func(e schema.EvidencePointer) bool {
		return e.Freshness == schema.Stale || e.Freshness == schema.Missing
	})
}

// howFar says of a statement how far it holds, so that none reads as a claim that
// the status does not bear out.
var howFar = map[schema.Status]string{
	schema.Implemented:    "",
	schema.Partial:        "In part: ",
	schema.NotImplemented: "Not in place: ",
	schema.NeedsReview:    "Not shown: ",
	schema.NotApplicable:  "Does not apply: ",
}

// comment says in public words what the controls are, how far they hold, and on
// what that rests.
func (s *Sources) comment(controls []schema.ControlResult) string {
	var text []string
	for _, c := range controls {
		text = append(text, howFar[c.Status]+c.Statement)
	}
	return strings.Join(text, " ") + " " + s.cite(controls)
}

// cite names controls with their status, their evidence, the day and the bundle.
func (s *Sources) cite(controls []schema.ControlResult) string {
	var text []string
	for _, c := range controls {
		var checks []string
		for _, e := range c.Evidence {
			if !slices.Contains(checks, e.Check) && e.Freshness != schema.Missing {
				checks = append(checks, e.Check)
			}
		}
		text = append(text, fmt.Sprintf("%s %s (%s)", c.ID, strings.ReplaceAll(string(c.Status), "_", " "), strings.Join(checks, ", ")))
	}
	return fmt.Sprintf("[%s; as of %s; bundle sha256:%s]", strings.Join(text, "; "), schema.DateOf(s.Report.AsOf), s.Bundle)
}

func names(controls []schema.ControlResult) string {
	ids := make([]string, len(controls))
	for i, c := range controls {
		ids[i] = c.ID
	}
	return strings.Join(ids, ", ")
}

// spellings of the values, as questionnaires have them.
var spellings = map[string][]string{
	yes:     {"Yes", "Y"},
	no:      {"No", "N"},
	partial: {"Partial", "Partially", "Partially implemented"},
	na:      {"NA", "N/A", "Not applicable"},
}

// allows returns the spelling of a value that is allowed, or an empty text. Where
// any text is, that is the value itself.
func allows(allowed []string, value string) string {
	if allowed == nil {
		return value
	}
	for _, a := range allowed {
		for _, s := range append([]string{value}, spellings[value]...) {
			if strings.EqualFold(strings.TrimSpace(a), s) {
				return a
			}
		}
	}
	return ""
}
