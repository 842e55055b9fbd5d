package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/auditpack/auditpack/schema"
)

// Of an object that is kept, whatever its kind, a string stays only where this
// file says so. Everything else is replaced, because nobody can name all fields
// in which people write passwords. Numbers and booleans stay, and times.

// keptFields are the names of fields whose strings are kept, with the reason. They
// are not kept below one of the opaqueFields.
var keptFields = wordSet(
	// What names an object, and what refers to one.
	`name namespace kind apiVersion group version uid resourceVersion generateName finalizers subresource
	 manager operation controller fieldPath claimName volumeName persistentVolumeClaimName pvcName pvName secretName
	 serviceAccountName serviceAccount automountServiceAccountToken ingressClassName gatewayClassName storageClassName
	 storageClass volumeSnapshotClassName snapshotClassName priorityClassName runtimeClassName schedulerName nodeName
	 volumeSnapshotContentName boundVolumeSnapshotContentName boundVolumeName containerName serviceName clusterName
	 sectionName policyName policy rule ruleNames receiver alert scheduleName backupName targetNamespace storageNamespace
	 releaseName project sourceNamespaces sourceNamespace applications clusters principals notPrincipals requestPrincipals
	 inputRefs outputRefs users groups roles clusterRoles issuer subject commonName record kinds names namespaces singular plural listKind shortNames signerName`,
	// What a rule or a policy applies to.
	`apiGroup apiGroups apiVersions resources resourceNames resource verbs nonResourceURLs operations scope versions
	 admissionReviewVersions excludedNamespaces includedNamespaces excludedResources includedResources processes
	 provisionedNamespaces failedNamespaces topologyKey labelSelector namespaceSelector selector operator effect`,
	// What is chosen from the few words of an API, and what state something is in.
	`type mode action actions enforcementAction failureAction validationActions validationFailureAction failurePolicy
	 matchPolicy sideEffects reinvocationPolicy parameterNotFoundAction phase status reason health state robustness result
	 severity category source protocol scheme appProtocol pathType policies policyTypes accessModes volumeMode reclaimPolicy
	 persistentVolumeReclaimPolicy volumeBindingMode restartPolicy dnsPolicy imagePullPolicy concurrencyPolicy
	 podManagementPolicy sessionAffinity externalTrafficPolicy internalTrafficPolicy ipFamilies ipFamilyPolicy
	 whenUnsatisfiable whenDeleted whenScaled procMount terminationMessagePolicy preemptionPolicy fsGroupPolicy
	 volumeLifecycleModes fsGroupChangePolicy propagationPolicy mountPropagation deletionPolicy creationPolicy refreshPolicy
	 conversionStrategy decodingStrategy unhealthyPodEvictionPolicy policyVersion selectPolicy fsType medium method task
	 location resolution from add drop allowedCapabilities requiredDropCapabilities defaultAddCapabilities volumes
	 seccompProfiles nodeAffinityPolicy nodeTaintsPolicy allocationMode syncOptions jsonPointers managedFieldsManagers frequency
	 provisioner driver handler provider attachRequired vendor`,
	// When something is done.
	`schedule cron interval retryInterval timeout refreshInterval refreshTime ttl duration renewBefore timeZone for
	 retentionPolicy requeueInterval maxDuration lastScheduleTime`,
	// Where something comes from, and in which version.
	`branch tag semver commit revision revisions targetRevision lastAppliedRevision lastAttemptedRevision chart
	 chartVersion digest repository repoURL sourceRepos url path server region bucket prefix service role vaultUrl
	 projectID tenantId authType storageLocation volumeSnapshotLocations snapshotHandle volumeHandle
	 destinationPath endpointURL valueFiles vulnerabilityID installedVersion fixedVersion appVersion`,
	// What can be reached, and from where.
	`host hosts hostname hostnames dnsNames ip ips hostIP podIP addresses address cidr cidrs except nets notNets toCIDR
	 fromCIDR toEntities fromEntities matchName matchPattern externalName externalIPs clusterIP clusterIPs
	 loadBalancerIP loadBalancerSourceRanges loadBalancerClass port ports targetPort portName methods paths notPaths
	 allowedSourceRanges`,
	// Where volumes are mounted.
	`mountPath subPath localhostProfile`,
)

