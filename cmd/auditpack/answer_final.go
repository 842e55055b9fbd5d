package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/internal/workbook"
	"github.com/auditpack/auditpack/schema"
)

// answerFinal checks a draft that people completed. It writes the questionnaire
// without colours, and what they approved into the library.
func answerFinal(env *environment, o answerOptions, path string) error {
	book, err := openBook(path)
	if err != nil {
		return invalid(fmt.Errorf("%s: %w", path, err))
	}
	defer book.Close()
	rows, err := provenanceOf(book)
	if err != nil {
		return invalid(fmt.Errorf("%s: %w", path, err))
	}
	var problems []string
	var approved []schema.ApprovedAnswer
	for _, r := range rows {
		a, err := r.check(book)
		if err != nil {
			problems = append(problems, fmt.Sprintf("sheet %q, row %s: %v", r.text[provSheet], r.text[provRow], err))
		}
		if a != nil {
			approved = append(approved, *a)
		}
	}
	if len(problems) > 0 {
		return invalid(fmt.Errorf("%s is not final, and nothing was written:\n%w", path, &workbook.Error{Problems: problems}))
	}
	library, learned, err := o.learn(approved)
	if err != nil {
		return invalid(err)
	}
	for _, r := range rows {
		if r.text[provState] == stateGiven {
			continue
		}
		if _, err := book.Paint(r.text[provSheet], r.answer, r.row, r.text[provGround]); err != nil {
			return err
		}
	}
	if err := saveBook(book, o.out); err != nil {
		return err
	}
	if learned > 0 {
		if err := saveLibrary(o.library, library); err != nil {
			return err
		}
	}
	fmt.Fprintf(env.stdout, "%s: %d answers, %d of them approved by people; %d are new in the library\n", o.out, len(rows), len(approved), learned)
	return nil
}

// A provenance is a row of the sheet of provenance, by the titles of its columns.
type provenance struct {
	text            map[string]string
	row             int
	answer, comment int
}

// provenanceOf reads the sheet that a draft has.
func provenanceOf(book *workbook.Book) ([]provenance, error) {
	sheets, err := book.Sheets()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(sheets, func(s workbook.Sheet) bool { return s.Name == provenanceSheet })
	if i < 0 {
		return nil, fmt.Errorf("the sheet %q is missing: this is no draft of \"auditpack answer\", or somebody took the sheet away", provenanceSheet)
	}
	var out []provenance
	var titles []string
	for _, row := range sheets[i].Rows {
		switch {
		case titles == nil && len(row) > 1 && row[0] == provSheet && row[1] == provRow:
			titles = row
		case titles != nil && len(row) > 1:
			r := provenance{text: map[string]string{}}
			for j, text := range row[:min(len(row), len(titles))] {
				r.text[titles[j]] = strings.TrimSpace(text)
			}
			r.row, err = strconv.Atoi(r.text[provRow])
			r.answer, r.comment = workbook.ColumnNumber(r.text[provAnswerAt]), workbook.ColumnNumber(r.text[provCommentAt])
			if err != nil || r.answer == 0 || r.row < 1 {
				return nil, fmt.Errorf("the sheet %q was changed: %q is no row and column of an answer", provenanceSheet, r.text[provRow]+" "+r.text[provAnswerAt])
			}
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the sheet %q has no answers", provenanceSheet)
	}
	return out, nil
}

// check says why an answer is not final, and returns it where a person approved it.
func (r provenance) check(book *workbook.Book) (*schema.ApprovedAnswer, error) {
	sheet := r.text[provSheet]
	now, err := book.Text(sheet, r.answer, r.row)
	if err != nil {
		return nil, err
	}
	by, on := r.text[provBy], r.text[provOn]
	switch {
	case by == "" && r.text[provState] == stateHuman:
		return nil, errors.New("needs a human: answer it, and write name and day into the sheet of provenance")
	case by == "" && now != r.text[provWritten]:
		return nil, fmt.Errorf("the answer was changed from %q to %q, and nobody approved that", r.text[provWritten], now)
	case by == "":
		return nil, nil
	case now == "":
		return nil, errors.New("it is approved, and has no answer")
	}
	if why, err := book.Writable(sheet, r.answer, r.row); err != nil || why != "" {
		return nil, errors.Join(err, errors.New(why))
	}
	allowed, err := book.Allowed(sheet, r.answer, r.row)
	if err != nil {
		return nil, err
	}
	if allowed != nil && !slices.Contains(allowed, now) {
		return nil, fmt.Errorf("the answer %q is none of %s", now, strings.Join(allowed, ", "))
	}
	day, err := schema.ParseDate(on)
	if err != nil || day.IsZero() {
		return nil, fmt.Errorf("%q: %q is not a day such as 2026-11-22", provOn, on)
	}
	a := &schema.ApprovedAnswer{Question: r.text[provQuestion], Answer: now, Controls: strings.Fields(r.text[provControls]), ApprovedBy: by, ApprovedOn: day}
	if r.comment > 0 {
		comment, err := book.Text(sheet, r.comment, r.row)
		if err != nil {
			return nil, err
		}
		a.Comment = strings.TrimSpace(citation.ReplaceAllString(comment, ""))
	}
	return a, nil
}

// citation matches what a comment says about evidence, which is of one bundle.
var citation = regexp.MustCompile(`\s*\[[^\[\]]*bundle sha256:[0-9a-f]*\]`)

// learn returns the library with approved answers that it does not have yet, and how many those are.
func (o *answerOptions) learn(approved []schema.ApprovedAnswer) (*schema.AnswerLibrary, int, error) {
	if o.library == "" {
		return nil, 0, nil
	}
	library, err := readDocument[schema.AnswerLibrary](o.library)
	if errors.Is(err, fs.ErrNotExist) {
		library, err = &schema.AnswerLibrary{TypeMeta: schema.TypeMeta{APIVersion: schema.APIVersion, Kind: schema.KindAnswerLibrary}, Metadata: schema.Metadata{Name: "answers"}}, nil
	}
	if err != nil {
		return nil, 0, err
	}
	learned := 0
	for _, a := range approved {
		known := slices.ContainsFunc(library.Spec.Answers, func(b schema.ApprovedAnswer) bool {
			return a.Question == b.Question && a.Answer == b.Answer && a.Comment == b.Comment && a.ApprovedOn.Equal(b.ApprovedOn)
		})
		if !known {
			library.Spec.Answers = append(library.Spec.Answers, a)
			learned++
		}
	}
	slices.SortStableFunc(library.Spec.Answers, func(a, b schema.ApprovedAnswer) int {
		return cmp.Or(cmp.Compare(a.Question, b.Question), a.ApprovedOn.Time().Compare(b.ApprovedOn.Time()))
	})
	return library, learned, nil
}

func saveLibrary(path string, library *schema.AnswerLibrary) error {
	data, err := input.Write(*library)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return writeNew(path, data)
	}
	return replaceFile(path, data)
}
