package kube

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/utils/ptr"

	"github.com/auditpack/auditpack/schema"
)

func (r *Reader) volume(x *object, o *corev1.PersistentVolume) {
	row := schema.Volume{
		Cluster: r.cluster.Name, Name: o.Name, Phase: string(o.Status.Phase), StorageClass: o.Spec.StorageClassName,
		ReclaimPolicy: string(cmp.Or(o.Spec.PersistentVolumeReclaimPolicy, corev1.PersistentVolumeReclaimRetain)),
		Driver:        volumeDriver(o.Spec.PersistentVolumeSource), Zones: volumeZones(o), Created: utc(o.CreationTimestamp),
		PhaseSince: utcPtr(o.Status.LastPhaseTransitionTime), Encryption: "unstated",
	}
	if c := o.Spec.ClaimRef; c != nil {
		row.ClaimNamespace, row.ClaimName = c.Namespace, c.Name
	}
	if o.Spec.CSI != nil {
		row.Encryption = encryption(o.Spec.CSI.VolumeAttributes)
	}
	r.to.Rows(row)
	r.scanMountOptions(x.place, "spec.mountOptions", o.Spec.MountOptions)
	if o.Spec.CSI != nil {
		r.redactParameters(x.place, "spec.csi.volumeAttributes", o.Spec.CSI.VolumeAttributes)
	}
	if o.Spec.FlexVolume != nil {
		r.redactParameters(x.place, "spec.flexVolume.options", o.Spec.FlexVolume.Options)
	}
}

// volumeDriver is the CSI driver, or the name of the field that says what the volume is.
func volumeDriver(s corev1.PersistentVolumeSource) string {
	if s.CSI != nil {
		return s.CSI.Driver
	}
	b, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	var sources map[string]json.RawMessage
	if json.Unmarshal(b, &sources) != nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		return name
	}
	return ""
}

// volumeZones are the zones that a volume's node affinity and labels name. CSI
// drivers have topology keys of their own that end in /zone.
func volumeZones(o *corev1.PersistentVolume) []string {
	zones := []string{first(o.Labels, zoneKeys)}
	if o.Spec.NodeAffinity != nil && o.Spec.NodeAffinity.Required != nil {
		for _, t := range o.Spec.NodeAffinity.Required.NodeSelectorTerms {
			for _, e := range t.MatchExpressions {
				if e.Operator == corev1.NodeSelectorOpIn && (strings.HasSuffix(e.Key, "/zone") || slices.Contains(zoneKeys, e.Key)) {
					zones = append(zones, e.Values...)
				}
			}
		}
	}
	return sorted(zones)
}

func (r *Reader) volumeClaim(x *object, o *corev1.PersistentVolumeClaim) {
	size := o.Spec.Resources.Requests[corev1.ResourceStorage]
	r.to.Rows(schema.VolumeClaim{
		Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Phase: string(o.Status.Phase),
		StorageClass: cmp.Or(ptr.Deref(o.Spec.StorageClassName, ""), o.Annotations[corev1.BetaStorageClassAnnotation]),
		Volume:       o.Spec.VolumeName, RequestedBytes: size.Value(), Created: utc(o.CreationTimestamp),
		DatabaseCluster: o.Labels["cnpg.io/cluster"],
	})
}

// encryptionKeys are the parameters by which a provisioner is given a key for
// its disks: of the drivers of AWS, Google Cloud, Azure and Alibaba Cloud.
var encryptionKeys = []string{"kmskeyid", "disk-encryption-kms-key", "diskencryptionsetid"}

func (r *Reader) storageClass(x *object, o *storagev1.StorageClass) {
	const isDefault, isDefaultBeta = "storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"
	r.to.Rows(schema.StorageClass{
		Cluster: r.cluster.Name, Name: o.Name, Provisioner: o.Provisioner,
		ReclaimPolicy: string(ptr.Deref(o.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)),
		Default:       o.Annotations[isDefault] == "true" || o.Annotations[isDefaultBeta] == "true",
		Encryption:    encryption(o.Parameters),
	})
	r.redactParameters(x.place, "parameters", o.Parameters)
	r.scanMountOptions(x.place, "mountOptions", o.MountOptions)
}

