package schema

// A QuestionnaireMap says which controls answer which questions of one version of
// a questionnaire. It is written by whoever has that questionnaire.
type QuestionnaireMap struct {
	TypeMeta
	// Metadata names the map.
	Metadata Metadata `json:"metadata"`
	// Spec is the map.
	Spec QuestionnaireMapSpec `json:"spec"`
}

// QuestionnaireMapSpec is the content of a QuestionnaireMap.
type QuestionnaireMapSpec struct {
	// Questionnaire is its name, and Version the edition whose ids Questions has: ids
	// of two editions are not the same questions.
	Questionnaire string `json:"questionnaire"`
	// Version is the edition whose ids Questions has.
	Version string `json:"version"`
	// Columns has the titles of columns that are not found by themselves.
	Columns QuestionColumns `json:"columns,omitzero"`
	// Questions by id.
	Questions []MappedQuestion `json:"questions" input:"nonempty"`
}

// QuestionColumns are titles of columns, as the header of the questionnaire has them.
type QuestionColumns struct {
	// ID of the question.
	ID string `json:"id,omitempty"`
	// Question is its text.
	Question string `json:"question,omitempty"`
	// Answer is where the answer goes.
	Answer string `json:"answer,omitempty"`
	// Comment is where the explanation goes.
	Comment string `json:"comment,omitempty"`
}

// A MappedQuestion names the controls that answer a question.
type MappedQuestion struct {
	// ID of the question in that edition.
	ID string `json:"id"`
	// Controls that answer it, all of them together.
	Controls []string `json:"controls" input:"nonempty"`
	// TextSHA256 is the digest of the question's text as the sheet of provenance shows
	// it. A question with another text is not the one that was mapped.
	TextSHA256 string `json:"textSHA256,omitempty" format:"sha256"`
}

// An AnswerLibrary has answers that people approved, to be used again.
type AnswerLibrary struct {
	TypeMeta
	// Metadata names the library.
	Metadata Metadata `json:"metadata"`
	// Spec is the library.
	Spec AnswerLibrarySpec `json:"spec"`
}

// AnswerLibrarySpec is the content of an AnswerLibrary.
type AnswerLibrarySpec struct {
	// Answers in any order; [] when there are none.
	Answers []ApprovedAnswer `json:"answers"`
}

// An ApprovedAnswer is a question and how it was answered once.
type ApprovedAnswer struct {
	// Question as it was asked. It is compared without case, marks and spaces.
	Question string `json:"question"`
	// Answer as it was given, such as Yes.
	Answer string `json:"answer,omitempty"`
	// Comment that explained it.
	Comment string `json:"comment,omitempty"`
	// Controls that the answer rests on. With them it is used only while their status bears it out.
	Controls []string `json:"controls,omitzero"`
	// ApprovedBy is who stands for the answer.
	ApprovedBy string `json:"approvedBy"`
	// ApprovedOn is the day of that.
	ApprovedOn Date `json:"approvedOn"`
}
