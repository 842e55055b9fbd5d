package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/auditpack/auditpack/assess"
	"github.com/auditpack/auditpack/schema"
)

// timings are what a run took, as run --timings prints them.
type timings struct {
	Stages []stage     `json:"stages"`
	Lists  []listTime  `json:"lists"`
	Checks []checkTime `json:"checks"`
}

// A stage of the straight line. PeakBytes is the most memory that the process had
// until its end, where the system says so.
type stage struct {
	Name      string `json:"name"`
	Millis    int64  `json:"millis"`
	CPUMillis int64  `json:"cpuMillis"`
	PeakBytes int64  `json:"peakBytes"`
}

// A listTime is what the answer to one question took. Lists run beside each other,
// so that their sum is more than the time of the stage.
type listTime struct {
	Source   string `json:"source"`
	Resource string `json:"resource"`
	Rows     int    `json:"rows"`
	Pages    int    `json:"pages"`
	Millis   int64  `json:"millis"`
}

type checkTime struct {
	Check  string `json:"check"`
	Rows   int    `json:"rows"`
	Micros int64  `json:"micros"`
}

// A stopwatch notes what each stage takes. A nil one notes nothing.
type stopwatch struct {
	timings
	at  time.Time
	cpu time.Duration
}

func newStopwatch() *stopwatch { return &stopwatch{at: time.Now(), cpu: processorTime()} }

// lap ends a stage, which began when the one before it ended.
func (w *stopwatch) lap(name string) {
	if w == nil {
		return
	}
	now, cpu := time.Now(), processorTime()
	w.Stages = append(w.Stages, stage{name, now.Sub(w.at).Milliseconds(), (cpu - w.cpu).Milliseconds(), peakMemory()})
	w.at, w.cpu = now, cpu
}

// lists notes the questions to live sources, longest first.
func (w *stopwatch) lists(queries []schema.Query) {
	if w == nil {
		return
	}
	for _, q := range queries {
		if q.Millis > 0 {
			w.Lists = append(w.Lists, listTime{q.Source, q.Resource, q.Rows, q.Pages, q.Millis})
		}
	}
	slices.SortStableFunc(w.Lists, func(a, b listTime) int { return cmp.Compare(b.Millis, a.Millis) })
}

// checks notes what each check took, dearest first.
func (w *stopwatch) checks(costs []assess.Cost) {
	if w == nil {
		return
	}
	for _, c := range costs {
		w.Checks = append(w.Checks, checkTime{c.Check, c.Rows, c.Time.Microseconds()})
	}
	slices.SortStableFunc(w.Checks, func(a, b checkTime) int { return cmp.Compare(b.Micros, a.Micros) })
}

// print writes every stage, and the lists and checks that took longest.
func (w *stopwatch) print(to io.Writer) {
	const longest = 10
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "stage\ttime\tCPU\tpeak memory so far")
	for _, s := range w.Stages {
		fmt.Fprintf(t, "%s\t%.2f s\t%.2f s\t%d MiB\n", s.Name, seconds(s.Millis), seconds(s.CPUMillis), s.PeakBytes>>20)
	}
	if len(w.Lists) > 0 {
		fmt.Fprintln(t, "\nlist\ttime\trows\tpages")
	}
	for _, l := range w.Lists[:min(longest, len(w.Lists))] {
		fmt.Fprintf(t, "%s: %s\t%.2f s\t%d\t%d\n", printable(l.Source), printable(l.Resource), seconds(l.Millis), l.Rows, l.Pages)
	}
	fmt.Fprintln(t, "\ncheck\ttime\trows\teach row")
	for _, c := range w.Checks[:min(longest, len(w.Checks))] {
		each := "–"
		if c.Rows > 0 {
			each = fmt.Sprintf("%.1f µs", float64(c.Micros)/float64(c.Rows))
		}
		fmt.Fprintf(t, "%s\t%.1f ms\t%d\t%s\n", c.Check, float64(c.Micros)/1000, c.Rows, each)
	}
	_ = t.Flush() // as little can be done about it as about any line for people
}

func seconds(millis int64) float64 { return float64(millis) / 1000 }
