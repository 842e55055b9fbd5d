package kube

import (
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// A Reader turns the objects of one cluster into rows and redacted lines of JSON,
// and lets them go. Redaction happens here, before anything else sees an object.
//
// Namespaces are given to it before everything else, because rows repeat what
// their namespace says about owners. All methods but Finish may be called
// concurrently.
type Reader struct {
	cluster schema.PlanCluster
	spec    *schema.PlanSpec
	asOf    time.Time
	to      collect.Sink

	mu         sync.Mutex
	redactions map[string]int
}

// NewReader returns a Reader for one cluster of the plan. Rows and lines go to
// the sink; asOf is the instant of the snapshot.
func NewReader(cluster schema.PlanCluster, spec *schema.PlanSpec, asOf time.Time, to collect.Sink) *Reader {
	return &Reader{cluster: cluster, spec: spec, asOf: asOf, to: to, redactions: map[string]int{}}
}

// Object emits the rows of an object and, for kinds that are kept, its redacted
// line. Kinds with a Go type in k8s.io/api come as that type, all others as
// *unstructured.Unstructured. The object may be changed by the call and is not
// used after it. An object of kind Secret, or of another type than k says, is an
// error; so is a spool that cannot be written.
func (r *Reader) Object(k Kind, obj runtime.Object) error {
	return fmt.Errorf("read %s: %T is not supported", k.Name(), obj)
}

// SecretTable emits the rows of one page of the tier inventory: a Table of
// secrets of one namespace, asked for with includeObject=None. It returns the
// number of secrets. Created is asOf less the age that the server prints, and as
// coarse as that.
func (r *Reader) SecretTable(namespace string, t *metav1.Table) (int, error) {
	return 0, nil
}

// SecretMetadata emits the row of one secret of the tier rotation. The type is
// that of the field selector that it was listed with, because metadata does not
// hold it.
func (r *Reader) SecretMetadata(m *metav1.PartialObjectMetadata, secretType string) {}

// Finish emits the rows that need everything before them, and returns what was
// removed, by rule. uid is that of the kube-system namespace. The server's
// version is empty where no server was asked.
func (r *Reader) Finish(serverVersion string) (uid string, redactions []schema.Redaction) {
	return "", nil
}
