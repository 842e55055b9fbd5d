package render

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// controls shows each control by itself, as catalogue §3.7 lists it.
func (b *builder) controls() []Section {
	out := []Section{flowing("controls", "Controls one by one",
		lead("Each control with its risk, how it works, what proves it, and why its status is what it is."))}
	for _, a := range b.areas {
		out = append(out, Section{ID: "area-" + a.id, Title: strings.TrimSpace(a.id + wide + a.name), Level: 2})
		for _, c := range a.controls {
			out = append(out, b.controlSection(c))
		}
	}
	return out
}

func (b *builder) controlSection(c schema.ControlResult) Section {
	blocks := []Block{b.controlSentences(c), b.controlFacts(c)}
	blocks = append(blocks, b.controlChanges(c)...)
	blocks = append(blocks, reasons(c)...)
	blocks = append(blocks, b.evidenceTable(c))
	blocks = append(blocks, b.controlFindings(c)...)
	blocks = append(blocks, controlExceptions(c)...)
	blocks = append(blocks, small("%s", b.references(c.References)))
	for _, n := range c.Notes {
		blocks = append(blocks, small("Note: %s", n))
	}
	return Section{ID: c.ID, Title: c.ID + wide + c.Title, Level: 3, Badge: statusLine(c), Blocks: blocks}
}

// controlSentences has what the control table says in sentences.
func (b *builder) controlSentences(c schema.ControlResult) Block {
	items := []KeyValue{
		{"Risk", plain(c.Risk)},
		{"Control", plain(c.Statement)},
		{"How it operates", plain(c.Operates)},
	}
	if c.NotApplicableBecause != "" {
		items = append(items, KeyValue{"Not applicable because", plain(c.NotApplicableBecause)})
	}
	return KeyValues{Items: items}
}

func (b *builder) controlFacts(c schema.ControlResult) Block {
	owner := Text{Value: c.Owner, Bold: true}
	if c.Owner == "" {
		owner = Text{Value: noOwner, Tone: Bad}
	}
	if c.Reviewer != "" {
		owner.Note = "reviewer " + c.Reviewer
	}
	return KeyValues{Columns: 6, Items: []KeyValue{
		{"Owner", owner},
		{"Responsible", plain(parties(c.Responsibility))},
		{"Layer", plain(strings.Join(c.Layers, ", "))},
		{"Review", reviewFacts(c)},
		{"Design", designText(c.Design)},
		{"Operation", operationText(c)},
	}}
}

// controlExceptions points at the exceptions of a control.
func controlExceptions(c schema.ControlResult) []Block {
	if c.Exceptions == 0 {
		return nil
	}
	line := count(c.Exceptions, "exception is", "exceptions are") + " in force"
	if !c.NearestExpiry.IsZero() {
		line += ", of which the first ends on " + c.NearestExpiry.String()
	}
	return []Block{Paragraph{Style: Small, Text: Text{Value: line + ".", Link: "exceptions"}}}
}

// reviewFacts says when the control was and will be reviewed, and by whom.
func reviewFacts(c schema.ControlResult) Text {
	t := plain(string(c.Cadence))
	if c.Status == schema.NotApplicable {
		t.Note = "not applicable"
		return t
	}
	if c.Review == schema.ReviewNever {
		t.Note = "never reviewed"
		return t
	}
	var parts []string
	if !c.LastReview.IsZero() {
		parts = append(parts, "last "+c.LastReview.String())
	}
	if c.ReviewedBy != "" {
		parts = append(parts, "by "+c.ReviewedBy)
	}
	if !c.NextReview.IsZero() {
		parts = append(parts, "next "+c.NextReview.String())
	}
	if c.Review == schema.ReviewOverdue {
		parts = append(parts, "overdue")
	}
	t.Note = strings.Join(parts, ", ")
	return t
}

// reasonsShown is how many reasons a control shows.
const reasonsShown = 8

