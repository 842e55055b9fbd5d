package answer

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A Sheet of a questionnaire, as texts.
type Sheet struct {
	Name string
	Rows [][]string
}

// at returns the text of a cell; both numbers count from 1.
func (s Sheet) at(column, row int) string {
	if column < 1 || row < 1 || row > len(s.Rows) || column > len(s.Rows[row-1]) {
		return ""
	}
	return strings.TrimSpace(s.Rows[row-1][column-1])
}

// A Questionnaire is what was found in a workbook.
type Questionnaire struct {
	// Name with the version, such as CAIQ 4.1.
	Name  string
	Items []Item
}

// An Item is a question and where its answers go. A column that is not there is 0.
type Item struct {
	Question
	Sheet                              string
	Row                                int
	Answer, Comment, Ownership, Duties int
	// Given is an answer that is there already.
	Given string
}

// A layout is where a sheet has what.
type layout struct {
	header                                           int
	id, question, answer, comment, ownership, duties int
	references                                       map[int]Framework
}

// headerRows is how far down a header is looked for.
const headerRows = 20

// titles are what columns are called, in the order in which they are tried. A title
// that begins so is taken too, since many have a remark in brackets.
var titles = struct{ id, question, answer, comment, ownership, duties []string }{
	id:        []string{"question id", "question number", "ques num", "question no", "question #", "serial no", "serial number", "id", "no", "#", "ref"},
	question:  []string{"question", "question/request", "control question", "request", "requirement"},
	answer:    []string{"csp caiq answer", "response", "answer", "vendor response", "supplier response", "your answer"},
	comment:   []string{"csp implementation description", "additional information", "comments/details", "comments", "comment", "details", "explanation", "remarks", "notes"},
	ownership: []string{"ssrm control ownership"},
	duties:    []string{"csc responsibilities"},
}

