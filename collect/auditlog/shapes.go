package auditlog

import (
	"bytes"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An event is what is decoded of one record of the API server: audit.k8s.io/v1
// Event (https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/).
// Bodies are not among it.
type event struct {
	Kind       string `json:"kind"`
	AuditID    string `json:"auditID"`
	Stage      string `json:"stage"`
	RequestURI string `json:"requestURI"`
	Verb       string `json:"verb"`
	User       user   `json:"user"`
	As         *user  `json:"impersonatedUser"`
	UserAgent  string `json:"userAgent"`
	Object     object `json:"objectRef"`
	Response   struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Received time.Time `json:"requestReceivedTimestamp"`
	Staged   time.Time `json:"stageTimestamp"`
}

type user struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

type object struct {
	APIGroup    string `json:"apiGroup"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
}

// A record is one line in any of the known shapes: the event itself, or what a
// cloud puts around it.
type record struct {
	event
	// Items are the events of an EventList, as the API server's webhook sends it.
	Items []event `json:"items"`
	// Message, LogEvents and Events are Amazon CloudWatch: one log event, those that
	// a subscription delivers, and those that filter-log-events prints on one line.
	Message   string      `json:"message"`
	LogEvents []wrapped   `json:"logEvents"`
	Events    []wrapped   `json:"events"`
	Payload   *gcpPayload `json:"protoPayload"`
	// Timestamp is that of a Google Cloud log entry.
	Timestamp  jsontext.Value `json:"timestamp"`
	Properties *azureLog      `json:"properties"`
	// Records are Azure log records as an event hub delivers them.
	Records []struct {
		Properties *azureLog `json:"properties"`
	} `json:"records"`
}

type wrapped struct {
	Message string `json:"message"`
}

// An azureLog is a record of the categories kube-audit and kube-audit-admin.
type azureLog struct {
	Log string `json:"log"`
}

// A gcpPayload is google.cloud.audit.AuditLog of the service k8s.io
// (https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog).
type gcpPayload struct {
	Service        string `json:"serviceName"`
	Method         string `json:"methodName"`
	Resource       string `json:"resourceName"`
	Authentication struct {
		Principal string `json:"principalEmail"`
	} `json:"authenticationInfo"`
	Request struct {
		UserAgent string `json:"callerSuppliedUserAgent"`
	} `json:"requestMetadata"`
	Status struct {
		Code int `json:"code"`
	} `json:"status"`
}

// names may stand twice in an object: who wrote the log is not checked by
// refusing it, and looking for twins would halve the speed.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// The names of the shapes.
const (
	shapeKubernetes = "kubernetes"
	shapeEKS        = "eks"
	shapeGKE        = "gke"
	shapeAKS        = "aks"
)

// decode gives the events of one line to found, with the name of their shape. It
// returns false for a line that is no audit record. Text before the first brace
// is a log shipper's, such as a time.
func decode(line []byte, found func(shape string, e *event)) bool {
	start := bytes.IndexByte(line, '{')
	if start < 0 {
		return false
	}
	var r record
	if err := json.Unmarshal(bytes.TrimRight(line[start:], "\r\n"), &r, lenient); err != nil {
		return false
	}
	switch {
	case r.Kind == "Event" && r.AuditID != "":
		shape := shapeKubernetes
		if len(bytes.TrimSpace(line[:start])) > 0 {
			shape = shapeEKS
		}
		found(shape, &r.event)
		return true
	case r.Kind == "EventList":
		for i := range r.Items {
			found(shapeKubernetes, &r.Items[i])
		}
		return len(r.Items) > 0
	case r.Payload != nil:
		return r.Payload.event(r.Timestamp, found)
	}
	return r.unwrap(found)
}

// unwrap decodes what a cloud keeps as text inside its own record.
func (r *record) unwrap(found func(shape string, e *event)) bool {
	shape, texts := shapeEKS, []string{}
	for _, w := range append(r.LogEvents, r.Events...) {
		texts = append(texts, w.Message)
	}
	if r.Message != "" {
		texts = append(texts, r.Message)
	}
	if r.Properties != nil {
		shape, texts = shapeAKS, append(texts, r.Properties.Log)
	}
	for _, inner := range r.Records {
		if inner.Properties != nil {
			shape, texts = shapeAKS, append(texts, inner.Properties.Log)
		}
	}
	for _, text := range texts {
		var e event
		if err := json.Unmarshal([]byte(strings.TrimSpace(text)), &e, lenient); err != nil || e.Kind != "Event" {
			return false
		}
		found(shape, &e)
	}
	return len(texts) > 0
}

// event translates a Google Cloud record into that of the API server it stands
// for. The method is such as io.k8s.core.v1.pods.exec.create, the resource such as
// core/v1/namespaces/NS/pods/NAME/exec.
func (p *gcpPayload) event(timestamp jsontext.Value, found func(shape string, e *event)) bool {
	t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(timestamp))
	if p.Service != "k8s.io" || err != nil {
		return false
	}
	e := event{Stage: stageComplete, Received: t, Staged: t, UserAgent: p.Request.UserAgent}
	e.User.Username = p.Authentication.Principal
	e.Verb = p.Method[strings.LastIndexByte(p.Method, '.')+1:]
	e.Object = gcpObject(p.Resource)
	e.Response.Code = 200
	if p.Status.Code != 0 {
		e.Response.Code = 403
	}
	found(shapeGKE, &e)
	return true
}

func gcpObject(resource string) object {
	parts := strings.Split(resource, "/")
	if len(parts) < 3 {
		return object{}
	}
	o := object{APIGroup: parts[0]}
	if o.APIGroup == "core" {
		o.APIGroup = ""
	}
	parts = parts[2:]
	if len(parts) > 2 && parts[0] == "namespaces" {
		o.Namespace, parts = parts[1], parts[2:]
	}
	o.Resource = parts[0]
	if len(parts) > 1 {
		o.Name = parts[1]
	}
	if len(parts) > 2 {
		o.Subresource = parts[2]
	}
	return o
}
