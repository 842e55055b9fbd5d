"use strict";
// What the page does beyond being read: it lists the findings, filters them and
// the controls, shows what a finding rests on, and keeps its state in the fragment
// of the address. All text goes into the page as text.
(() => {
  const byID = (id) => document.getElementById(id);
  const data = JSON.parse(byID("data").textContent);
  const pageSize = 50;
  const printSize = 1000;

  // el makes an element. Of its properties, class and for have their HTML names.
  function el(name, properties, ...children) {
    const e = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (value !== undefined) e.setAttribute(key, value);
    }
    e.append(...children.filter((c) => c !== ""));
    return e;
  }
  const pill = (text, tone) => el("span", { class: "pill " + tone }, text);
  const number = (n) => n.toLocaleString("en");
  const count = (n, one, many) => number(n) + " " + (n === 1 ? one : many);

  // --- findings ---------------------------------------------------------------

  const filter = byID("filter"), list = byID("list"), more = byID("more"), found = byID("found");
  const facets = ["severity", "state", "owner", "area", "control", "cluster", "namespace"];
  // What counts as open, as on the front page: no exception covers it, and no person has to decide first.
  const openStates = ["fail", "partial"];
  const labels = { owner: "Every owner", area: "Every area", control: "Every control", cluster: "Every cluster", namespace: "Every namespace" };
  let matching = data.findings;
  let shown = 0;
  let chosenNow = ""; // the filters in words

  // values counts what the findings say of a facet, in the order of the first of each.
  function values(facet) {
    const counts = new Map();
    for (const f of data.findings) {
      if (f[facet] !== "") counts.set(f[facet], (counts.get(f[facet]) ?? 0) + 1);
    }
    return counts;
  }

  function offer() {
    for (const facet of ["severity", "state"]) {
      const box = filter.querySelector(`[data-chips="${facet}"]`);
      for (const [value, n] of values(facet)) {
        const choice = el("input", { type: "checkbox", name: facet, value });
        choice.checked = facet === "state" && openStates.includes(value); // a property, so that clearing the filters unchecks it
        box.append(el("label", { class: "chip" }, choice, value + " ", el("span", { "data-count": value }, number(n))));
      }
    }
    for (const facet of Object.keys(labels)) {
      const sorted = [...values(facet)].sort(([a], [b]) => (a < b ? -1 : 1));
      fill(filter.elements[facet], labels[facet], sorted.map(([value, n]) => [value, `${value} (${number(n)})`]));
    }
  }

  function fill(select, all, options) {
    select.append(el("option", { value: "" }, all), ...options.map(([value, text]) => el("option", { value }, text)));
    select.closest(".field").hidden = options.length < 2;
  }

  const haystacks = new Map();
  function haystack(f) {
    let text = haystacks.get(f);
    if (text === undefined) {
      text = [f.message, f.id, f.control, f.title, f.cluster, f.namespace, f.kind, f.name, f.field, f.owner, f.severity, f.state, f.stateNote, data.remedies[f.remedy]].join("\n").toLowerCase();
      haystacks.set(f, text);
    }
    return text;
  }

  // recount says at each choice of a facet how many findings it would leave.
  function recount(facet, counts) {
    const box = filter.querySelector(`[data-chips="${facet}"]`);
    for (const e of box?.querySelectorAll("[data-count]") ?? []) e.textContent = number(counts.get(e.dataset.count) ?? 0);
    if (box) return;
    for (const option of filter.elements[facet].options) {
      if (option.value !== "") option.textContent = `${option.value} (${number(counts.get(option.value) ?? 0)})`;
    }
  }

  const words = (text) => text.toLowerCase().split(/\s+/).filter((w) => w !== "");

  function sift() {
    const wanted = new FormData(filter);
    const terms = words(wanted.get("q"));
    const chosen = facets.map((facet) => [facet, wanted.getAll(facet).filter((v) => v !== "")]).filter(([, v]) => v.length > 0);
    matching = [];
    const counts = new Map(facets.map((facet) => [facet, new Map()]));
    const add = (facet, value) => counts.get(facet).set(value, (counts.get(facet).get(value) ?? 0) + 1);
    for (const f of data.findings) {
      if (!terms.every((t) => haystack(f).includes(t))) continue;
      const against = chosen.filter(([facet, v]) => !v.includes(f[facet]));
      if (against.length > 1) continue;
      if (against.length === 1) {
        add(against[0][0], f[against[0][0]]); // it would be there without this one filter
        continue;
      }
      matching.push(f);
      for (const facet of facets) add(facet, f[facet]);
    }
    for (const facet of facets) recount(facet, counts.get(facet));
    shown = 0;
    list.replaceChildren();
    show(pageSize);
    const left = data.left > 0 ? `; ${number(data.left)} more are in control-map.xlsx` : "";
    const narrowed = terms.length > 0 || chosen.length > 0;
    found.textContent = (narrowed ? `${number(matching.length)} of ` : "") + count(data.findings.length, "finding", "findings") + left;
    chosenNow = [...chosen.map(([facet, v]) => (facet === "state" ? "status" : facet) + " " + v.join(" or ")), ...terms.map((t) => `the word "${t}"`)].join(", ");
  }

  function show(n) {
    const next = matching.slice(shown, shown + n);
    list.append(...next.map((f) => el("li", {}, card(f))));
    shown += next.length;
    const rest = matching.length - shown;
    more.hidden = rest === 0;
    more.textContent = `Show ${number(Math.min(rest, 2 * pageSize))} more of ${number(rest)}`;
    return next.length;
  }

  function showMore() {
    const before = list.children.length;
    show(2 * pageSize);
    list.children[before].querySelector("summary").focus();
  }

  function card(f) {
    const where = [f.check, f.cluster, f.namespace === f.name ? "" : f.namespace, f.owner];
    const e = el("details", { class: "finding", id: f.target },
      el("summary", {}, pill(f.severity, f.tone), el("span", { class: "message" }, f.message),
        el("span", { class: "meta" }, where.filter((w) => w !== "").join("  ·  "), f.state === "fail" ? "" : "  ·  " + [f.state, f.stateNote].filter(Boolean).join(" "))));
    e.addEventListener("toggle", () => { if (e.open && e.childElementCount === 1) e.append(body(f)); });
    return e;
  }

  // --- what a finding rests on --------------------------------------------------

  function pairs(items) {
    return el("dl", { class: "pairs" }, ...items.filter(([, value]) => value !== "" && value !== undefined)
      .map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, value))));
  }

  const link = (fragment, text) => el("a", { href: "#" + fragment }, text);

  function body(f) {
    const subject = `${f.kind} ${f.namespace !== "" && f.kind !== "Namespace" ? f.namespace + "/" : ""}${f.name}`;
    return el("div", { class: "body" },
      pairs([
        ["What to do", data.remedies[f.remedy]],
        ["Subject", f.register ? link(encodeURIComponent(f.register), subject) : subject],
        ["Field", f.field],
        ["Cluster", f.cluster],
        ["Owner", f.owner],
        ["Status", el("span", {}, pill(f.state, f.stateTone), f.stateNote ? " " + f.stateNote : "")],
        ["Control", f.control ? link(encodeURIComponent(f.control), `${f.control} ${f.title}`) : ""],
        ["Link to this finding", link(encodeURIComponent(f.target), f.id)],
      ]),
      ...evidence(f), ...objects(f));
  }

  function evidence(f) {
    const out = [el("h3", {}, "Evidence rows")];
    if (f.rows.length === 0) {
      out.push(el("p", { class: "small" }, f.lists.length === 0 ? "This rests on no population: see the subject above."
        : "This is about the whole of the list, or about what is missing in it."));
    }
    for (const r of f.rows.map((i) => data.rows[i])) {
      const { title, path, columns } = data.lists[r.list];
      const place = el("p", {}, link("populations", title), " ", el("span", { class: "where" }, `${path}:${r.line}`));
      const cells = r.cells ? pairs(r.cells.map((c, i) => [columns[i], c]))
        : el("p", { class: "small" }, "This row is left out of the page, which would grow too large. It is in the file and in control-map.xlsx.");
      out.push(el("div", { class: "row" }, place, cells));
    }
    if (f.moreRows) out.push(el("p", { class: "small" }, `${count(f.moreRows, "more row", "more rows")} about the same subject.`));
    if (f.lists.length > 0) {
      const read = el("p", { class: "small" }, "The check read ");
      f.lists.forEach((l, i) => read.append(i > 0 ? ", " : "", link("populations", data.lists[l].title), " ", el("span", { class: "where" }, data.lists[l].path)));
      out.push(read);
    }
    return out;
  }

  function objects(f) {
    const kept = f.objects.map((i) => data.objects[i]).filter((o) => o !== undefined);
    const out = [el("h3", {}, "Objects as collected, redacted")];
    if (kept.length === 0) {
      out.push(el("p", { class: "small" }, "No object is kept of this subject. The rows are what was kept."));
    }
    for (const o of kept) {
      const place = el("span", { class: "where" }, `${o.path}:${o.line}`);
      if (!o.text) {
        out.push(el("p", { class: "small" }, o.name, " ", place, " is left out of the page, which would grow too large."));
        continue;
      }
      const e = el("details", { class: "object" }, el("summary", {}, o.name, " ", place));
      e.addEventListener("toggle", () => {
        if (e.open && e.childElementCount === 1) {
          e.append(el("pre", { tabindex: "0", role: "region", "aria-label": o.name }, el("code", {}, indent(o.text))));
        }
      });
      out.push(e);
    }
    return out;
  }

  // indent sets JSON over lines without reading its values, so that every number
  // and string stays as it was collected.
  function indent(json) {
    let out = "", depth = 0;
    const line = () => "\n" + "  ".repeat(depth);
    for (let i = 0; i < json.length; i++) {
      const c = json[i];
      if (c === '"') {
        let end = i + 1;
        while (end < json.length && json[end] !== '"') end += json[end] === "\\" ? 2 : 1;
        out += json.slice(i, end + 1);
        i = end;
      } else if ((c === "{" && json[i + 1] === "}") || (c === "[" && json[i + 1] === "]")) {
        out += c + json[++i];
      } else if (c === "{" || c === "[") {
        depth++;
        out += c + line();
      } else if (c === "}" || c === "]") {
        depth--;
        out += line() + c;
      } else {
        out += c === "," ? c + line() : c === ":" ? ": " : c;
      }
    }
    return out;
  }

  // --- controls -------------------------------------------------------------------

  const sieve = byID("sieve"), sieved = byID("sieved"), unfold = byID("unfold");
  const folds = [...document.querySelectorAll("details.fold")].map((e) => ({
    e, text: e.textContent.toLowerCase(), status: e.dataset.status, area: e.closest(".part")?.querySelector("h3").textContent ?? "",
  }));

  function offerControls() {
    const distinct = (key) => [...new Set(folds.map((f) => f[key]))].filter((v) => v !== "").map((v) => [v, v]);
    fill(sieve.elements.cstatus, "Every status", distinct("status"));
    fill(sieve.elements.carea, "Every area", distinct("area"));
    const open = new Map();
    for (const f of data.findings) open.set(f.control, (open.get(f.control) ?? 0) + 1);
    for (const { e } of folds) {
      const n = open.get(e.id);
      if (n) e.querySelector(".folded").append(el("p", {}, link("findings?control=" + encodeURIComponent(e.id), `Show ${count(n, "finding", "findings")} of this control with evidence`)));
    }
  }

  function siftControls() {
    const wanted = new FormData(sieve);
    const terms = words(wanted.get("cq"));
    let n = 0;
    for (const f of folds) {
      f.e.hidden = !((wanted.get("cstatus") || f.status) === f.status && (wanted.get("carea") || f.area) === f.area && terms.every((t) => f.text.includes(t)));
      if (!f.e.hidden) n++;
    }
    for (const part of document.querySelectorAll(".part:has(> .fold)")) part.hidden = !part.querySelector(":scope > .fold:not([hidden])");
    sieved.textContent = n === folds.length ? count(n, "control", "controls") : `${number(n)} of ${count(folds.length, "control", "controls")}`;
  }

  function unfoldAll() {
    const open = folds.some((f) => !f.e.hidden && !f.e.open);
    for (const f of folds) if (!f.e.hidden) f.e.open = open;
    unfold.textContent = open ? "Close all" : "Open all";
  }

  // --- the fragment: #place or #place?filters ---------------------------------------

  const forms = [filter, sieve].filter((f) => f !== null);

  function remember(place) {
    const state = new URLSearchParams();
    for (const form of forms) {
      for (const [key, value] of new FormData(form)) if (value !== "") state.append(key, value);
    }
    history.replaceState(null, "", `#${place}?${state}`); // with its mark also when nothing is filtered, which is not how the page begins
  }

  // restore sets every field of the forms from the filters of a fragment.
  function restore(state) {
    for (const form of forms) {
      for (const field of form.elements) {
        if (!field.name) continue;
        if (field.type === "checkbox") field.checked = state.getAll(field.name).includes(field.value);
        else field.value = state.get(field.name) ?? "";
      }
    }
    siftAll();
  }

  function siftAll() {
    if (filter) sift();
    if (sieve) siftControls();
  }

  function follow() {
    const [place, query] = location.hash.slice(1).split(/\?(.*)/s);
    if (query !== undefined) restore(new URLSearchParams(query));
    const id = decode(place);
    if (id === "" || !filter) return;
    const finding = data.findings.find((f) => f.target === id);
    if (finding && !byID(id)) restore(new URLSearchParams({ q: finding.id }));
    const target = byID(id);
    if (!target) return;
    if (target.hidden) restore(new URLSearchParams());
    for (let e = target; e; e = e.parentElement) if (e.localName === "details") e.open = true;
    target.scrollIntoView();
    if (target.localName === "details") target.querySelector("summary").focus({ preventScroll: true });
  }

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  // --- the page itself ---------------------------------------------------------------

  const themes = ["system", "light", "dark"];
  function setTheme(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    byID("theme").textContent = "Theme: " + theme;
  }

  function nextTheme() {
    const now = document.documentElement.dataset.theme ?? "system";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    setTheme(next);
    try {
      if (next === "system") localStorage.removeItem("auditpack-theme");
      else localStorage.setItem("auditpack-theme", next);
    } catch {
      // The choice then holds until the page is closed.
    }
  }

  // What scrolls sideways can be reached and scrolled with the keyboard.
  function reachScrollers() {
    for (const e of document.querySelectorAll(".scroll")) {
      const scrolls = e.scrollWidth > e.clientWidth;
      for (const [key, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", "Table, scrolls sideways"]]) {
        if (scrolls) e.setAttribute(key, value);
        else e.removeAttribute(key);
      }
    }
  }

  function markPlace() {
    const links = new Map([...document.querySelectorAll("nav a")].map((a) => [decode(a.hash.slice(1)), a]));
    const inView = new Set();
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) inView.add(entry.target.id);
        else inView.delete(entry.target.id);
      }
      const first = [...links.keys()].find((id) => inView.has(id));
      for (const [id, a] of links) {
        if (id === first) a.setAttribute("aria-current", "location");
        else a.removeAttribute("aria-current");
      }
    }, { rootMargin: "-15% 0px -70% 0px" });
    for (const section of document.querySelectorAll(".chapter")) watcher.observe(section);
  }

  // On paper everything is open, as far as it is not too much paper. The list is as
  // it was filtered, and says so.
  function preparePrint() {
    show(printSize - shown);
    const listed = shown < matching.length ? `The first ${number(shown)} of ${number(matching.length)}` : number(shown);
    byID("printed").textContent = shown === data.findings.length && data.left === 0 ? `All ${count(shown, "finding", "findings")}.`
      : `${listed} of ${count(data.findings.length + data.left, "finding", "findings")}${chosenNow === "" ? "" : ": " + chosenNow}. All are in control-map.xlsx, sheet Findings.`;
    for (const e of document.querySelectorAll(".fold")) e.open = true;
  }

  byID("theme").addEventListener("click", nextTheme);
  byID("print").addEventListener("click", () => print());
  setTheme(document.documentElement.dataset.theme ?? "system");
  document.querySelector(".tools").hidden = false;
  const wide = matchMedia("(min-width: 72rem)");
  byID("toc").open = wide.matches;
  wide.addEventListener("change", () => { byID("toc").open = wide.matches; });

  if (filter) {
    offer();
    byID("finder").hidden = false;
    filter.addEventListener("input", () => { sift(); remember("findings"); });
    more.addEventListener("click", showMore);
    addEventListener("beforeprint", preparePrint);
  }
  if (sieve) {
    offerControls();
    sieve.hidden = false;
    sieve.addEventListener("input", () => { siftControls(); remember("controls"); });
    unfold.addEventListener("click", unfoldAll);
  }
  for (const form of forms) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => { siftAll(); remember(form === sieve ? "controls" : "findings"); }));
  }
  addEventListener("keydown", (event) => {
    const typing = /^(input|select|textarea)$/.test(event.target.localName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && filter) {
      event.preventDefault();
      filter.elements.q.focus();
    }
  });
  siftAll();
  reachScrollers();
  markPlace();
  addEventListener("resize", reachScrollers);
  addEventListener("hashchange", follow);
  follow();
})();