// Detect finds the questions of a workbook. version is "4.0" or "4.1" where the
// user says which CAIQ it is. It returns an error when no sheet has a header with a
// question and an answer, and when the version of a CAIQ cannot be told.
func Detect(sheets []Sheet, m *schema.QuestionnaireMap, version string) (*Questionnaire, error) {
	q := &Questionnaire{Name: "questionnaire"}
	if m != nil {
		q.Name = m.Spec.Questionnaire + " " + m.Spec.Version
	}
	caiq := false
	found := map[int]layout{}
	for i, s := range sheets {
		if l, ok := find(s, m); ok {
			found[i] = l
			caiq = caiq || l.ownership > 0
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no sheet has a header with a column for the question and one for the answer in its first 20 rows; name the columns in a QuestionnaireMap")
	}
	var ccm Framework
	if caiq {
		var err error
		if ccm, err = caiqVersion(sheets, found, version); err != nil {
			return nil, err
		}
		q.Name = "CAIQ " + strings.TrimPrefix(ccm.Name, "CCM ")
	}
	for i, s := range sheets {
		if l, ok := found[i]; ok {
			q.Items = append(q.Items, l.items(s, caiq, ccm)...)
		}
	}
	if len(q.Items) == 0 {
		return nil, errors.New("there is a header, and no question below it")
	}
	return q, nil
}

// find looks for the header of a sheet.
func find(s Sheet, m *schema.QuestionnaireMap) (layout, bool) {
	for row := 1; row <= min(headerRows, len(s.Rows)); row++ {
		l := layout{header: row, references: map[int]Framework{}}
		var named schema.QuestionColumns
		if m != nil {
			named = m.Spec.Columns
		}
		l.question = s.column(row, named.Question, titles.question)
		l.answer = s.column(row, named.Answer, titles.answer)
		if l.question == 0 || l.answer == 0 || l.question == l.answer {
			continue
		}
		l.id = s.column(row, named.ID, titles.id)
		l.comment = s.column(row, named.Comment, titles.comment)
		l.ownership = s.column(row, "", titles.ownership)
		l.duties = s.column(row, "", titles.duties)
		for column := range s.Rows[row-1] {
			if f, ok := frameworkOf(s.at(column+1, row)); ok {
				l.references[column+1] = f
			}
		}
		return l, true
	}
	return layout{}, false
}

// column returns the column of a row with a title: the named one, or the first of
// those that are usual; 0 when there is none.
func (s Sheet) column(row int, named string, usual []string) int {
	if named != "" {
		usual = []string{strings.ToLower(named)}
	}
	for _, exact := range []bool{true, false} {
		for _, title := range usual {
			for column := 1; column <= len(s.Rows[row-1]); column++ {
				text := strings.Join(strings.Fields(strings.ToLower(s.at(column, row))), " ")
				bare := strings.TrimRight(text, ".:*")
				if bare == title || !exact && len(title) > 3 && strings.HasPrefix(text, title+" (") {
					return column
				}
			}
		}
	}
	return 0
}

// caiqAnswers are the answers of a CAIQ whose cells have no list of them.
var caiqAnswers = []string{yes, no, na}

// items returns the questions below the header.
func (l layout) items(s Sheet, caiq bool, ccm Framework) []Item {
	var out []Item
	for row := l.header + 1; row <= len(s.Rows); row++ {
		text := s.at(l.question, row)
		if text == "" {
			continue
		}
		item := Item{Sheet: s.Name, Row: row, Answer: l.answer, Comment: l.comment, Ownership: l.ownership, Duties: l.duties, Given: s.at(l.answer, row)}
		item.ID, item.Text = s.at(l.id, row), text
		if caiq {
			item.Allowed = caiqAnswers
			if i := strings.LastIndexByte(item.ID, '.'); i > 0 { // a question is CONTROL.NUMBER
				item.References = append(item.References, Reference{ccm, item.ID[:i]})
			}
		} else {
			for column := 1; column <= len(s.Rows[l.header-1]); column++ {
				if f, ok := l.references[column]; ok {
					item.References = append(item.References, references(f, s.at(column, row))...)
				}
			}
		}
		out = append(out, item)
	}
	return out
}

// How a CAIQ shows its version.
var (
	versionText = regexp.MustCompile(`(?i)CAIQ\D{0,12}(4\.[01])`)
	id40        = regexp.MustCompile(`^IVS-\d`)
	id41        = regexp.MustCompile(`^I&S-\d`)
)

// Numbers of questions of the two versions.
const (
	questions40 = 261
	questions41 = 283
)

// caiqVersion tells which CCM a CAIQ asks about, by the name of its sheets, a cell
// that says it, the ids that one version alone has, and the number of questions.
// Signs that contradict each other decide nothing.
func caiqVersion(sheets []Sheet, found map[int]layout, version string) (Framework, error) {
	signs := map[string][]string{}
	sign := func(version, what string) { signs[version] = append(signs[version], what) }
	if version != "" {
		signs[version] = []string{"the user"}
	}
	count := 0
	for i, s := range sheets {
		if v := versionText.FindStringSubmatch(s.Name); v != nil && version == "" {
			sign(v[1], "the name of the sheet "+s.Name)
		}
		for _, row := range s.Rows[:min(headerRows, len(s.Rows))] {
			if v := versionText.FindStringSubmatch(strings.Join(row, " ")); v != nil && version == "" {
				sign(v[1], "a cell of the sheet "+s.Name)
			}
		}
		l, ok := found[i]
		if !ok {
			continue
		}
		for row := l.header + 1; row <= len(s.Rows); row++ {
			id := s.at(l.id, row)
			if id != "" {
				count++
			}
			if id40.MatchString(id) {
				sign("4.0", "the id "+id)
			}
			if id41.MatchString(id) {
				sign("4.1", "the id "+id)
			}
		}
	}
	if len(signs) == 0 {
		switch count {
		case questions40:
			sign("4.0", "the number of questions")
		case questions41:
			sign("4.1", "the number of questions")
		}
	}
	switch a, b := signs["4.0"], signs["4.1"]; {
	case len(a) > 0 && len(b) > 0:
		return Framework{}, fmt.Errorf("the version of this CAIQ cannot be told: %s says 4.0, and %s says 4.1", a[0], b[0])
	case len(a) > 0:
		return CCM40, nil
	case len(b) > 0:
		return CCM41, nil
	}
	return Framework{}, fmt.Errorf("the version of this CAIQ cannot be told from its sheets, ids or its %d questions; say --caiq 4.0 or 4.1. An id of one version is another control in the other", count)
}