// encryption is what the parameters of a storage class, or the attributes of a volume, say. Provisioners read the
// names of parameters without regard to case.
func encryption(parameters map[string]string) string {
	stated := "unstated"
	for k, v := range parameters {
		switch k = strings.ToLower(k); {
		case slices.Contains(encryptionKeys, k) && v != "":
			return "yes"
		case k == "encrypted" && strings.EqualFold(v, "true"):
			return "yes"
		case k == "encrypted" && v != "":
			stated = "no"
		}
	}
	return stated
}

// backup starts the row of an object of a backup product.
func (r *Reader) backup(x *object, product string) schema.Backup {
	return schema.Backup{Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(), Product: product}
}

// cover fills in what a Velero spec covers. No included namespaces means all; an
// unset snapshotVolumes means that volumes are included where the cluster can.
func cover(row *schema.Backup, spec fields) {
	row.Namespaces, row.ExcludedNamespaces = sorted(spec.texts("includedNamespaces")), sorted(spec.texts("excludedNamespaces"))
	if len(row.Namespaces) == 0 {
		row.Namespaces = []string{"*"}
	}
	row.VolumesIncluded = !spec.has("snapshotVolumes") || spec.truth("snapshotVolumes") ||
		spec.truth("defaultVolumesToFsBackup") || spec.truth("snapshotMoveData")
}

func (r *Reader) veleroSchedule(x *object, f fields) {
	row := r.backup(x, "velero")
	cover(&row, f.in("spec", "template"))
	row.Phase, row.Paused, row.Completed = f.text("status", "phase"), f.truth("spec", "paused"), f.when("status", "lastBackup")
	row.Errors = f.length("status", "validationErrors")
	r.to.Rows(row)
}

// veleroRun emits the row of a backup or a restore.
func (r *Reader) veleroRun(x *object, f fields) {
	row := r.backup(x, "velero")
	cover(&row, f.in("spec"))
	if x.kind.Kind == "Restore" {
		row.VolumesIncluded = !f.has("spec", "restorePVs") || f.truth("spec", "restorePVs")
	}
	row.Phase, row.Completed, row.Errors = f.text("status", "phase"), f.when("status", "completionTimestamp"), f.number("status", "errors")
	r.to.Rows(row)
}

func (r *Reader) veleroLocation(x *object, f fields) {
	row := r.backup(x, "velero")
	row.Phase = f.text("status", "phase")
	r.to.Rows(row)
}

func (r *Reader) volumeSnapshot(x *object, f fields) {
	row := r.backup(x, "csi-snapshot")
	row.Namespaces, row.VolumesIncluded, row.Medium = []string{x.GetNamespace()}, true, snapshotMedium
	row.Claims = sorted([]string{f.text("spec", "source", "persistentVolumeClaimName")})
	row.Phase = "NotReady"
	if f.truth("status", "readyToUse") {
		row.Phase, row.Completed = "Ready", f.when("status", "creationTime")
	}
	if f.has("status", "error") {
		row.Errors = 1
	}
	r.to.Rows(row)
}

func (r *Reader) postgresBackup(x *object, f fields) {
	row := r.backup(x, "cnpg")
	row.Namespaces, row.VolumesIncluded = []string{x.GetNamespace()}, true
	row.Phase, row.Paused = f.text("status", "phase"), f.truth("spec", "suspend")
	row.DatabaseCluster, row.Medium = f.text("spec", "cluster", "name"), postgresMedium(f.text("spec", "method"))
	row.Completed = f.when("status", "stoppedAt")
	if row.Completed.IsZero() {
		row.Completed = f.when("status", "lastScheduleTime")
	}
	if f.has("status", "error") {
		row.Errors = 1
	}
	r.to.Rows(row)
}

