package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/answer"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/internal/workbook"
	"github.com/auditpack/auditpack/schema"
)

type answerOptions struct {
	trust                             verifyFlags
	bundle, idMap, library, caiq, out string
	final                             bool
}

func newAnswer(env *environment) *cobra.Command {
	var o answerOptions
	c := &cobra.Command{
		Use:   "answer QUESTIONNAIRE.xlsx",
		Short: "Propose answers to a customer's questionnaire from a bundle",
		Long: `Fill in a questionnaire from the statuses of a bundle: a CAIQ 4.0 or 4.1, a SIG with an id map of
yours, or any workbook with columns for the question and the answer. Answers come from evidence, never
from a text; what a person has to decide stays open, and the sheet "Answer provenance" says why.

People then answer what is open, in the workbook, and write their name and the day into that sheet.
With --final the file is checked and finished: it is refused while anything is open. Answers that were
approved go into the library, from where they come again.`,
		Example: `  auditpack answer caiq.xlsx --bundle platform-2026-09-30.zip --verify-key cosign.pub --out caiq.draft.xlsx
  auditpack answer sig.xlsx --bundle platform-2026-09-30.zip --verify-key cosign.pub --map sig-lite-2026.yaml --library answers.yaml --out sig.draft.xlsx
  auditpack answer caiq.draft.xlsx --final --library answers.yaml --out caiq.final.xlsx`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.final {
				return answerFinal(env, o, args[0])
			}
			return answerDraft(cmd.Context(), env, o, args[0])
		},
	}
	o.trust.addReading(c)
	c.Flags().StringVar(&o.bundle, "bundle", "", "the `bundle` that answers")
	c.Flags().StringVar(&o.idMap, "map", "", "a QuestionnaireMap `file` of this very edition of the questionnaire")
	c.Flags().StringVar(&o.library, "library", "", "an AnswerLibrary `file`; --final writes approved answers into it")
	choiceFlag(c, &o.caiq, "caiq", "", "the version of a CAIQ that does not tell", "", "4.0", "4.1")
	c.Flags().StringVar(&o.out, "out", "", "write this `file`, which must not exist")
	c.Flags().BoolVar(&o.final, "final", false, "check a draft that people completed, and finish it")
	if err := c.MarkFlagRequired("out"); err != nil {
		panic(err) // the flag was added above
	}
	return c
}

// Grounds of cells that were written, for people to see who has to look.
const (
	groundMachine = "E3F1E4"
	groundHuman   = "FBF0D9"
	groundNone    = "F9E1E1"
)

// What the sheet of provenance says of an answer.
const (
	stateMachine = "from evidence"
	stateHuman   = "needs human"
	stateGiven   = "was there"
)

// An answered is an item with what was proposed and written.
type answered struct {
	answer.Item
	answer.Proposal
	state string
	// written is what stands in the cell for the answer.
	written string
	// ground is the colour that the cell had before.
	ground string
}

func answerDraft(ctx context.Context, env *environment, o answerOptions, path string) error {
	if o.bundle == "" {
		return invalid(errors.New("--bundle is missing: answers come from a bundle"))
	}
	book, err := openBook(path)
	if err != nil {
		return invalid(fmt.Errorf("%s: %w", path, err))
	}
	defer book.Close()
	sources, err := o.sources()
	if err != nil {
		return invalid(err)
	}
	b, err := openReviewed(ctx, o.bundle, o.trust)
	if err != nil {
		return err
	}
	defer b.Close()
	sources.Report, sources.Bundle = &b.report, b.verified.Digest
	q, err := detect(book, sources.Map, o.caiq)
	if err != nil {
		return invalid(fmt.Errorf("%s: %w", path, err))
	}
	var all []answered
	for _, item := range q.Items {
		a, err := fillIn(book, sources, item)
		if err != nil {
			return invalid(fmt.Errorf("%s: sheet %q, row %d: %w", path, item.Sheet, item.Row, err))
		}
		all = append(all, a)
	}
	if err := addProvenance(book, q.Name, b, all); err != nil {
		return invalid(fmt.Errorf("%s: %w", path, err))
	}
	if err := saveBook(book, o.out); err != nil {
		return err
	}
	count := counts(all)
	fmt.Fprintf(env.stdout, "%s: %d questions of %s: %d answered from evidence, %d need a human, %d were answered before\n",
		o.out, len(all), q.Name, count[stateMachine], count[stateHuman], count[stateGiven])
	return nil
}

