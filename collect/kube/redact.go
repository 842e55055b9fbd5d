package kube

import (
	"crypto/sha256"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/auditpack/auditpack/schema"
)

// marker stands where a value was dropped.
const marker = "[redacted]"

// The rules of schema.Redaction.
const (
	ruleApplied   = "last-applied-annotation"  // annotations that repeat the whole object
	ruleAnnot     = "annotation-value"         // annotations that look like a credential
	ruleFields    = "managed-fields"           // field sets of managedFields entries
	ruleEnv       = "env-value"                // literal values of environment variables
	ruleArg       = "command-value"            // values in commands and arguments
	ruleHeader    = "http-header-value"        // headers of probes and hooks
	ruleConfigMap = "config-map-value"         // values of ConfigMaps
	ruleHelm      = "helm-values"              // values of Helm charts
	ruleCABundle  = "ca-bundle"                // replaced by their SHA-256
	ruleUserInfo  = "url-user-info"            // user:password@ in URLs
	ruleSecret    = "secret-value"             // values of Secrets in files
	ruleValue     = "value-under-telling-name" // other values that look like a credential
)

// copies are annotations that hold a copy of the object, values included.
var copies = []string{
	corev1.LastAppliedConfigAnnotation,
	"kapp.k14s.io/original",
	"banzaicloud.com/last-applied",
	"objectset.rio.cattle.io/applied",
}

// userInfo is the user:password@ of a URL.
var userInfo = regexp.MustCompile(`://[^/?#\s"'\\@]*(?:@[^/?#\s"'\\@]+)*@`)

// removed counts removals of one rule.
func (r *Reader) removed(rule string, n int) {
	if n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.redactions[rule] += n
}

func (r *Reader) redactionList() []schema.Redaction {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []schema.Redaction{}
	for _, rule := range slices.Sorted(maps.Keys(r.redactions)) {
		out = append(out, schema.Redaction{Rule: rule, Count: r.redactions[rule]})
	}
	return out
}

// bareURL returns a URL, or any text that holds some, without user information.
func (r *Reader) bareURL(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	n := 0
	s = userInfo.ReplaceAllStringFunc(s, func(string) string { n++; return "://" })
	r.removed(ruleUserInfo, n)
	return s
}

// dropCopies removes annotations that repeat the object.
func (r *Reader) dropCopies(annotations map[string]string) {
	for _, k := range copies {
		if _, ok := annotations[k]; ok {
			delete(annotations, k)
			r.removed(ruleApplied, 1)
		}
	}
}

// A place is an object in whose fields a value was found.
type place struct{ kind, namespace, name string }

// found emits a Credential for each hit and reports whether there is any.
func (r *Reader) found(p place, path string, hits []hit) bool {
	for _, h := range hits {
		at := path
		if h.line > 0 {
			at += ":" + strconv.Itoa(h.line)
		}
		r.to.Rows(schema.Credential{Cluster: r.cluster.Name, Namespace: p.namespace, Kind: p.kind, Name: p.name, Path: at, Rule: h.rule, Length: h.length})
	}
	return len(hits) > 0
}

// redactAnnotations drops the values of annotations that look like credentials.
func (r *Reader) redactAnnotations(p place, path string, annotations map[string]string) {
	r.dropCopies(annotations)
	for _, k := range slices.Sorted(maps.Keys(annotations)) {
		v := annotations[k]
		if len(v) < 8 || harmless(k) {
			continue
		}
		if r.found(p, path+"["+k+"]", r.scan.scan(k, v)) {
			annotations[k] = marker
			r.removed(ruleAnnot, 1)
			continue
		}
		annotations[k] = r.bareURL(v)
	}
}

