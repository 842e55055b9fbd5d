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
	ruleAnnot     = "annotation-value"         // annotations that are not on the list of those kept
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
	ruleUnlisted  = "unlisted-field"           // strings in fields that are not on the list of those kept
	ruleQuery     = "url-query"                // queries, fragments and, of some, paths of URLs
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

// wholeURL is a text that is one URL, and nothing else.
var wholeURL = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.\-]*://`)

// bareURL returns a URL without user information, query and fragment, any of
// which may hold a token, and any text that holds URLs without user information.
func (r *Reader) bareURL(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	n := 0
	s = userInfo.ReplaceAllStringFunc(s, func(string) string { n++; return "://" })
	r.removed(ruleUserInfo, n)
	if !wholeURL.MatchString(s) {
		return s
	}
	// What looks like a path or a query may be the rest of a password with such a character in it.
	if strings.Contains(s, "@") && !imageDigest.MatchString(s) {
		r.removed(ruleUserInfo, 1)
		return marker
	}
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		r.removed(ruleQuery, 1)
		s = s[:i]
	}
	return s
}

// bareAddress returns an address without a scheme, such as git@host:path, without
// a user and password before the host. A user alone is no secret.
func bareAddress(s string) string {
	if strings.Contains(s, "://") {
		return s
	}
	if i := strings.LastIndex(s, "@"); i >= 0 && strings.Contains(s[:i], ":") {
		return s[i+1:]
	}
	s, _, _ = strings.Cut(s, "?")
	return s
}

// origin returns the scheme and the host of a URL, whose path may be what makes
// it secret, as that of a chat's webhook is. Other text is dropped, but for a host.
func (r *Reader) origin(s string) string {
	bare := r.bareURL(s)
	scheme, rest, ok := strings.Cut(bare, "://")
	if !ok {
		scheme, rest = "", bare
	}
	host, path, _ := strings.Cut(rest, "/")
	if path != "" {
		r.removed(ruleQuery, 1)
	}
	switch {
	case !hostPort.MatchString(host):
		return marker
	case ok:
		return scheme + "://" + host
	}
	return host
}

// hostPort is a name or an address, with or without a port.
var hostPort = regexp.MustCompile(`^[A-Za-z0-9.\-_:\[\]]+$`)

// imageDigest ends a reference to an image.
var imageDigest = regexp.MustCompile(`@[a-z0-9]+:[0-9a-fA-F]{32,}$`)

// bareImage returns a reference to an image without user information and query,
// which runtimes refuse and people write all the same.
func (r *Reader) bareImage(ref string) string {
	digest := imageDigest.FindString(ref)
	name := strings.TrimSuffix(ref, digest)
	if i := strings.LastIndex(name, "@"); i >= 0 {
		r.removed(ruleUserInfo, 1)
		name = name[i+1:]
	}
	if i := strings.IndexAny(name, "?#"); i >= 0 {
		r.removed(ruleQuery, 1)
		name = name[:i]
	}
	return name + digest
}

// bareReferences is bareImage for the patterns of a policy, sorted.
func (r *Reader) bareReferences(refs []string) []string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = r.bareImage(ref)
	}
	return sorted(out)
}

