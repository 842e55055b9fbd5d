package kube

import (
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/auditpack/auditpack/schema"
)

// An output is what one section of a log agent's configuration says.
type output struct{ plugin, host string }

// logOutputs emits where the configuration of a log agent in a ConfigMap sends
// logs: the types and hosts of its outputs, and nothing else of it.
func (r *Reader) logOutputs(o *corev1.ConfigMap) {
	var outputs []output
	var excludes []string
	for _, k := range slices.Sorted(maps.Keys(o.Data)) {
		found, left := outputsOf(k, o.Data[k])
		outputs, excludes = append(outputs, found...), append(excludes, left...)
	}
	r.emitOutputs(schema.LogOutput{Namespace: o.Namespace, Kind: "ConfigMap", Name: o.Name}, outputs, excludes)
}

func (r *Reader) emitOutputs(row schema.LogOutput, outputs []output, excludes []string) {
	row.Cluster, row.Excludes = r.cluster.Name, sorted(excludes)
	seen := map[output]bool{}
	for _, o := range outputs {
		if !seen[o] {
			seen[o] = true
			row.Plugin, row.Host = o.plugin, r.bareURL(o.host)
			r.to.Rows(row)
		}
	}
}

// outputsOf reads one file of a log agent's configuration; nothing comes of text
// that is none. The forms are those of fluent-bit, fluentd, Promtail, Vector,
// Filebeat and the OpenTelemetry Collector.
func outputsOf(name, text string) ([]output, []string) {
	excludes := excludedLogs(text)
	if outputs := fluentOutputs(text); len(outputs) > 0 {
		return outputs, excludes
	}
	if strings.HasSuffix(name, ".toml") {
		return vectorTOML(text), excludes
	}
	if !outputWords.MatchString(text) {
		return nil, nil
	}
	var doc map[string]any
	if yaml.Unmarshal([]byte(text), &doc) != nil {
		return nil, nil
	}
	return documentOutputs(doc), excludes
}

var (
	outputSection = regexp.MustCompile(`(?mi)^\s*\[OUTPUT\]\s*$`)
	anySection    = regexp.MustCompile(`(?m)^\s*\[[A-Za-z_]+\]\s*$`)
	matchSection  = regexp.MustCompile(`(?ms)<(?:match|store)\b[^>]*>(.*?)</(?:match|store)>`)
	setting       = regexp.MustCompile(`(?m)^\s*([@A-Za-z_]+)\s+(.+?)\s*$`)
	excluded      = regexp.MustCompile(`(?mi)^\s*(?:Exclude_Path|exclude_path)\s+(.+?)\s*$`)
	sinkSection   = regexp.MustCompile(`(?m)^\s*\[sinks\.[^\]]+\]\s*$`)
	tomlSection   = regexp.MustCompile(`(?m)^\s*\[.+\]\s*$`)
	// outputWords must be in a document before it is worth the time to read it.
	outputWords = regexp.MustCompile(`(?m)^\s*["']?(?:sinks|exporters|clients|outputs|output\.[a-z]+)["']?:`)
	tomlSetting = regexp.MustCompile(`(?m)^\s*([a-z_]+)\s*=\s*\[?\s*"([^"]*)"`)
)

// fluentOutputs reads the classic forms of fluent-bit and fluentd.
func fluentOutputs(text string) []output {
	var out []output
	for _, section := range sections(text, outputSection, anySection) {
		if o := settings(section, setting); o["name"] != "" {
			out = append(out, output{strings.ToLower(o["name"]), hostOf(first(o, []string{"host", "endpoint", "brokers", "uri"}))})
		}
	}
	for _, m := range matchSection.FindAllStringSubmatch(text, -1) {
		o := settings(m[1], setting)
		plugin := o["@type"]
		if plugin != "" && !slices.Contains([]string{"copy", "relabel", "rewrite_tag_filter", "null", "label_router"}, plugin) {
			out = append(out, output{plugin, hostOf(first(o, []string{"host", "hosts", "endpoint", "endpoint_url", "url", "brokers"}))})
		}
	}
	return out
}

// vectorTOML reads the sinks of Vector.
func vectorTOML(text string) []output {
	var out []output
	for _, section := range sections(text, sinkSection, tomlSection) {
		if o := settings(section, tomlSetting); o["type"] != "" {
			out = append(out, output{o["type"], hostOf(first(o, sinkHosts))})
		}
	}
	return out
}