// joinReasons says once what is said of several checks, such as "CHG-01.p1 is not
// collected: no pipeline source in the plan", so that they do not hide the others.
func joinReasons(reasons []string) []string {
	names := map[string][]string{} // by what is said of them
	for _, r := range reasons {
		if name, said, ok := strings.Cut(r, " is "); ok {
			names[said] = append(names[said], name)
		}
	}
	var out []string
	for _, r := range reasons {
		name, said, ok := strings.Cut(r, " is ")
		switch same := names[said]; {
		case !ok || len(same) == 1:
			out = append(out, r)
		case name == same[0]:
			out = append(out, strings.Join(same, ", ")+" are "+said)
		}
	}
	return out
}

func reasons(c schema.ControlResult) []Block {
	if len(c.Reasons) == 0 {
		return nil
	}
	joined := joinReasons(c.Reasons)
	var said []string
	for _, r := range joined[:min(len(joined), reasonsShown)] {
		said = append(said, shorten(r, 400))
	}
	if rest := len(joined) - len(said); rest > 0 {
		said = append(said, count(rest, "more reason", "more reasons")+" in report.json")
	}
	return []Block{Callout{Tone: statusTones[c.Status], Lines: []Text{{Value: "Why " + words(string(c.Status)) + ": " + strings.Join(said, "; ") + "."}}}}
}

// evidenceTable has one line a check: what it read, where that lies, how fresh it
// is, and what came of it.
func (b *builder) evidenceTable(c schema.ControlResult) Block {
	pointers := map[string][]schema.EvidencePointer{}
	for _, e := range c.Evidence {
		pointers[e.Check] = append(pointers[e.Check], e)
	}
	t := Table{
		Columns: []Column{
			{Title: "Check", Width: 17}, {Title: "File in evidence/", Width: 44}, {Title: "As of, for " + count(c.EvidenceMaxAgeDays, "day", "days"), Width: 28},
			{Title: "Result", Width: 22, Kind: StatusCell}, {Title: "Looked at, and what to know about it", Width: 65},
		},
		Dense: true,
		Empty: "No check is defined for this control.",
	}
	undecided := map[cause][]string{}
	for _, k := range b.checks[c.ID] {
		e := pointers[k.ID]
		delete(pointers, k.ID)
		if !k.Implemented && !kept(e) {
			undecided[causeOf(k)] = append(undecided[causeOf(k)], k.ID)
			continue
		}
		t.Rows = append(t.Rows, b.checkRow(k, e))
	}
	for _, id := range slices.Sorted(maps.Keys(pointers)) {
		t.Rows = append(t.Rows, b.checkRow(schema.CheckResult{ID: id, Result: pointers[id][0].Result, Implemented: true}, pointers[id]))
	}
	for _, why := range causes {
		ids := undecided[why]
		if len(ids) == 0 {
			continue
		}
		t.Rows = append(t.Rows, []Text{
			{Value: count(len(ids), "more", "more"), Tone: Muted}, {Value: strings.Join(ids, ", "), Tone: Muted}, plain(""),
			resultText(schema.ResultNotCollected), {Value: string(why), Tone: Muted},
		})
	}
	return t
}

func (b *builder) checkRow(k schema.CheckResult, evidence []schema.EvidencePointer) []Text {
	var asOf schema.Date
	var fresh schema.Freshness
	if len(evidence) > 0 {
		asOf, fresh = evidence[0].AsOf, evidence[0].Freshness
	}
	age := plain(strings.TrimSpace(asOf.String() + " " + string(fresh)))
	if fresh != schema.Fresh && fresh != "" { // what is fresh may fail: the result beside it has the colour
		age.Tone = freshnessTones[fresh]
	}
	return []Text{plain(k.ID), b.evidenceCell(k, evidence), age, resultText(k.Result), b.lookedAt(k)}
}

// lookedAt counts what a check looked at: all rows of its population, or those of
// them and their parts that it concerns.
func (b *builder) lookedAt(k schema.CheckResult) Text {
	reason := shorten(k.Reason, 240)
	if k.Rows == 0 {
		return Text{Value: cmp.Or(reason, none), Tone: Muted}
	}
	whole := len(k.Populations) > 0 && slices.ContainsFunc(b.r.Populations, func(p schema.PopulationResult) bool {
		return p.Name == k.Populations[0] && p.Rows == k.Rows
	})
	unit := group(k.Rows) + " looked at"
	if whole {
		unit = count(k.Rows, "row", "rows")
	}
	return Text{Value: unit + ": " + tally(k.Counts, results), Note: reason}
}