// opaqueFields hold what others choose: values, texts and templates whose own
// fields may have any name. No string below them stays.
var opaqueFields = wordSet(
	`data stringData encryptedData values valuesObject parameters params input inputs elements substitute headers
	 httpHeaders patch patches patchesJson6902 patchesStrategicMerge patchStrategicMerge jsonPatches templatePatch
	 context mutate generate pattern anyPattern foreach deny config fake body schema extraEnv
	 openAPIV3Schema properties postgresql extVars tlas fileParameters options tags defaultTags dynamicClientConfig`,
)

// labelFields hold labels, whose values Kubernetes limits to short identifiers.
var labelFields = wordSet(`labels matchLabels selector nodeSelector podLabels commonLabels`)

// addressFields are hosts and places that people write without a scheme too,
// with a user and a password before them.
var addressFields = wordSet(`host hosts hostname hostnames address addresses server externalName endpointURL vaultUrl url repoURL sourceRepos`)

// quantityFields hold amounts under the names of resources, or are amounts themselves.
var quantityFields = wordSet(
	`limits requests hard used capacity allocatable allocatedResources min max default defaultRequest
	 maxLimitRequestRatio sizeLimit size averageValue minAvailable maxUnavailable maxSurge`,
)

// imageFields are references to images.
var imageFields = wordSet(`image images imageName imageReferences glob`)

// keptParameters are the parameters of a storage class, and attributes of a
// volume, that say what is stored and how it is encrypted, in lower case.
var keptParameters = wordSet(
	`type fstype encrypted kmskeyid disk-encryption-kms-key diskencryptionsetid replication-type skuname
	 csi.storage.k8s.io/fstype csi.storage.k8s.io/provisioner-secret-name csi.storage.k8s.io/provisioner-secret-namespace
	 csi.storage.k8s.io/node-stage-secret-name csi.storage.k8s.io/node-stage-secret-namespace`,
)

// parameterFields hold such parameters.
var parameterFields = wordSet(`parameters volumeAttributes options`)

// switches are the options of a mount that have no value.
var switches = wordSet(`ro rw hard soft intr nointr suid nosuid dev nodev exec noexec atime noatime nodiratime relatime discard sync async bg fg nolock`)

// wordSet is the set of the words in texts.
func wordSet(texts ...string) map[string]bool {
	set := map[string]bool{}
	for _, t := range texts {
		for _, w := range strings.Fields(t) {
			set[w] = true
		}
	}
	return set
}

const maxKept = 512 // bytes; a longer string is a text

var (
	labelValue    = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9._\-]{0,61}[A-Za-z0-9])?)?$`)
	quantity      = regexp.MustCompile(`^[+-]?[0-9]{1,20}(\.[0-9]{1,9})?([numkMGTPE]i?|e[0-9]{1,2}|%)?$`)
	keyName       = regexp.MustCompile(`^[A-Za-z0-9._/\-]{1,317}$`)
	bundleDigest  = regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`)
	parameterWord = regexp.MustCompile(`^[A-Za-z0-9._:/\-]*$`)
)

// keptLine returns an object as the line that is kept.
func (r *Reader) keptLine(k Kind, obj runtime.Object) ([]byte, error) {
	full, err := schema.MarshalLine(obj)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	d := json.NewDecoder(bytes.NewReader(full))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("read it again: %w", err)
	}
	w := keeper{r: r, wholeURL: k.Group == "source.toolkit.fluxcd.io", typed: k.Typed()}
	w.object("", tree)
	r.removed(ruleUnlisted, w.dropped)
	return schema.MarshalLine(tree)
}

// A keeper walks one object.
type keeper struct {
	r *Reader
	// wholeURL says that a url is a place in version control or a registry. Any
	// other may be a webhook, whose path is as good as a password.
	wholeURL bool
	// typed says that the fields are those of Kubernetes, whose parameters are of storage.
	typed   bool
	dropped int
}

func (w *keeper) drop() string {
	w.dropped++
	return marker
}

// value returns what stays of the value of a field.
func (w *keeper) value(field string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return w.object(field, v)
	case []any:
		if field == "args" || field == "command" {
			return w.words(field, v)
		}
		for i := range v {
			v[i] = w.value(field, v[i])
		}
		return v
	case string:
		return w.text(field, v)
	}
	return v
}