// sections returns the texts between each header and the next line that opens another section.
func sections(text string, header, next *regexp.Regexp) []string {
	var out []string
	for _, at := range header.FindAllStringIndex(text, -1) {
		rest := text[at[1]:]
		if end := next.FindStringIndex(rest); end != nil {
			rest = rest[:end[0]]
		}
		out = append(out, rest)
	}
	return out
}

// settings returns the settings of a section by their names in lower case, the first of each.
func settings(section string, form *regexp.Regexp) map[string]string {
	out := map[string]string{}
	for _, m := range form.FindAllStringSubmatch(section, -1) {
		name := strings.ToLower(m[1])
		if _, ok := out[name]; !ok {
			out[name] = m[2]
		}
	}
	return out
}

func excludedLogs(text string) []string {
	var out []string
	for _, m := range excluded.FindAllStringSubmatch(text, -1) {
		for _, p := range strings.Split(m[1], ",") {
			out = append(out, strings.Trim(strings.TrimSpace(p), `[]"`))
		}
	}
	return out
}

// sinkHosts are the settings by which sinks and exporters name where they send to.
var sinkHosts = []string{"endpoint", "endpoints", "uri", "url", "host", "hosts", "address", "bootstrap_servers", "brokers", "logs_endpoint"}

// localExporters of the OpenTelemetry Collector send nothing anywhere.
var localExporters = []string{"debug", "logging", "nop", "file", "console", "blackhole"}

// documentOutputs reads the forms in YAML: sinks of Vector, exporters of the
// OpenTelemetry Collector, clients of Promtail, outputs of Filebeat and fluent-bit.
func documentOutputs(doc fields) []output {
	var out []output
	add := func(plugin string, settings fields) {
		if !slices.Contains(localExporters, plugin) {
			out = append(out, output{plugin, hostOf(firstHost(settings))})
		}
	}
	if doc.has("sources") {
		for _, name := range slices.Sorted(maps.Keys(doc.in("sinks"))) {
			sink := doc.in("sinks", name)
			add(sink.text("type"), sink)
		}
	}
	if doc.has("receivers") {
		for _, name := range slices.Sorted(maps.Keys(doc.in("exporters"))) {
			plugin, _, _ := strings.Cut(name, "/")
			add(plugin, doc.in("exporters", name))
		}
	}
	if doc.has("scrape_configs") {
		for _, c := range doc.list("clients") {
			add("loki", c)
		}
	}
	for _, c := range doc.list("pipeline", "outputs") {
		add(c.text("name"), c)
	}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		plugin, ok := strings.CutPrefix(name, "output.")
		if ok && doc.in(name) != nil {
			add(plugin, doc.in(name))
		}
	}
	return out
}

// firstHost is the first place that the settings of an output name.
func firstHost(settings fields) string {
	for _, key := range sinkHosts {
		if s := settings.text(key); s != "" {
			return s
		}
		if l := settings.texts(key); len(l) > 0 {
			return l[0]
		}
	}
	return ""
}

// hostOf returns the host of a URL, of host:port, or of the first of several. A
// variable that is filled in later names no host.
func hostOf(s string) string {
	s, _, _ = strings.Cut(strings.Trim(s, `"'[] `), ",")
	if strings.Contains(s, "${") || strings.HasPrefix(s, "$") {
		return ""
	}
	if strings.Contains(s, "://") {
		u, err := url.Parse(s)
		if err != nil {
			return ""
		}
		return u.Hostname()
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return s
	}
	if at := strings.LastIndex(s, "@"); at >= 0 {
		s = s[at+1:]
	}
	s, _, _ = strings.Cut(s, "/")
	s, _, _ = strings.Cut(s, ":")
	return s
}

// logForwarder emits the outputs of OpenShift's ClusterLogForwarder.
func (r *Reader) logForwarder(x *object, f fields) {
	var outputs []output
	for _, o := range f.list("spec", "outputs") {
		where := o.text("url")
		if where == "" {
			where = o.text(o.text("type"), "url")
		}
		outputs = append(outputs, output{o.text("type"), hostOf(where)})
	}
	r.emitOutputs(schema.LogOutput{Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName()}, outputs, nil)
}

// telemetryCollector emits the exporters of an OpenTelemetryCollector, whose
// configuration is text in older versions.
func (r *Reader) telemetryCollector(x *object, f fields) {
	config := f.in("spec", "config")
	if text := f.text("spec", "config"); text != "" {
		var doc map[string]any
		if yaml.Unmarshal([]byte(text), &doc) == nil {
			config = doc
		}
	}
	r.emitOutputs(schema.LogOutput{Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName()}, documentOutputs(config), nil)
}