// harmless reports whether an annotation's value is written by a controller of
// Kubernetes, Helm or Argo CD and holds no value of a user.
func harmless(key string) bool {
	for _, p := range []string{"deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.kubernetes.io/", "meta.helm.sh/", "argocd.argoproj.io/tracking-id", "rbac.authorization.kubernetes.io/"} {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// shrinkFields keeps who, how and when of managedFields, and drops which fields.
func (r *Reader) shrinkFields(m metav1.Object) {
	entries := m.GetManagedFields()
	n := 0
	for i := range entries {
		if entries[i].FieldsV1 != nil {
			entries[i].FieldsV1, entries[i].FieldsType = nil, ""
			n++
		}
	}
	if n > 0 {
		m.SetManagedFields(entries)
	}
	r.removed(ruleFields, n)
}

// redactPodSpec drops the literals of a pod's containers and volumes, and where
// report is true, scans them first.
func (r *Reader) redactPodSpec(p place, path string, spec *corev1.PodSpec, report bool) {
	one := func(list string, c *corev1.Container) {
		at := path + "." + list + "[" + c.Name + "]"
		r.redactEnv(p, at, c.Env, report)
		r.redactArgs(p, at+".command", c.Command, report)
		r.redactArgs(p, at+".args", c.Args, report)
		r.redactHandlers(p, at, c, report)
	}
	for i := range spec.InitContainers {
		one("initContainers", &spec.InitContainers[i])
	}
	for i := range spec.Containers {
		one("containers", &spec.Containers[i])
	}
	for i := range spec.EphemeralContainers {
		// The fields are those of an ordinary container, and what they point to is shared.
		c := corev1.Container(spec.EphemeralContainers[i].EphemeralContainerCommon)
		one("ephemeralContainers", &c)
	}
	for _, v := range spec.Volumes {
		if v.CSI != nil {
			r.redactParameters(p, path+".volumes["+v.Name+"].csi.volumeAttributes", v.CSI.VolumeAttributes)
		}
		if v.FlexVolume != nil {
			r.redactParameters(p, path+".volumes["+v.Name+"].flexVolume.options", v.FlexVolume.Options)
		}
	}
}

// redactHandlers does for probes and lifecycle hooks what redactArgs does for a
// command. The values of their HTTP headers are dropped whole.
func (r *Reader) redactHandlers(p place, path string, c *corev1.Container, report bool) {
	handler := func(at string, exec *corev1.ExecAction, get *corev1.HTTPGetAction) {
		if exec != nil {
			r.redactArgs(p, at+".exec.command", exec.Command, report)
		}
		if get == nil {
			return
		}
		for i := range get.HTTPHeaders {
			h := &get.HTTPHeaders[i]
			if report {
				r.found(p, at+".httpGet.httpHeaders["+h.Name+"]", r.scan.scan(h.Name, h.Value))
			}
			h.Value = marker
		}
		r.removed(ruleHeader, len(get.HTTPHeaders))
	}
	for name, probe := range map[string]*corev1.Probe{"livenessProbe": c.LivenessProbe, "readinessProbe": c.ReadinessProbe, "startupProbe": c.StartupProbe} {
		if probe != nil {
			handler(path+"."+name, probe.Exec, probe.HTTPGet)
		}
	}
	if c.Lifecycle == nil {
		return
	}
	for name, hook := range map[string]*corev1.LifecycleHandler{"postStart": c.Lifecycle.PostStart, "preStop": c.Lifecycle.PreStop} {
		if hook != nil {
			handler(path+".lifecycle."+name, hook.Exec, hook.HTTPGet)
		}
	}
}

func (r *Reader) redactEnv(p place, path string, env []corev1.EnvVar, report bool) {
	n := 0
	for i := range env {
		e := &env[i]
		if e.Value == "" {
			continue
		}
		if report {
			r.found(p, path+".env["+e.Name+"]", r.scan.scan(e.Name, e.Value))
		}
		e.Value = marker
		n++
	}
	r.removed(ruleEnv, n)
}

// flagName is the name of a command-line flag.
var flagName = regexp.MustCompile(`^--?[A-Za-z][A-Za-z0-9_.\-]*$`)

// keptFlags are flags whose values checks need, and which hold no credential.
var keptFlags = []string{"--default-service-account", "--enable-network-policy", "--no-cross-namespace-refs", "--leader-elect"}

// redactArgs keeps the names of flags and drops every value, because a value
// after an unknown flag may be anything. Switches and program names without
// arguments of their own stay.
func (r *Reader) redactArgs(p place, path string, args []string, report bool) {
	n := 0
	for i, a := range args {
		name, value, assigned := strings.Cut(a, "=")
		isFlag := flagName.MatchString(name)
		if report {
			r.found(p, path+"["+strconv.Itoa(i)+"]", r.scanArg(args, i))
		}
		switch {
		case isFlag && (!assigned || value == "true" || value == "false" || slices.Contains(keptFlags, name)):
		case isFlag:
			args[i] = name + "=" + marker
			n++
		case i == 0 && filePath.MatchString(a):
		default:
			args[i] = marker
			n++
		}
	}
	r.removed(ruleArg, n)
}

// scanArg scans one word of a command line under the name of its flag.
func (r *Reader) scanArg(args []string, i int) []hit {
	name, value, assigned := strings.Cut(args[i], "=")
	switch isFlag := flagName.MatchString(name); {
	case isFlag && assigned:
		return r.scan.scan(name, value)
	case isFlag:
		return nil
	case i > 0 && flagName.MatchString(args[i-1]) && r.scan.tells(args[i-1]):
		return r.scan.scan(args[i-1], args[i])
	}
	return r.scan.scan("", args[i])
}

// hashed replaces a certificate bundle by its SHA-256, which JSON shows in base64.
func (r *Reader) hashed(bundle []byte) []byte {
	if len(bundle) == 0 {
		return bundle
	}
	r.removed(ruleCABundle, 1)
	sum := sha256.Sum256(bundle)
	return sum[:]
}

// redactParameters drops the values of telling names, as in the parameters of a
// storage class or the attributes of a volume.
func (r *Reader) redactParameters(p place, path string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if r.found(p, path+"["+k+"]", r.scan.scan(k, m[k])) {
			m[k] = marker
			r.removed(ruleValue, 1)
		}
	}
}
