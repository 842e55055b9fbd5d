package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/schema"
)

func newReviewCalendar(env *environment) *cobra.Command {
	var trust verifyFlags
	var out string
	c := &cobra.Command{
		Use:   "calendar BUNDLE",
		Short: "Write the dates of reviews, exceptions and documents as a calendar",
		Long: `Write a calendar file that calendar programs import or subscribe to: the next review of each
control, the last day of each exception and document, and the days on which exceptions are looked
at again. What is overdue stands on the day of the snapshot. The calendar of a later bundle updates the entries of an earlier one.`,
		Example: `  auditpack review calendar platform-2026-09-30.zip --verify-key cosign.pub --out reviews.ics`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return reviewCalendar(cmd.Context(), env, trust, args[0], out)
		},
	}
	trust.addReading(c)
	c.Flags().StringVar(&out, "out", "", "write this `file`, which must not exist (default: standard output)")
	return c
}

func reviewCalendar(ctx context.Context, env *environment, trust verifyFlags, path, out string) error {
	b, err := openReviewed(ctx, path, trust)
	if err != nil {
		return err
	}
	defer b.Close()
	data := []byte(calendar(&b.report))
	if out == "" {
		_, err := env.stdout.Write(data)
		return err
	}
	if err := writeNew(out, data); errors.Is(err, os.ErrExist) {
		return invalid(fmt.Errorf("%s exists; choose another name", out))
	} else if err != nil {
		return err
	}
	return nil
}

// An appointment is a day on which somebody has to do something.
type appointment struct {
	id, what, detail string
	on               schema.Date
}

// calendar writes the appointments of a report (RFC 5545). Equal reports give equal bytes.
func calendar(r *schema.Report) string {
	cal := ics.NewCalendarFor("auditpack")
	cal.SetMethod(ics.MethodPublish)
	cal.SetName("Reviews of " + r.Plan.Name)
	for _, a := range appointments(r) {
		e := cal.AddEvent(fileName(r.Plan.Name, a.id) + "@auditpack.dev")
		e.SetDtStampTime(r.AsOf)
		e.SetModifiedAt(r.AsOf)
		e.SetSequence(int(r.AsOf.Unix() / int64((24 * time.Hour).Seconds()))) // later bundles update earlier ones
		e.SetAllDayStartAt(a.on.Time())
		e.SetAllDayEndAt(a.on.AddDays(1).Time())
		e.SetTimeTransparency(ics.TransparencyTransparent)
		e.SetSummary(a.what)
		e.SetDescription(a.detail)
	}
	return cal.Serialize(ics.WithNewLineWindows)
}

func appointments(r *schema.Report) []appointment {
	today := schema.DateOf(r.AsOf)
	var out []appointment
	add := func(a appointment) {
		if a.on.Before(today) {
			a.what, a.detail, a.on = "Overdue: "+a.what, strings.TrimSpace(a.detail+" It was due on "+a.on.String()+"."), today
		}
		out = append(out, a)
	}
	for _, c := range r.Controls {
		if c.Status == schema.NotApplicable {
			continue
		}
		on, detail := c.NextReview, fmt.Sprintf("Reviewed %s, last on %s by %s.", c.Cadence, c.LastReview, c.ReviewedBy)
		if on.IsZero() {
			on, detail = today, "Nobody signed it off yet."
		}
		add(appointment{"review-" + c.ID, fmt.Sprintf("Review %s %s (%s)", c.ID, c.Title, cmp.Or(c.Reviewer, "no reviewer")), detail, on})
	}
	for _, e := range r.Exceptions {
		if e.State == schema.ExceptionExpired {
			continue
		}
		if !e.ReviewOn.IsZero() {
			add(appointment{"look-" + e.ID, fmt.Sprintf("Look again at exception %s from %s", e.ID, e.Control), e.Reason, e.ReviewOn})
		}
		if !e.ExpiresOn.IsZero() {
			add(appointment{"end-" + e.ID, fmt.Sprintf("Last day of exception %s from %s", e.ID, e.Control), e.Reason, e.ExpiresOn})
		}
	}
	for _, d := range r.Documents {
		if !d.Until.IsZero() {
			add(appointment{"document-" + d.ID, fmt.Sprintf("Renew %s (%s)", d.Title, d.Owner), "For " + strings.Join(d.Checks, ", ") + ".", d.Until})
		}
	}
	slices.SortStableFunc(out, func(a, b appointment) int { return cmp.Or(a.on.Time().Compare(b.on.Time()), cmp.Compare(a.id, b.id)) })
	return out
}
