package assess

import (
	"fmt"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// signOff returns the last sign-off of a control, from the overlay or a review of
// controls; the zero SignOff when there is none. One without a name, or dated
// after the snapshot, is none. declined says why there is none any more where a
// reviewer declined it since.
func (j *statusJudge) signOff(control string) (last schema.SignOff, declined string) {
	if s := j.overlay[control].SignOff; s != nil && j.counts(s.By, s.On) {
		last = *s
	}
	for _, r := range j.reviews {
		if !j.counts(r.Spec.Reviewer, r.Spec.CompletedOn) || r.Spec.CompletedOn.Before(last.On) {
			continue
		}
		for _, d := range r.Spec.Decisions {
			if d.Control != control {
				continue
			}
			last = schema.SignOff{By: r.Spec.Reviewer, On: r.Spec.CompletedOn}
			declined = ""
			if d.Decision == schema.Declined {
				declined = fmt.Sprintf("%s declined to sign off on %s", last.By, last.On)
				if note := strings.TrimSpace(d.Note); note != "" {
					declined += ": " + note
				}
			}
		}
	}
	if declined != "" {
		return schema.SignOff{}, declined
	}
	return last, ""
}

func (j *statusJudge) counts(by string, on schema.Date) bool {
	return strings.TrimSpace(by) != "" && !on.IsZero() && !j.today.Before(on)
}