// kept reports whether any of the evidence lies in the archive.
func kept(evidence []schema.EvidencePointer) bool {
	return slices.ContainsFunc(evidence, func(e schema.EvidencePointer) bool { return e.Path != "" })
}

// evidenceCell names where in the folder of evidence that of a check lies.
func (b *builder) evidenceCell(k schema.CheckResult, evidence []schema.EvidencePointer) Text {
	var places []string
	for _, e := range evidence {
		if place := cmp.Or(strings.TrimPrefix(e.Path, "evidence/"), e.What); place != "" && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return Text{Value: cmp.Or(strings.Join(k.Populations, ", "), none), Tone: Muted}
	}
	t := Text{Value: list(places, 3)}
	for _, e := range evidence {
		if id := b.placeOf(e.Path); id != "" {
			t.Link = id
			break
		}
	}
	return t
}

// controlTop is how many findings a control shows; the chapter of findings has more.
const controlTop = 3

func (b *builder) controlFindings(c schema.ControlResult) []Block {
	var rows [][]Text
	total := 0
	for _, f := range b.findings[c.ID] {
		if !open(*f) {
			continue
		}
		if total++; len(rows) < controlTop {
			severity := severityText(f.Severity)
			severity.Note = b.ageNote(*f)
			rows = append(rows, []Text{severity, {Value: shorten(f.Message, 300), Link: b.findingID(*f)}})
		}
	}
	if total == 0 {
		return nil
	}
	blocks := []Block{Table{
		Columns: []Column{{Title: "Severity", Width: 18, Kind: StatusCell}, {Title: "Open findings: " + tally(c.Findings, severities), Width: 152}},
		Rows:    rows, Dense: true,
	}}
	if rest := total - len(rows); rest > 0 {
		blocks = append(blocks, Paragraph{Style: Small, Text: Text{
			Value: count(rest, "more open finding", "more open findings") + " in the chapter of findings.", Link: "findings",
		}})
	}
	return blocks
}

// parties lists who takes part in a control: first who is accountable.
func parties(r schema.Responsibility) string {
	var accountable, responsible []string
	for _, p := range partyNames {
		role := p.role(r)
		switch {
		case strings.HasPrefix(role, "A"):
			accountable = append(accountable, p.short+" "+role)
		case strings.Contains(role, "R"):
			responsible = append(responsible, p.short+" R")
		}
	}
	return strings.Join(append(accountable, responsible...), ", ")
}

// references lists the clauses with their editions.
func (b *builder) references(r schema.References) string {
	var parts []string
	add := func(edition string, ids []string) {
		if len(ids) > 0 {
			parts = append(parts, edition+": "+strings.Join(ids, ", "))
		}
	}
	var clauses []string
	for _, c := range r.ISO27017 {
		clauses = append(clauses, clauseText(c))
	}
	add("ISO/IEC 27017:2015", clauses)
	add("ISO/IEC 27002:2022", r.ISO27002)
	add("ISO/IEC 27002:2013", r.ISO27002Old)
	add("CCM 4.0", r.CCM40)
	add("CCM 4.1", r.CCM41)
	for _, k := range b.benchmarks(r.CIS) {
		add(benchmarkName(k), r.CIS[k])
	}
	add("NIST SP 800-53r5", r.NIST80053)
	add("SOC 2 TSC", r.SOC2)
	for _, k := range slices.Sorted(maps.Keys(r.Other)) {
		add(k, r.Other[k])
	}
	if len(parts) == 0 {
		return "References: none."
	}
	return "References. " + strings.Join(parts, "; ") + "."
}

