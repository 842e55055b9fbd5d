package html_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
)

// needed skips a test whose tool is not here. In CI that is a failure.
func needed(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs %s", what)
	}
	t.Skipf("this test needs %s", what)
}

// A tab is a page that is open in a real browser.
type tab struct {
	t   testing.TB
	ctx context.Context
	url string

	mu       sync.Mutex
	requests []string // but for the page's own
	trouble  []string // what the browser complained about
}

// browser is started once for all tests; tabs of it do not see each other.
var browser = sync.OnceValue(func() context.Context {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	closeBrowser = cancel
	return ctx
})

var closeBrowser = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	closeBrowser()
	os.Exit(code)
}

// media are what the browser says of its reader. Nothing moves by itself, so that
// what is clicked stays where it was found.
func media(scheme string) emulation.SetEmulatedMediaParams {
	return emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
}

// open shows a page from a file.
func open(t testing.TB, page, fragment string, before ...func(context.Context) error) *tab {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		needed(t, "chromium")
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(browser()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, url: "file://" + path}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media("light")); err != nil {
		t.Fatal(err)
	}
	for _, f := range before {
		if err := f(ctx); err != nil {
			t.Fatal(err)
		}
	}
	b.do(chromedp.Navigate(b.url + fragment))
	t.Cleanup(b.calm)
	return b
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.url) {
			b.requests = append(b.requests, e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		b.trouble = append(b.trouble, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		b.trouble = append(b.trouble, e.Entry.Text)
	}
}

// calm fails the test where the page asked for something or the browser complained.
func (b *tab) calm() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if !strings.HasPrefix(url, "data:") {
			b.t.Errorf("the page asks for %s", url)
		}
	}
	for _, text := range b.trouble {
		b.t.Errorf("the browser says: %s", text)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns the value of a JavaScript expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// messages are what the list of findings shows.
func (b *tab) messages() []string {
	return eval[[]string](b, `[...document.querySelectorAll("#list .message")].map((e) => e.textContent)`)
}

func (b *tab) count() string { return eval[string](b, `document.querySelector("#found").textContent`) }

// set changes a field as a person would.
func (b *tab) set(field, value string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); if (e.type === "checkbox") e.checked = true; else e.value = %q;
		e.dispatchEvent(new Event("input", { bubbles: true })); return true; })()`, field, value))
}

// unfold opens the first few of what folds and each nth of the others, and waits
// for what they show, with the objects in them.
func (b *tab) unfold(nth int) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(async () => {
		document.querySelectorAll("details").forEach((e, i) => { e.open = i < 8 || i %% %d === 0; });
		const until = async (ready) => { while (!ready()) await new Promise((next) => setTimeout(next, 20)); };
		await until(() => [...document.querySelectorAll(".finding[open]")].every((e) => e.querySelector(".body")));
		document.querySelectorAll(".object").forEach((e) => { e.open = true; });
		await until(() => [...document.querySelectorAll(".object")].every((e) => e.querySelector("pre")));
		return true;
	})()`, nth))
}

func TestPageAsksNobodyForAnything(t *testing.T) {
	b := open(t, attacked().page(t), "")
	if n := eval[int](b, `document.querySelectorAll("#list li").length`); n == 0 {
		t.Error("the script did not run under the page's policy")
	}
	if got := eval[string](b, `getComputedStyle(document.querySelector("h1")).fontWeight`); got != "650" {
		t.Errorf("the style is not in force: weight %s", got)
	}
	// The policy holds also against what would get into the page by a mistake.
	reached := make(chan string, 1)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.Path }))
	defer elsewhere.Close()
	if eval[bool](b, fmt.Sprintf(`new Promise((done) => { const i = new Image(); i.onerror = () => done(false); i.onload = () => done(true); i.src = %q; })`, elsewhere.URL+"/x.png")) {
		t.Error("the page loaded a picture")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(reached) > 0 || len(b.trouble) == 0 || !strings.Contains(b.trouble[0], "Content Security Policy") {
		t.Errorf("the policy let a request go: %v", b.trouble)
	}
	b.requests, b.trouble = nil, nil
}