const (
	snapshotMedium = "snapshot"
	objectMedium   = "object-store"
)

// postgresMedium is where a method of CloudNativePG copies to. Without one it
// is that of Barman; a plugin does not say.
func postgresMedium(method string) string {
	switch method {
	case "volumeSnapshot":
		return snapshotMedium
	case "barmanObjectStore", "":
		return objectMedium
	}
	return ""
}

// postgresCluster emits what a database cluster says about its last good copy,
// if it is set up to make any. Its kind is written with its group, because a
// Cluster without one is a Kubernetes cluster.
func (r *Reader) postgresCluster(x *object, f fields) {
	if !f.has("spec", "backup") && !f.has("status", "lastSuccessfulBackup") {
		return
	}
	row := r.backup(x, "cnpg")
	row.Kind, row.DatabaseCluster = "Cluster.postgresql.cnpg.io", x.GetName()
	row.Namespaces, row.VolumesIncluded = []string{x.GetNamespace()}, true
	if f.has("spec", "backup", "barmanObjectStore") {
		row.Medium = objectMedium
	} else if f.has("spec", "backup", "volumeSnapshot") {
		row.Medium = snapshotMedium
	}
	row.Completed = f.when("status", "lastSuccessfulBackup")
	r.to.Rows(row)
}

// longhornJob emits a job that snapshots or copies volumes. It does not say when it last succeeded.
func (r *Reader) longhornJob(x *object, f fields) {
	row := r.backup(x, "longhorn")
	row.VolumesIncluded, row.Phase = true, f.text("spec", "task")
	switch row.Phase {
	case "snapshot", "snapshot-force-create":
		row.Medium = snapshotMedium
	case "backup", "backup-force-create":
		row.Medium = objectMedium
	default: // other tasks clean up
		return
	}
	r.to.Rows(row)
}

// longhornVolume emits when a volume was last copied to the backup target.
func (r *Reader) longhornVolume(x *object, f fields) {
	claim := f.text("status", "kubernetesStatus", "pvcName")
	if claim == "" {
		return
	}
	row := r.backup(x, "longhorn")
	row.Namespaces, row.Claims = []string{f.text("status", "kubernetesStatus", "namespace")}, []string{claim}
	row.VolumesIncluded, row.Medium, row.Completed = true, objectMedium, f.when("status", "lastBackupAt")
	r.to.Rows(row)
}

// copyWords are in the names, images and commands of jobs that copy data.
var copyWords = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:pg_?dump|pg_?dumpall|pg_basebackup|mysqldump|mariadb-dump|mariabackup|xtrabackup|mongodump|redis-dump|restic|borg|borgmatic|kopia|rclone|etcdctl|back-?ups?|dumps?)(?:[^a-z]|$)`)

// copyJob emits what a CronJob that copies data, by its name, its images or its
// commands, says about its last success. It reads the commands before they are redacted.
func (r *Reader) copyJob(x *object, o *batchv1.CronJob) {
	spec := &o.Spec.JobTemplate.Spec.Template.Spec
	words := []string{o.Name}
	for _, c := range spec.Containers {
		words = append(append(append(words, c.Image), c.Command...), c.Args...)
	}
	if !slices.ContainsFunc(words, copyWords.MatchString) {
		return
	}
	row := r.backup(x, "cronjob")
	row.Namespaces, row.Paused, row.Completed = []string{o.Namespace}, ptr.Deref(o.Spec.Suspend, false), utcPtr(o.Status.LastSuccessfulTime)
	r.to.Rows(row)
}

// goDuration returns the seconds of a duration such as 1h30m, or def where it is
// missing or none.
func goDuration(s string, def time.Duration) int64 {
	d, err := time.ParseDuration(s)
	if err != nil {
		d = def
	}
	return int64(d / time.Second)
}
