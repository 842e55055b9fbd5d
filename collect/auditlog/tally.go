package auditlog

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// maxActions bounds the different actions of a log. Beyond it they are counted
// without the names of what they touched.
const maxActions = 100_000

// An action is what counts as one and the same.
type action struct {
	user, as, verb, resource, subresource, namespace, name string
	identity                                               schema.AuditIdentity
	// classes are joined by commas, so that an action can be a key.
	classes string
}

// count is how often, and when, an action happened.
type count struct {
	allowed, denied int
	span
	agent string
}

// A tally adds up records. Two tallies of parts of a log, merged in any order,
// are the tally of the whole.
type tally struct {
	breakGlass map[string]bool
	shapes     map[string]bool
	records    int
	rejected   int
	all        span
	minutes    map[int64]bool
	markers    map[string]bool
	actions    map[action]*count
	// coarse is set when there were too many different actions.
	coarse bool
	// open are the sessions whose start was seen and whose end was not, by audit id.
	open   map[string]*event
	closed map[string]bool
}

func newTally(breakGlass []string) *tally {
	t := &tally{
		breakGlass: map[string]bool{}, shapes: map[string]bool{}, minutes: map[int64]bool{}, markers: map[string]bool{},
		actions: map[action]*count{}, open: map[string]*event{}, closed: map[string]bool{},
	}
	for _, name := range breakGlass {
		t.breakGlass[name] = true
	}
	return t
}

// line adds one line. Empty lines are nothing.
func (t *tally) line(line []byte) {
	if len(strings.TrimSpace(string(line[:min(len(line), 8)]))) == 0 && len(line) < 8 {
		return
	}
	if !decode(line, t.event) {
		t.rejected++
	}
}

// marker is what a run of this program puts into its user agent. See schema.Source.Marker.
var marker = regexp.MustCompile(`^auditpack/\S+ (run/\d{8}T\d{6}Z)`)

func (t *tally) event(shape string, e *event) {
	t.records++
	t.shapes[shape] = true
	at := e.Staged
	if at.IsZero() {
		at = e.Received
	}
	at = at.UTC().Truncate(time.Second)
	t.all.add(at)
	t.minutes[at.Unix()/60] = true
	if m := marker.FindStringSubmatch(e.UserAgent); m != nil {
		t.markers[m[1]] = true
	}
	t.stage(e, at)
}

// stage counts a request once: at its end, or at its start when the log has no end of it.
func (t *tally) stage(e *event, at time.Time) {
	switch e.Stage {
	case stageComplete, stagePanic:
		if slices.Contains(interactive, e.Object.Subresource) && e.AuditID != "" {
			t.closed[e.AuditID] = true
		}
		t.count(e, at)
	case stageStarted:
		if slices.Contains(interactive, e.Object.Subresource) {
			t.open[e.AuditID] = e
		}
	}
}

func (t *tally) count(e *event, at time.Time) {
	id := identify(e.User)
	classes := classify(e, id, t.breakGlass)
	if len(classes) == 0 {
		return
	}
	o := e.Object
	a := action{
		user: e.User.Username, identity: id, verb: e.Verb, resource: o.Resource, subresource: o.Subresource, namespace: o.Namespace, name: o.Name,
		classes: joinClasses(classes),
	}
	if o.APIGroup != "" {
		a.resource += "." + o.APIGroup
	}
	if a.resource == "" {
		a.resource, _, _ = strings.Cut(e.RequestURI, "?")
	}
	if e.As != nil {
		a.as = e.As.Username
	}
	// Controllers read secrets by the thousand: that one of them does is what matters.
	if id == schema.AuditServiceAccount && len(classes) == 1 && classes[0] == schema.AuditSecretRead {
		a.name = ""
	}
	c := &count{span: span{at, at}, agent: e.UserAgent}
	if e.Response.Code >= 400 {
		c.denied = 1
	} else {
		c.allowed = 1
	}
	t.add(a, c)
}

// add counts an action. A user agent is kept for the earliest request; of two at
// one second, the one that sorts first.
func (t *tally) add(a action, c *count) {
	if t.coarse {
		a.name = ""
	}
	old, ok := t.actions[a]
	if !ok {
		kept := *c
		t.actions[a] = &kept
		if len(t.actions) > maxActions && !t.coarse {
			t.blur()
		}
		return
	}
	if c.first.Before(old.first) || c.first.Equal(old.first) && c.agent < old.agent {
		old.agent = c.agent
	}
	old.allowed += c.allowed
	old.denied += c.denied
	old.join(c.span)
}

// blur counts what was counted so far again, without names.
func (t *tally) blur() {
	t.coarse = true
	old := t.actions
	t.actions = map[action]*count{}
	for a, c := range old {
		t.add(a, c)
	}
}

// merge adds another tally, which is not used afterwards.
func (t *tally) merge(o *tally) {
	t.records += o.records
	t.rejected += o.rejected
	t.all.join(o.all)
	maps.Copy(t.shapes, o.shapes)
	maps.Copy(t.minutes, o.minutes)
	maps.Copy(t.markers, o.markers)
	maps.Copy(t.open, o.open)
	maps.Copy(t.closed, o.closed)
	if o.coarse && !t.coarse {
		t.blur()
	}
	for a, c := range o.actions {
		t.add(a, c)
	}
}

// rows ends the tally: sessions without an end are counted now.
func (t *tally) rows(cluster string) []schema.AuditAction {
	for id, e := range t.open {
		if !t.closed[id] {
			t.count(e, e.Staged.UTC().Truncate(time.Second))
		}
	}
	t.open = nil
	out := make([]schema.AuditAction, 0, len(t.actions))
	for a, c := range t.actions {
		out = append(out, schema.AuditAction{
			Cluster: cluster, User: a.user, Identity: a.identity, As: a.as, Verb: a.verb, Resource: a.resource, Subresource: a.subresource,
			Namespace: a.namespace, Name: a.name, Classes: splitClasses(a.classes), Allowed: c.allowed, Denied: c.denied,
			First: c.first, Last: c.last, UserAgent: c.agent,
		})
	}
	return out
}

// silence is how long a log must be without records for the stretch to be listed.
// An API server that anything talks to writes several records a minute.
const silence = time.Hour

func (t *tally) log(cluster string, files int) schema.AuditLog {
	return schema.AuditLog{
		Cluster: cluster, Format: strings.Join(slices.Sorted(maps.Keys(t.shapes)), "+"), Files: files, Records: t.records, Rejected: t.rejected,
		First: t.all.first, Last: t.all.last, Silences: t.silences(), Markers: slices.Sorted(maps.Keys(t.markers)),
	}
}

// silences returns the stretches between two minutes with records.
func (t *tally) silences() []string {
	out := []string{}
	minutes := slices.Sorted(maps.Keys(t.minutes))
	for i := 1; i < len(minutes); i++ {
		from, to := time.Unix(minutes[i-1]*60, 0).UTC(), time.Unix(minutes[i]*60, 0).UTC()
		if to.Sub(from) >= silence {
			out = append(out, from.Format(time.RFC3339)+"/"+to.Format(time.RFC3339))
		}
	}
	return out
}

func joinClasses(classes []schema.AuditClass) string {
	texts := make([]string, len(classes))
	for i, c := range classes {
		texts[i] = string(c)
	}
	return strings.Join(texts, ",")
}

func splitClasses(joined string) []schema.AuditClass {
	var out []schema.AuditClass
	for c := range strings.SplitSeq(joined, ",") {
		out = append(out, schema.AuditClass(c))
	}
	return out
}