func TestHostileNamesStayText(t *testing.T) {
	b := open(t, attacked().page(t), "")
	b.unfold(1)
	if eval[bool](b, `"broken" in window`) {
		t.Error("a name ran as a script")
	}
	if got := eval[[]int](b, `["script", "img", "base", "b"].map((name) => document.querySelectorAll(name).length)`); !cmp.Equal(got, []int{3, 0, 0, 0}) {
		t.Errorf("there are %v elements of script, img, base and b, want 3 scripts of our own", got)
	}
	text := eval[string](b, `(() => { const main = document.querySelector("main").cloneNode(true); main.querySelector("noscript").remove(); return main.textContent; })()`)
	for _, want := range []string{`</script><script>window.broken=1</script>`, `[U+202E]gnp.exe[U+2066]`, `[U+001B][31mred`, `\xff\xfe`, `a[U+2028]window`, `&lt;b&gt;`, `</script><b>\u202e\u202e`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if strings.ContainsAny(text, "\u202e\u2066\u2028\x1b\x00") {
		t.Error("the page shows characters that turn or hide text")
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	const lost = `[...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")).filter((href) => {
		const [id] = decodeURIComponent(href.slice(1)).split("?");
		return !href.startsWith("#") || !(document.getElementById(id) || id.startsWith("finding-") && JSON.parse(document.getElementById("data").textContent).findings.some((f) => f.target === id));
	})`
	for name, p := range packs() {
		t.Run(name, func(t *testing.T) {
			b := open(t, p.page(t), "")
			if got := eval[[]string](b, lost); len(got) > 0 {
				t.Errorf("these lead nowhere: %q", got)
			}
			if got := eval[[]string](b, `(() => { const all = [...document.querySelectorAll("[id]")].map((e) => e.id); return all.filter((id, i) => all.indexOf(id) !== i); })()`); len(got) > 0 {
				t.Errorf("these ids are there twice: %q", got)
			}
		})
	}
}

// packs are all fixtures.
func packs() map[string]pack {
	out := map[string]pack{"sample": sample(), "attacked": attacked()}
	r, s := fixture.Empty()
	out["empty"] = pack{r, s, nil}
	r, s = fixture.NotCollected()
	out["not collected"] = pack{r, s, nil}
	return out
}

func TestFiltersNarrowTheListAndAreInTheAddress(t *testing.T) {
	page := sample().page(t)
	b := open(t, page, "")
	// As the front page counts them: without what an exception covers or a person has to decide.
	const isOpen = `JSON.parse(document.getElementById("data").textContent).findings.filter((f) => f.state === "fail" || f.state === "partial")`
	whole := fmt.Sprintf("%d of 151 findings", eval[int](b, isOpen+`.length`))
	if got := b.count(); got != whole {
		t.Errorf("before any filter: %s, want %s", got, whole)
	}
	choice := eval[string](b, `document.querySelector("[name=severity][value=critical]").closest("label").textContent`)
	if want := fmt.Sprintf("critical %d", eval[int](b, isOpen+`.filter((f) => f.severity === "critical").length`)); choice != want {
		t.Errorf("the choice says %q, want %q", choice, want)
	}
	b.set(`[name=severity][value=critical]`, "")
	b.set("#q", "ROW and")
	if diff := cmp.Diff([]string{"A finding that rests on a row and an object."}, b.messages()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if got := b.count(); got != "1 of 151 findings" {
		t.Errorf("count %q", got)
	}
	b.set("#q", "")
	b.set("#owner", "SRE")
	want := b.count()
	fragment := eval[string](b, `location.hash`)
	if fragment != "#findings?severity=critical&state=fail&state=partial&owner=SRE" {
		t.Errorf("fragment %s", fragment)
	}
	again := open(t, page, fragment)
	if got := again.count(); got != want || got == whole {
		t.Errorf("the address shows %q, and the page that it was taken from %q", got, want)
	}
	again.do(chromedp.Click(chromedp.CSS("#filter [type=reset]")))
	if _, err := chromedp.Run(again.ctx, chromedp.Poll[bool](`document.querySelector("#found").textContent === "151 findings"`, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		t.Errorf("cleared: %s", again.count())
	}
	cleared := eval[string](again, `location.hash`)
	if got := open(t, page, cleared).count(); got != "151 findings" {
		t.Errorf("opened again without filters at %s: %s", cleared, got)
	}
}

func TestEachFilterKeepsWhatItNames(t *testing.T) {
	p := sample()
	b := open(t, p.page(t), "")
	for _, facet := range []string{"severity", "state", "owner", "area", "control", "cluster", "namespace"} {
		got := eval[string](b, fmt.Sprintf(`(() => {
			const all = JSON.parse(document.getElementById("data").textContent).findings, value = all.at(-1)[%[1]q];
			location.hash = "#findings?" + new URLSearchParams({ %[1]s: value });
			return new Promise((done) => setTimeout(() => {
				const want = all.filter((f) => f[%[1]q] === value).length, text = document.querySelector("#found").textContent;
				done(text === want + (want === all.length ? "" : " of " + all.length) + " findings" ? "" : %[1]q + " " + value + ": " + text + ", want " + want);
			}, 30));
		})()`, facet))
		if got != "" {
			t.Error(got)
		}
	}
}

func TestContentsListEveryChapter(t *testing.T) {
	b := open(t, sample().page(t), "")
	links := func(selector string) []string {
		return eval[[]string](b, fmt.Sprintf(`[...document.querySelectorAll(%q)].map((a) => a.hash + " " + a.textContent)`, selector))
	}
	want := eval[[]string](b, `[...document.querySelectorAll(".chapter")].map((e) => "#" + e.id + " " + e.querySelector("h2").firstChild.textContent)`)
	for _, selector := range []string{"nav a", "#reading .item a"} {
		if diff := cmp.Diff(want, links(selector)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", selector, diff)
		}
	}
}

func TestLinksLeadExactly(t *testing.T) {
	p := sample()
	for _, width := range []int64{1280, 390} {
		b := open(t, p.page(t), "")
		b.do(chromedp.EmulateViewport(width, 800))
		for _, id := range []string{"finding-" + p.report.Findings[45].ID, "map", "finding-" + p.report.Findings[120].ID, "finding-" + p.report.Findings[20].ID, "controls"} {
			top := eval[float64](b, fmt.Sprintf(`(async () => {
				location.hash = %q;
				const top = () => document.getElementById(location.hash.slice(1))?.getBoundingClientRect().top - parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop);
				const frame = () => new Promise(requestAnimationFrame);
				for (let i = 0; i < 100 && !(Math.abs(top()) <= 1); i++) await frame();
				for (let i = 0; i < 5; i++) await frame(); // and it stays there
				return top();
			})()`, id))
			if top < -1 || top > 1 {
				t.Errorf("%d px wide: %s is %.0f px beside the place that the link leads to", width, id, top)
			}
		}
	}
}

func TestControlsAreFiltered(t *testing.T) {
	b := open(t, sample().page(t), "#controls?cstatus=partial")
	got := eval[[]string](b, `[...document.querySelectorAll(".fold:not([hidden])")].map((e) => e.dataset.status)`)
	if len(got) == 0 || len(got) == 45 {
		t.Fatalf("%d controls are shown", len(got))
	}
	for _, status := range got {
		if status != "partial" {
			t.Errorf("a control that is %s is shown", status)
		}
	}
	// A link to a control shows it, whatever the filter says, and opens it.
	eval[bool](b, `new Promise((done) => { location.hash = "#ACC-01"; setTimeout(() => done(true), 50); })`)
	if !eval[bool](b, `document.getElementById("ACC-01").open && !document.getElementById("ACC-01").hidden && document.activeElement.parentElement.id === "ACC-01"`) {
		t.Error("the link to ACC-01 does not open it")
	}
}

func TestFindingShowsItsRowsAndObject(t *testing.T) {
	p := sample()
	b := open(t, p.page(t), "#finding-"+p.report.Findings[0].ID)
	b.do(chromedp.Click(chromedp.CSS(".finding[open] .object summary")))
	b.do(chromedp.WaitVisible(chromedp.CSS(".finding[open] pre")))
	text := eval[string](b, `document.querySelector(".finding[open]").innerText`)
	for _, want := range []string{
		"Mend it.", "evidence/populations/workloads.jsonl:", "evidence/objects/prod/deployments.apps.jsonl:7",
		"{\n  \"kind\": \"Deployment\",\n  \"metadata\": {\n    \"name\": \"api\",\n    \"uid\": \"5a7e\",\n    \"generation\": 12345678901234567890\n  },\n  \"spec\": {\n    \"template\": {},\n    \"note\": \"a \\\"quoted\\\" { text, with: signs\"\n  }\n}",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the finding does not show %q:\n%s", want, text)
		}
	}
}

func TestWithoutScriptTheEssentialsAreThere(t *testing.T) {
	b := open(t, sample().page(t), "", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
	text := eval[string](b, `document.body.innerText`)
	for _, want := range []string{"Who can administer the platform, and is that reviewed?", "Cluster administrator privilege is restricted", "A finding that rests on a row and an object.", "What could not be seen"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if eval[bool](b, `document.querySelector("#finder").checkVisibility() || document.querySelector(".tools").checkVisibility()`) {
		t.Error("controls that need the script are shown")
	}
}

func TestKeyboardWalk(t *testing.T) {
	b := open(t, sample().page(t), "")
	focused := func() string {
		return eval[string](b, `(() => { const e = document.activeElement; return e.id || e.className || e.localName + " " + e.parentElement.className; })()`)
	}
	press := func(keys string) { t.Helper(); b.do(chromedp.KeyEvent(keys)) }
	press(kb.Tab)
	if got := focused(); got != "skip" {
		t.Fatalf("the first stop is %q", got)
	}
	press(kb.Enter)
	if got := focused(); got != "main" {
		t.Errorf("the skip link leads to %q", got)
	}
	// As a keyboard does it: what a script prevents does not become a character.
	if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: "/", Text: "/"}); err != nil {
		t.Fatal(err)
	}
	if got := focused(); got != "q" {
		t.Fatalf("the slash leads to %q", got)
	}
	press("workload-00")
	if got := b.count(); got != "6 of 151 findings" {
		t.Errorf("typed: %s", got)
	}
	stops := []string{}
	for range 20 {
		press(kb.Tab)
		stops = append(stops, focused())
		if strings.HasPrefix(stops[len(stops)-1], "summary finding") {
			break
		}
	}
	if got := stops[len(stops)-1]; got != "summary finding" {
		t.Fatalf("tab does not reach the findings: %q", stops)
	}
	press(kb.Enter)
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](`document.querySelector(".finding").open && document.querySelector(".finding .body") !== null`, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		t.Errorf("Enter does not open the finding: %v", err)
	}
}

func TestTenThousandFindingsDrawFew(t *testing.T) {
	p := sample()
	for i := range 10_000 {
		f := p.report.Findings[1+i%150]
		f.ID, f.Message = fmt.Sprintf("%s-%016x", f.Check, 1000+i), fmt.Sprintf("nr-%05d of very many.", i)
		p.report.Findings = append(p.report.Findings, f)
	}
	b := open(t, p.page(t), "")
	elements := func() int { return eval[int](b, `document.querySelectorAll("*").length`) }
	drawn := func() int { return eval[int](b, `document.querySelectorAll("#list li").length`) }
	before := elements()
	b.do(chromedp.Focus(chromedp.CSS("#q")))
	for _, key := range "nr-0999" {
		b.do(chromedp.KeyEvent(string(key)))
		if n := drawn(); n > 50 {
			t.Fatalf("%d findings are drawn after a key", n)
		}
	}
	if got := b.count(); got != "9 of 10,151 findings" {
		t.Errorf("found %s", got)
	}
	if n := elements(); n > before {
		t.Errorf("typing grows the page from %d to %d elements", before, n)
	}
	b.set("#q", "")
	b.do(chromedp.Focus(chromedp.CSS("#more")), chromedp.KeyEvent(kb.Enter))
	if n := drawn(); n != 150 {
		t.Errorf("%d findings are drawn after asking for more", n)
	}
	if !eval[bool](b, `document.activeElement.closest("li") === document.querySelectorAll("#list li")[50]`) {
		t.Error("the focus is not on the first of what was added")
	}
}

func TestPrintsWhatIsFolded(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		needed(t, "pdftotext")
	}
	p := sample()
	b := open(t, p.page(t), "")
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("pdftotext", "-", "-")
	cmd.Stdin = strings.NewReader(string(pdf))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	last := p.report.Controls[len(p.report.Controls)-1]
	var openFinding schema.Finding // the last of them
	for _, f := range p.report.Findings {
		if f.Result == schema.ResultFail && f.Exception == "" {
			openFinding = f
		}
	}
	for _, want := range []string{last.Risk, openFinding.Message[:12], strings.TrimSuffix(b.count(), " findings") + " findings: status fail or partial. All are in control-map.xlsx"} {
		if !strings.Contains(text, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the print does not say %q", want)
		}
	}
	if strings.Contains(text, "Clear filters") {
		t.Error("the print has the filters")
	}
}

func TestThemeIsChosenAndTold(t *testing.T) {
	b := open(t, sample().page(t), "")
	ground := func() string { return eval[string](b, `getComputedStyle(document.body).backgroundColor`) }
	var got []string
	for range 3 {
		b.do(chromedp.Click(chromedp.CSS("#theme")))
		got = append(got, eval[string](b, `document.querySelector("#theme").textContent`)+" "+ground())
	}
	want := []string{"Theme: light rgb(255, 255, 255)", "Theme: dark rgb(18, 22, 27)", "Theme: system rgb(255, 255, 255)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("themes (-want +got):\n%s", diff)
	}
}

// axe returns the script of the checker that internal/oracles/axe pins.
func axe(t *testing.T) string {
	t.Helper()
	pin, err := os.ReadFile("../../internal/oracles/axe/package.json")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`"axe-core": "([^"]+)"`).FindSubmatch(pin)
	cache, err := os.UserCacheDir()
	if err != nil || version == nil {
		t.Fatalf("find axe-core: %v, version %s", err, version)
	}
	b, err := os.ReadFile(filepath.Join(cache, "auditpack", "axe-"+string(version[1]), "axe.min.js"))
	if err != nil {
		needed(t, "axe-core; install it with internal/oracles/axe/build.sh")
	}
	return string(b)
}