// bareImages is bareImage for the containers of a pod.
func (r *Reader) bareImages(spec *corev1.PodSpec) {
	for i := range spec.InitContainers {
		spec.InitContainers[i].Image = r.bareImage(spec.InitContainers[i].Image)
	}
	for i := range spec.Containers {
		spec.Containers[i].Image = r.bareImage(spec.Containers[i].Image)
	}
	for i := range spec.EphemeralContainers {
		spec.EphemeralContainers[i].Image = r.bareImage(spec.EphemeralContainers[i].Image)
	}
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

// redactAnnotations scans annotations, and drops the values of those that are not
// on the list, or look like a credential. Anybody may write anything into an annotation.
func (r *Reader) redactAnnotations(p place, path string, annotations map[string]string) {
	r.dropCopies(annotations)
	for _, k := range slices.Sorted(maps.Keys(annotations)) {
		v := annotations[k]
		suspect := len(v) >= 8 && !harmless(k) && r.found(p, path+"["+k+"]", r.scan.scan(k, v))
		switch {
		case v == "":
		case suspect || !keptAnnotation(k):
			annotations[k] = marker
			r.removed(ruleAnnot, 1)
		default:
			annotations[k] = r.bareURL(v)
		}
	}
}

// keptAnnotations are the annotations whose values checks read or auditors ask
// for. Each holds a switch, a number, or the name of something.
var keptAnnotations = wordSet(
	`argocd.argoproj.io/tracking-id argocd.argoproj.io/sync-wave argocd.argoproj.io/hook argocd.argoproj.io/sync-options
	 meta.helm.sh/release-name meta.helm.sh/release-namespace helm.sh/resource-policy helm.sh/hook
	 deployment.kubernetes.io/revision kubectl.kubernetes.io/restartedAt kubernetes.io/config.mirror
	 rbac.authorization.kubernetes.io/autoupdate pv.kubernetes.io/provisioned-by pv.kubernetes.io/bind-completed
	 pv.kubernetes.io/bound-by-controller volume.kubernetes.io/storage-provisioner volume.kubernetes.io/selected-node
	 volume.beta.kubernetes.io/storage-provisioner volume.beta.kubernetes.io/storage-class
	 storageclass.kubernetes.io/is-default-class storageclass.beta.kubernetes.io/is-default-class
	 eks.amazonaws.com/role-arn iam.gke.io/gcp-service-account azure.workload.identity/client-id azure.workload.identity/tenant-id
	 kubernetes.io/ingress.class ingressclass.kubernetes.io/is-default-class alb.ingress.kubernetes.io/listen-ports
	 nginx.ingress.kubernetes.io/ssl-redirect nginx.ingress.kubernetes.io/force-ssl-redirect nginx.ingress.kubernetes.io/backend-protocol
	 cert-manager.io/issuer cert-manager.io/cluster-issuer cert-manager.io/issuer-kind cert-manager.io/certificate-name
	 cert-manager.io/common-name cert-manager.io/alt-names
	 service.beta.kubernetes.io/aws-load-balancer-type service.beta.kubernetes.io/aws-load-balancer-ssl-cert
	 service.beta.kubernetes.io/aws-load-balancer-ssl-ports openshift.io/scc kubeadm.alpha.kubernetes.io/cri-socket`,
)

// keptAnnotation reports whether the value of an annotation stays.
func keptAnnotation(key string) bool {
	_, internal := internalAnnotations[key]
	return internal || keptAnnotations[key] || slices.Contains(cloudTLS, key)
}

// harmless reports whether an annotation's value is written by a controller of
// Kubernetes, Helm or Argo CD, and is not worth a scan.
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
		if path, query, ok := strings.Cut(get.Path, "?"); ok {
			if report {
				r.found(p, at+".httpGet.path", r.scanQuery(query))
			}
			get.Path = path
			r.removed(ruleQuery, 1)
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

var (
	// flagName is the name of a command-line flag.
	flagName = regexp.MustCompile(`^--?[A-Za-z][A-Za-z0-9_.\-]*$`)
	// longFlag is one that is not glued to a value, as -pPASSWORD is.
	longFlag = regexp.MustCompile(`^--[A-Za-z][A-Za-z0-9_.\-]{0,63}$`)
	// shortFlag starts with a letter that a value may follow.
	shortFlag = regexp.MustCompile(`^-[A-Za-z]`)
	// program is the path or the name of one.
	program = regexp.MustCompile(`^[A-Za-z0-9_./\-]{1,128}$`)
)

// keptFlags are flags whose values checks need, and which hold no credential.
var keptFlags = []string{"--default-service-account", "--enable-network-policy", "--no-cross-namespace-refs", "--leader-elect"}

// bareWord returns what stays of one word of a command line: the name of a flag,
// the value of the few that are kept and of switches, and the program itself. A
// value after an unknown flag, glued to it or alone may be anything.
func bareWord(word string, first bool) string {
	name, value, assigned := strings.Cut(word, "=")
	switch {
	case word == marker || word == "":
		return word
	case first && program.MatchString(word) && !strings.HasPrefix(word, "-"):
		return word
	case longFlag.MatchString(name) && (!assigned || value == "true" || value == "false" || slices.Contains(keptFlags, name)):
		return word
	case longFlag.MatchString(name):
		return name + "=" + marker
	case shortFlag.MatchString(word) && len(word) == 2:
		return word
	case shortFlag.MatchString(word):
		return word[:2] + marker
	}
	return marker
}

// redactArgs scans the words of a command line where report is true, and leaves
// of each what bareWord does. A command starts with the program, and args do not.
func (r *Reader) redactArgs(p place, path string, args []string, report bool) {
	if report {
		for i := range args {
			r.found(p, path+"["+strconv.Itoa(i)+"]", r.scanArg(args, i))
		}
	}
	n := 0
	for i, a := range args {
		if args[i] = bareWord(a, i == 0 && strings.HasSuffix(path, "command")); args[i] != a {
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
	case isFlag && gluedPassword(args[0], args[i]):
		return []hit{{rule: nameRule, length: len(args[i]) - 2}}
	case isFlag:
		return nil
	case i > 0 && flagName.MatchString(args[i-1]) && r.scan.tells(args[i-1]):
		return r.scan.scan(args[i-1], args[i])
	}
	return r.scan.scan("", args[i])
}

// gluedPassword reports whether a word gives a password to a client of a
// database, in the way of mysql -pPASSWORD and redis-cli -aPASSWORD.
func gluedPassword(program, word string) bool {
	base := program[strings.LastIndex(program, "/")+1:]
	switch {
	case len(word) <= 2:
		return false
	case strings.HasPrefix(base, "mysql") || strings.HasPrefix(base, "mariadb"):
		return strings.HasPrefix(word, "-p")
	}
	return base == "redis-cli" && strings.HasPrefix(word, "-a")
}

// scanQuery scans the settings of a URL's query.
func (r *Reader) scanQuery(query string) []hit {
	var hits []hit
	for _, setting := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(setting, "=")
		hits = append(hits, r.scan.scan(name, value)...)
	}
	return hits
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
// storage class or the attributes of a volume. What else goes, keeper says.
func (r *Reader) redactParameters(p place, path string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if r.found(p, path+"["+k+"]", r.scan.scan(k, m[k])) {
			m[k] = marker
			r.removed(ruleValue, 1)
		}
	}
}

// scanMountOptions reports the credentials in the options of a mount.
func (r *Reader) scanMountOptions(p place, path string, options []string) {
	for i, o := range options {
		r.found(p, path+"["+strconv.Itoa(i)+"]", r.scan.scan("", o))
	}
}
