package input

import (
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// validate checks what a document says within itself. Fields that could not be
// read are empty here and were reported already, so rules pass over empty fields.
func (d *document) validate() {
	switch v := d.value.Interface().(type) {
	case *schema.AuditPlan:
		d.validatePlan(&v.Spec)
	case *schema.ControlTable:
		d.validateTable(&v.Spec)
	case *schema.CheckSet:
		d.validateChecks(v.Spec.Checks)
	case *schema.Overlay:
		d.validateOverlay(&v.Spec)
	case *schema.ExceptionRegister:
		d.validateExceptions(&v.Spec)
	case *schema.DocumentRegister:
		d.validateDocuments(v.Spec.Documents)
	case *schema.SupportTable:
		d.validateSupport(v.Spec.Releases)
	case *schema.VerificationPolicy:
		d.validatePolicy(&v.Spec)
	case *schema.AccessReview:
		d.validateReview(&v.Spec)
	case *schema.QuestionnaireMap:
		unique(d, "spec.questions", "id", v.Spec.Questions, func(q schema.MappedQuestion) string { return q.ID })
	case *schema.ControlReview:
		unique(d, "spec.decisions", "control", v.Spec.Decisions, func(c schema.ControlDecision) string { return c.Control })
	case *schema.ExceptionReview:
		unique(d, "spec.decisions", "exception", v.Spec.Decisions, func(c schema.ExceptionDecision) string { return c.Exception })
	}
}

// minor is a minor release of Kubernetes.
var minor = regexp.MustCompile(`^1\.[0-9]{1,3}$`)

func (d *document) validateSupport(releases []schema.SupportedRelease) {
	unique(d, "spec.releases", "minor", releases, func(r schema.SupportedRelease) string { return r.Minor })
	for i, r := range releases {
		if r.Minor != "" && !minor.MatchString(r.Minor) {
			d.problem(field(index("spec.releases", i), "minor"), "%q is no minor release such as 1.36", r.Minor)
		}
	}
}

func (d *document) validatePlan(p *schema.PlanSpec) {
	if p.Period != nil {
		d.validatePeriod(*p.Period)
	}
	unique(d, "spec.clusters", "name", p.Clusters, func(c schema.PlanCluster) string { return c.Name })
	for i, c := range p.Clusters {
		if len(c.From) > 0 && (c.Context != "" || c.Kubeconfig != "") {
			d.problem(field(index("spec.clusters", i), "from"), "a cluster is read from files, or with context and kubeconfig, not both")
		}
		if c.Complete && len(c.From) == 0 {
			d.problem(field(index("spec.clusters", i), "complete"), "only what is read from files can be said to be complete")
		}
	}
	if _, err := regexp.Compile(p.Access.UserPattern); err != nil {
		d.problem("spec.access.userPattern", "not a regular expression: %v", err)
	}
	d.validateAccent(p.Look.Accent)
	unique(d, "spec.checks", "", p.Checks, func(s string) string { return s })
	unique(d, "spec.reviews", "", p.Reviews, func(s string) string { return s })
	if _, given := d.at["spec.intervalDays"]; given && p.IntervalDays < 1 {
		d.problem("spec.intervalDays", "want at least 1 day")
	}
	for _, class := range slices.Sorted(maps.Keys(p.Rotation.Classes)) {
		if p.Rotation.Classes[class] < 1 {
			d.problem("spec.rotation.classes."+class, "want at least 1 day")
		}
	}
	if _, given := d.at["spec.rotation.pipeline"]; given && p.Rotation.Pipeline < 1 {
		d.problem("spec.rotation.pipeline", "want at least 1 day")
	}
	d.validateSigning(p.Signing)
	d.validatePublish(p.Publish)
}

func (d *document) validatePublish(places []schema.Publication) {
	unique(d, "spec.publish", "to", places, func(p schema.Publication) string { return p.To })
	for i, p := range places {
		at := index("spec.publish", i)
		k := p.Keep
		if min(k.Daily, k.Weekly, k.Monthly, k.Quarterly, k.Yearly) < 0 {
			d.problem(field(at, "keep"), "want no number below 0")
		}
		if p.Lock != nil && p.Lock.Days < 1 {
			d.problem(field(at, "lock.days"), "want at least 1 day")
		}
	}
}

func (d *document) validateSigning(s schema.Signing) {
	if s.Unsigned && (s.Key != "" || s.Keyless != nil || s.Timestamp != nil) {
		d.problem("spec.signing.unsigned", "a bundle is signed with a key or unsigned, not both")
	}
	if s.Keyless != nil && s.Key != "" {
		d.problem("spec.signing.keyless", "a bundle is signed with a key or keyless, not both")
	}
	if s.Keyless != nil && s.Timestamp == nil {
		d.problem("spec.signing.keyless", "keyless needs spec.signing.timestamp: the certificate lives about ten minutes, and only a timestamp shows later that the signature was made while it was valid")
	}
	if s.Documents != nil {
		d.validateDocumentSigning("spec.signing.documents", *s.Documents)
		if s.Unsigned {
			d.problem("spec.signing.documents", "of an unsigned bundle nothing says that the signed documents belong to it: sign the bundle, too, or leave this out")
		}
	}
}

// validateDocumentSigning asks for certificate and key, in two files or in one.
func (d *document) validateDocumentSigning(path string, s schema.DocumentSigning) {
	switch {
	case s.PKCS12 != "" && s.Certificate != "":
		d.problem(field(path, "certificate"), "pkcs12 has certificate and key: leave this out, or pkcs12")
	case s.PKCS12 != "" && s.Key != "":
		d.problem(field(path, "key"), "pkcs12 has certificate and key: leave this out, or pkcs12")
	case s.PKCS12 != "":
	case s.Certificate == "" && s.Key == "":
		d.problem(path, "a document signature needs certificate and key, or pkcs12")
	case s.Certificate == "":
		d.problem(field(path, "key"), "the key's certificate is missing: name it in certificate")
	case s.Key == "":
		d.problem(field(path, "certificate"), "the certificate's private key is missing: name it in key")
	}
}

func (d *document) validatePeriod(p schema.Period) {
	if !p.From.IsZero() && !p.To.IsZero() && !p.From.Before(p.To) {
		d.problem("spec.period.to", "the period ends on %s, which is not after its start on %s", p.To, p.From)
	}
}

func (d *document) validateTable(t *schema.ControlTableSpec) {
	unique(d, "spec.areas", "id", t.Areas, func(a schema.Area) string { return a.ID })
	unique(d, "spec.controls", "id", t.Controls, func(c schema.Control) string { return c.ID })
	var areas []string
	for _, a := range t.Areas {
		areas = append(areas, a.ID)
	}
	for i, c := range t.Controls {
		path := index("spec.controls", i)
		if c.Area != "" {
			d.known(field(path, "area"), "unknown area", c.Area, areas)
		}
		if _, given := d.at[field(path, "responsibility")]; given {
			d.checkAccountable(field(path, "responsibility"), c.Responsibility)
		}
		if _, given := d.at[field(path, "evidenceMaxAgeDays")]; given && c.EvidenceMaxAgeDays < 1 {
			d.problem(field(path, "evidenceMaxAgeDays"), "want at least 1 day")
		}
		unique(d, field(path, "layers"), "", c.Layers, func(s string) string { return s })
	}
}

// checkAccountable reports a responsibility without exactly one accountable party.
func (d *document) checkAccountable(path string, r schema.Responsibility) {
	n := 0
	for _, part := range parts(&r) {
		if *part == "A" || *part == "A/R" {
			n++
		}
	}
	if n != 1 {
		d.problem(path, "exactly one party is accountable (A or A/R), here %d are", n)
	}
}

// parts returns the part of each party.
func parts(r *schema.Responsibility) []*string {
	v := reflect.ValueOf(r).Elem()
	out := make([]*string, v.NumField())
	for i := range out {
		out[i] = v.Field(i).Addr().Interface().(*string)
	}
	return out
}

func (d *document) validateChecks(checks []schema.Check) {
	unique(d, "spec.checks", "id", checks, func(c schema.Check) string { return c.ID })
	var populations []string
	for _, p := range schema.Populations {
		populations = append(populations, p.Name)
	}
	for i, c := range checks {
		path := index("spec.checks", i)
		if c.Population != "" {
			d.known(field(path, "population"), "unknown population", c.Population, populations)
		}
		for j, need := range c.Needs {
			d.known(index(field(path, "needs"), j), "unknown population", need, populations)
		}
		d.validateRules(path, c)
	}
}

// validateRules checks that a check is decided in one way.
func (d *document) validateRules(path string, c schema.Check) {
	switch {
	case len(c.Rules) > 0 && c.Go != "":
		d.problem(field(path, "go"), "a check is decided by rules or by a function, not both")
	case len(c.Rules) > 0 && c.Population == "":
		d.problem(field(path, "rules"), "rules need the population that they run over")
	}
	if c.Scope != "" && c.Population == "" {
		d.problem(field(path, "scope"), "a scope needs the population whose rows it chooses from")
	}
	const excepted = "only the exception register makes a result excepted"
	if c.Empty == schema.ResultExcepted {
		d.problem(field(path, "empty"), excepted)
	}
	for j, r := range c.Rules {
		if r.Result == schema.ResultExcepted {
			d.problem(field(index(field(path, "rules"), j), "result"), excepted)
		}
	}
}

func (d *document) validateOverlay(o *schema.OverlaySpec) {
	unique(d, "spec.controls", "id", o.Controls, func(c schema.ControlOverlay) string { return c.ID })
}

func (d *document) validateExceptions(r *schema.ExceptionSpec) {
	unique(d, "spec.exceptions", "id", r.Exceptions, func(e schema.Exception) string { return e.ID })
	for severity, days := range r.MaxDays {
		if path := field("spec.maxDays", string(severity)); days < 1 {
			d.problem(path, "want at least 1 day")
		}
	}
	for i, e := range r.Exceptions {
		path := index("spec.exceptions", i)
		if !e.ApprovedOn.IsZero() && !e.ExpiresOn.IsZero() && e.ExpiresOn.Before(e.ApprovedOn) {
			d.problem(field(path, "expiresOn"), "the exception expires on %s, before it was approved on %s", e.ExpiresOn, e.ApprovedOn)
		}
	}
}

func (d *document) validateDocuments(docs []schema.DocumentRecord) {
	unique(d, "spec.documents", "id", docs, func(r schema.DocumentRecord) string { return r.ID })
	for i, r := range docs {
		path := index("spec.documents", i)
		if r.File != "" && !filepath.IsLocal(r.File) {
			d.problem(field(path, "file"), "%q lies outside the folder of the register", r.File)
		}
		if !r.ValidUntil.IsZero() && r.ValidUntil.Before(r.AsOf) {
			d.problem(field(path, "validUntil"), "the document is valid until %s, before its facts were true on %s", r.ValidUntil, r.AsOf)
		}
	}
}

// validateReview checks that each decision names a right as a row of the access
// grants does, and no right twice.
func (d *document) validateReview(r *schema.AccessReviewSpec) {
	d.validatePeriod(r.Period)
	unique(d, "spec.decisions", "", r.Decisions, func(c schema.ReviewDecision) string {
		return c.Grant("").Subject().String()
	})
	for i, c := range r.Decisions {
		path := index("spec.decisions", i)
		switch account := c.SubjectKind == "ServiceAccount"; {
		case account && c.SubjectNamespace == "":
			d.problem(path, "missing \"subjectNamespace\": a service account has one")
		case !account && c.SubjectKind != "" && c.SubjectNamespace != "":
			d.problem(field(path, "subjectNamespace"), "only a service account has a namespace")
		}
		switch whole := c.Scope == "*"; {
		case c.Scope == "" || c.BindingKind == "":
		case whole != (c.BindingKind == "ClusterRoleBinding"):
			d.problem(field(path, "scope"), "a ClusterRoleBinding has the scope *, a RoleBinding its namespace")
		}
	}
}

// known reports a value that is none of the valid ones.
func (d *document) known(path, what, got string, valid []string) {
	if !slices.Contains(valid, got) {
		d.unknown(path, what, got, valid)
	}
}

// unique reports each entry of a list whose key was there before. name is the
// field that holds the key, or empty when the entry is the key.
func unique[T any](d *document, path, name string, list []T, key func(T) string) {
	first := map[string]int{}
	for i, e := range list {
		k := key(e)
		at := index(path, i)
		if name != "" {
			at = field(at, name)
		}
		if j, ok := first[k]; ok && k != "" {
			before := index(path, j)
			if name != "" {
				before = field(before, name)
			}
			d.problem(at, "%q is given twice, first in line %d", k, d.position(before).line)
			continue
		}
		first[k] = i
	}
}