func TestAxeFindsNothingSerious(t *testing.T) {
	script := axe(t)
	type violation struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	tests := []struct {
		pack, scheme string
		width        int64
	}{
		{"sample", "light", 1280}, {"sample", "dark", 1280}, {"sample", "light", 390}, {"sample", "dark", 390},
		{"attacked", "light", 1280}, {"empty", "dark", 1280}, {"not collected", "light", 390},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s, %s, %d", tt.pack, tt.scheme, tt.width), func(t *testing.T) {
			b := open(t, packs()[tt.pack].page(t), "", func(ctx context.Context) error {
				_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media(tt.scheme))
				return err
			})
			b.do(chromedp.EmulateViewport(tt.width, 900))
			b.unfold(60)
			eval[bool](b, script+"; true")
			found := eval[string](b, `axe.run({ resultTypes: ["violations"] }).then((r) => JSON.stringify(r.violations))`)
			var violations []violation
			if err := json.Unmarshal([]byte(found), &violations); err != nil {
				t.Fatal(err)
			}
			for _, v := range violations {
				if v.Impact == "serious" || v.Impact == "critical" {
					t.Errorf("%s (%s): %s\n%s\n%s", v.ID, v.Impact, v.Help, v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
				} else {
					t.Logf("%s (%s): %s\n%s", v.ID, v.Impact, v.Help, v.Nodes[0].HTML)
				}
			}
		})
	}
}