// clauseText marks for whom ISO/IEC 27017 adds guidance, and whether the clause
// was read at its source.
func clauseText(c schema.ISO27017Reference) string {
	s := c.ID
	switch c.CloudGuidance {
	case "csc":
		s += " (customer)"
	case "csp":
		s += " (provider)"
	case "none":
		s += " (27002 applies as is)"
	}
	if !c.Verified {
		s += "†"
	}
	return s
}

// benchmarks are the CIS benchmarks to cite: those of the distributions that were
// read, or the generic ones. Section numbers differ between them.
func (b *builder) benchmarks(cis map[string][]string) []string {
	all := slices.Sorted(maps.Keys(cis))
	with := func(prefix string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(k string) bool { return !strings.HasPrefix(k, prefix+"_") })
	}
	var out []string
	seen := map[string]bool{}
	for _, c := range b.s.Evidence.Clusters {
		if !seen[c.Distribution] && c.Distribution != "" {
			seen[c.Distribution] = true
			out = append(out, with(c.Distribution)...)
		}
	}
	if len(out) == 0 {
		out = with("k8s")
	}
	return out
}

// benchmarkName turns a key such as eks_1_8_0 into CIS EKS 1.8.0.
func benchmarkName(key string) string {
	name, version, _ := strings.Cut(key, "_")
	return "CIS " + strings.ToUpper(name) + " " + strings.ReplaceAll(version, "_", ".")
}

// A party is one column of the responsibility matrix.
type party struct {
	name, short string
	width       int // of its column, so that no heading breaks within a word
	role        func(schema.Responsibility) string
}

var partyNames = []party{
	{"cloud provider", "Cloud", 13, func(r schema.Responsibility) string { return r.CloudProvider }},
	{"managed Kubernetes", "Managed K8s", 17, func(r schema.Responsibility) string { return r.ManagedKubernetes }},
	{"platform team", "Platform", 18, func(r schema.Responsibility) string { return r.PlatformTeam }},
	{"application team", "Apps", 12, func(r schema.Responsibility) string { return r.AppTeam }},
	{"CI/CD owner", "CI/CD", 13, func(r schema.Responsibility) string { return r.CICDOwner }},
	{"security team", "Security", 18, func(r schema.Responsibility) string { return r.SecurityTeam }},
	{"third-party tool", "Third party", 13, func(r schema.Responsibility) string { return r.ThirdPartyTool }},
}

// responsibilities is the matrix of who does what. The part of a provider is red
// where no document says that the provider does it.
func (b *builder) responsibilities() []Section {
	t := Table{Columns: []Column{{Title: "Id", Width: 14}, {Title: "Control", Width: 60}}, Dense: true, Empty: "The control table is empty."}
	for _, p := range partyNames {
		t.Columns = append(t.Columns, Column{Title: p.short, Width: p.width})
	}
	assumed := b.assumed()
	proposals := 0
	for _, c := range b.r.Controls {
		title := plain(c.Title)
		if c.Proposed != nil {
			proposals++
			title.Note = "proposed for the clusters that were read: " + parties(*c.Proposed)
		}
		row := []Text{linked(c.ID), title}
		for _, p := range partyNames {
			role := p.role(c.Responsibility)
			cell := Text{Value: role, Bold: strings.HasPrefix(role, "A")}
			switch {
			case role == "" || role == "-":
				cell = plain("")
			case assumed[c.ID] && runsThePlatform(p) && strings.ContainsAny(role, "AR"):
				cell.Note, cell.Tone = "no proof", Bad
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	blocks := []Block{lead("A is accountable (one party a control), R responsible, C consulted, I informed. The split is the control table's, changed where the organisation said so.")}
	if n := len(assumed); n > 0 {
		blocks = append(blocks, body("Red: of %s a provider is taken to do a part, and no valid document of the provider says so (GOV-01, GOV-05).", count(n, "control", "controls")))
	}
	if proposals > 0 {
		blocks = append(blocks, body("The control table supposes a managed control plane, and the clusters that were read have none. For %s another split is proposed; it counts once a person writes it as responsibility into the overlay.", count(proposals, "control", "controls")))
	}
	return []Section{flowing("responsibilities", "Responsibility matrix", append(blocks, t)...)}
}
