package assess

import (
	"time"

	"github.com/auditpack/auditpack/schema"
)

// judgeDocuments says how fresh each entry of the document register is.
func judgeDocuments(asOf time.Time, in *schema.Inputs) []schema.DocumentResult {
	out := make([]schema.DocumentResult, 0, len(in.Documents.Spec.Documents))
	for _, d := range in.Documents.Spec.Documents {
		out = append(out, schema.DocumentResult{DocumentRecord: d})
	}
	return out
}