func (w *keeper) object(field string, m map[string]any) any {
	// An entry of a selector, a taint or a toleration: a key, an operator and values.
	_, requirement := m["operator"].(string)
	for key, v := range m {
		s, isText := v.(string)
		switch {
		case parameterFields[field] && isText:
			m[key] = w.parameter(key, s)
		case field == "annotations" && isText:
			m[key] = w.when(s, keptAnnotation(key))
		case labelFields[field] && isText:
			m[key] = w.when(s, labelValue.MatchString(s))
		case quantityFields[field] && isText && (field != "limits" || key != "type"):
			m[key] = w.when(s, quantity.MatchString(s))
		case requirement && key == "values":
			m[key] = w.all(v, labelValue)
		case key == "key" && isText:
			m[key] = w.when(s, keyName.MatchString(s) && (requirement || namesKey(field)))
		case isText && key == "value" && (field == "taints" || field == "tolerations"):
			m[key] = w.when(s, labelValue.MatchString(s))
		case isText && key == "username" && field == "initiatedBy":
			m[key] = w.when(s, true)
		case w.opaque(key, v):
			m[key] = w.nothing(v)
		default:
			m[key] = w.value(key, v)
		}
	}
	return m
}

// opaque reports whether nothing below a field is known. Lists called data are
// of entries that refer to one, as those of External Secrets.
func (w *keeper) opaque(key string, v any) bool {
	_, isList := v.([]any)
	return opaqueFields[key] && !(key == "data" && isList) && !(w.typed && parameterFields[key])
}

// namesKey reports whether the key in this field names an entry or a taint. A
// key anywhere else may be one.
func namesKey(field string) bool {
	return strings.HasSuffix(field, "Ref") || field == "extract" || field == "taints" || field == "tolerations"
}

// nothing drops every string of a tree.
func (w *keeper) nothing(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = w.nothing(v[key])
		}
	case []any:
		for i := range v {
			v[i] = w.nothing(v[i])
		}
	case string:
		return w.when(v, false)
	}
	return v
}

// all keeps the strings of a list that have a form.
func (w *keeper) all(v any, form *regexp.Regexp) any {
	l, ok := v.([]any)
	if !ok {
		return w.nothing(v)
	}
	for i := range l {
		s, ok := l[i].(string)
		if !ok || !form.MatchString(s) {
			l[i] = w.nothing(l[i])
		}
	}
	return l
}

// when returns a string if it is kept, without what a URL may hide.
func (w *keeper) when(s string, keep bool) string {
	switch {
	case s == "" || s == marker:
		return s
	case !keep || len(s) > maxKept || strings.Contains(s, "\n"):
		return w.drop()
	}
	return w.r.bareURL(s)
}

func (w *keeper) parameter(key, s string) string {
	return w.when(s, keptParameters[strings.ToLower(key)] && parameterWord.MatchString(s))
}

// words are those of a command line, of which redactArgs has left names.
func (w *keeper) words(field string, l []any) any {
	for i := range l {
		s, ok := l[i].(string)
		if !ok {
			l[i] = w.nothing(l[i])
			continue
		}
		if bare := bareWord(s, i == 0 && field == "command"); bare != s {
			w.dropped++
			l[i] = bare
		}
	}
	return l
}

func (w *keeper) text(field, s string) string {
	_, err := time.Parse(time.RFC3339, s)
	switch {
	case err == nil:
		return s
	case field == "caBundle":
		return w.when(s, bundleDigest.MatchString(s))
	case field == "mountOptions":
		return w.when(s, switches[s])
	case imageFields[field]:
		return w.when(w.r.bareImage(s), true)
	case quantityFields[field]:
		return w.when(s, quantity.MatchString(s))
	case field == "path" || slices.Contains([]string{"paths", "notPaths", "nonResourceURLs"}, field):
		path, query, ok := strings.Cut(s, "?")
		if ok && query != "" {
			w.dropped++
		}
		return w.when(path, true)
	case addressFields[field] && !strings.Contains(s, "://"):
		return w.when(bareAddress(s), true)
	case field == "url" && !w.wholeURL, field == "vaultUrl", field == "endpointURL":
		return w.when(w.r.origin(s), true)
	}
	return w.when(s, keptFields[field])
}