func counts(all []answered) map[string]int {
	out := map[string]int{}
	for _, a := range all {
		out[a.state]++
	}
	return out
}

func openBook(path string) (*workbook.Book, error) {
	data, err := readWorkbook(path)
	if err != nil {
		return nil, err
	}
	return workbook.Open(data)
}

func saveBook(book *workbook.Book, path string) error {
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		return err
	}
	if err := writeNew(path, b.Bytes()); errors.Is(err, os.ErrExist) {
		return invalid(fmt.Errorf("%s exists; choose another name", path))
	} else if err != nil {
		return err
	}
	return nil
}

// sources reads the map and the library.
func (o *answerOptions) sources() (*answer.Sources, error) {
	s := &answer.Sources{}
	var err error
	if o.idMap != "" {
		if s.Map, err = readDocument[schema.QuestionnaireMap](o.idMap); err != nil {
			return nil, err
		}
	}
	if o.library != "" {
		if s.Library, err = readDocument[schema.AnswerLibrary](o.library); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// readDocument reads a document of one kind.
func readDocument[T any](path string) (*T, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	v, err := input.Document(path, data)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*T)
	if !ok {
		return nil, fmt.Errorf("%s is of another kind than %T", path, *new(T))
	}
	return d, nil
}

func detect(book *workbook.Book, m *schema.QuestionnaireMap, version string) (*answer.Questionnaire, error) {
	read, err := book.Sheets()
	if err != nil {
		return nil, err
	}
	var sheets []answer.Sheet
	for _, s := range read {
		if s.Name == provenanceSheet {
			return nil, fmt.Errorf("it has a sheet %q: it was answered before; --final finishes it", provenanceSheet)
		}
		sheets = append(sheets, answer.Sheet{Name: s.Name, Rows: s.Rows})
	}
	return answer.Detect(sheets, m, version)
}

// fillIn answers one question and writes what may be written. An answer that is
// there already stays.
func fillIn(book *workbook.Book, s *answer.Sources, item answer.Item) (answered, error) {
	a := answered{Item: item, state: stateGiven, written: item.Given}
	if item.Given != "" {
		return a, nil
	}
	listed, err := book.Allowed(item.Sheet, item.Answer, item.Row)
	if err != nil {
		return a, err
	}
	if listed != nil {
		a.Allowed = listed
	}
	a.Proposal = s.Answer(a.Question)
	why, err := book.Writable(item.Sheet, item.Answer, item.Row)
	if err != nil {
		return a, err
	}
	if why != "" {
		a.Human = append(a.Human, why)
		a.state, a.Value = stateHuman, ""
		return a, nil
	}
	a.state, a.written = stateMachine, a.Value
	ground := groundMachine
	switch {
	case a.Confidence == answer.None:
		a.state, ground = stateHuman, groundNone
	case len(a.Human) > 0:
		a.state, ground = stateHuman, groundHuman
	}
	if a.Value != "" {
		if err := book.Set(item.Sheet, item.Answer, item.Row, a.Value); err != nil {
			return a, err
		}
	}
	if a.ground, err = book.Paint(item.Sheet, item.Answer, item.Row, ground); err != nil {
		return a, err
	}
	return a, a.fillBeside(book)
}

// fillBeside writes what explains the answer into the cells that are free for it.
func (a *answered) fillBeside(book *workbook.Book) error {
	for _, c := range []struct {
		column int
		text   string
	}{{a.Item.Comment, a.Proposal.Comment}, {a.Item.Ownership, a.Proposal.Ownership}, {a.Item.Duties, a.CustomerDuties}} {
		if c.column == 0 || c.text == "" {
			continue
		}
		why, err := book.Writable(a.Sheet, c.column, a.Row)
		if err != nil {
			return err
		}
		allowed, err := book.Allowed(a.Sheet, c.column, a.Row)
		if err != nil {
			return err
		}
		if why != "" || allowed != nil && !containsFold(allowed, c.text) {
			a.Human = append(a.Human, strings.TrimSpace("what belongs beside the answer could not be written: "+c.text+" "+why))
			a.state = stateHuman
			continue
		}
		if err := book.Set(a.Sheet, c.column, a.Row, c.text); err != nil {
			return err
		}
	}
	return nil
}

func containsFold(list []string, text string) bool {
	for _, l := range list {
		if strings.EqualFold(strings.TrimSpace(l), text) {
			return true
		}
	}
	return false
}