var (
	pictured = flag.String("page", "", "the report.html of which TestPicture takes a picture")
	picture  = flag.String("picture", "", "where TestPicture writes it")
)

// TestPicture takes the picture of docs/page.md: a finding that is open. Without
// flags it takes one of the sample, so that the target of the Makefile keeps working.
func TestPicture(t *testing.T) {
	page, to := sample().page(t), filepath.Join(t.TempDir(), "page.png")
	if *picture != "" {
		content, err := os.ReadFile(*pictured)
		if err != nil {
			t.Fatal(err)
		}
		page, to = string(content), *picture
	}
	b := open(t, page, "#findings?severity=critical")
	b.do(chromedp.EmulateViewport(1100, 760))
	eval[bool](b, `(() => { document.querySelector(".finding").open = true; document.querySelector("#finder").scrollIntoView(); scrollBy(0, -60); return true; })()`)
	b.do(chromedp.WaitVisible(chromedp.CSS(".finding .body")))
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, shot, 0o644); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkFilter types a letter into a page with 10,000 findings.
func BenchmarkFilter(b *testing.B) {
	p := sample()
	for i := range 10_000 {
		f := p.report.Findings[1+i%150]
		f.ID = fmt.Sprintf("%s-%016x", f.Check, 1000+i)
		p.report.Findings = append(p.report.Findings, f)
	}
	tab := open(b, p.page(b), "")
	for i := 0; b.Loop(); i++ {
		tab.set("#q", string("abcdefghij"[i%10]))
	}
}
