package schema

import (
	"reflect"
	"regexp"
	"strings"
)

// A Field is what the format says about one field of a document, read from the
// tags of its Go field:
//
//	json    name, and whether it may be absent
//	class   who may see it: public, nda or internal
//	enum    the words that a string, or each string of a list, may be
//	format  the name of a Format that a string, or each string of a list, has
//	input   for documents that people write: optional or nonempty
type Field struct {
	// Name is the JSON name.
	Name string
	// Index finds the field from the struct it was asked of, for reflect.Value.FieldByIndex.
	Index []int
	// Type is the Go type.
	Type reflect.Type
	// Always is true when a written document always has the field.
	Always bool
	// Required is true when a document that people write must have the field. A
	// required string is not empty.
	Required bool
	// NonEmpty is true when a list must have an entry.
	NonEmpty bool
	// Words are all that the field, or each of its entries, may say; nil means any text.
	Words []string
	// Format of the field, or of each of its entries; nil means any text.
	Format *Format
	// Class says who may see the field.
	Class Class
}

// Fields returns the fields of a struct type in their order. Those of an
// embedded struct stand in its place, as they do in JSON. Fields that are not
// written to JSON are left out.
func Fields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case f.Anonymous && name == "":
			for _, inner := range Fields(f.Type) {
				inner.Index = append([]int{i}, inner.Index...)
				out = append(out, inner)
			}
		default:
			always := !strings.Contains(options, "omit")
			out = append(out, Field{
				Name:     name,
				Index:    f.Index,
				Type:     f.Type,
				Always:   always,
				Required: always && f.Tag.Get("input") != "optional",
				NonEmpty: f.Tag.Get("input") == "nonempty",
				Words:    fieldWords(f),
				Format:   formats[f.Tag.Get("format")],
				Class:    ClassOf(f),
			})
		}
	}
	return out
}

// A Class says who may see a field of a document.
type Class string

// The disclosure classes, from open to closed.
const (
	ClassPublic   Class = "public"   // anybody
	ClassNDA      Class = "nda"      // a customer who signed a non-disclosure agreement
	ClassInternal Class = "internal" // the organization and its auditor
)

// ClassOf returns the disclosure class of a struct field. A field that names
// none is internal; an embedded struct is public, because its own fields decide.
func ClassOf(f reflect.StructField) Class {
	if c := f.Tag.Get("class"); c != "" {
		return Class(c)
	}
	if f.Anonymous && f.Tag.Get("json") == "" {
		return ClassPublic
	}
	return ClassInternal
}

// A Format is a shape that some strings have.
type Format struct {
	// Pattern is a regular expression that means the same in Go and in JSON Schema.
	Pattern string
	// Means says the same in words.
	Means string
	re    *regexp.Regexp
}

// Matches reports whether s has the format.
func (f *Format) Matches(s string) bool { return f.re.MatchString(s) }

var formats = map[string]*Format{
	"name":    format(`^[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?$`, "lower-case letters, digits, - and ., at most 63 in all"),
	"id":      format(`^[A-Za-z0-9][-.A-Za-z0-9_]{0,99}$`, "letters, digits, -, . and _, at most 100 in all"),
	"account": format(`^[^/\s]+/[^/\s]+$`, "namespace/name"),
	"sha256":  format(`^[0-9a-f]{64}$`, "64 hexadecimal digits in lower case"),
}

func format(pattern, means string) *Format {
	return &Format{Pattern: pattern, Means: means, re: regexp.MustCompile(pattern)}
}

func fieldWords(f reflect.StructField) []string {
	if list := f.Tag.Get("enum"); list != "" {
		return strings.Split(list, ",")
	}
	t := f.Type
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return Words(t)
}

// Words returns the words of an enumeration such as Severity in their stated
// order, and nil for any other type.
func Words(t reflect.Type) []string { return enumerations[t] }

var enumerations = map[reflect.Type][]string{
	reflect.TypeFor[Kind](): list(KindAuditPlan, KindControlTable, KindCheckSet, KindOverlay,
		KindExceptionRegister, KindDocumentRegister, KindAccessReview, KindControlReview, KindExceptionReview, KindSupportTable,
		KindQuestionnaireMap, KindAnswerLibrary, KindVerificationPolicy),
	reflect.TypeFor[Cadence]():          list(Monthly, Quarterly, SemiAnnual, Annual),
	reflect.TypeFor[CheckKind]():        list(CheckAPI, CheckPipeline, CheckDocument, CheckRegister),
	reflect.TypeFor[Evaluation]():       list(Auto, Semi, Manual),
	reflect.TypeFor[DocumentType]():     list(DocPolicy, DocProcedure, DocRecord, DocReport, DocExport, DocAttestation),
	reflect.TypeFor[Verdict]():          list(Keep, Revoke),
	reflect.TypeFor[ControlVerdict]():   list(SignedOff, Declined),
	reflect.TypeFor[ExceptionVerdict](): list(KeepException, EndException),
	reflect.TypeFor[SourceKind]():       list(SourceCluster, SourceFiles, SourceBundle, SourceForge, SourceImports),
	reflect.TypeFor[SecretsTier]():      list(SecretsNone, SecretsInventory, SecretsRotation),
	reflect.TypeFor[Outcome]():          list(Complete, Truncated, Forbidden, Absent, Failed),
	reflect.TypeFor[Status]():           list(Implemented, Partial, NotImplemented, NotApplicable, NeedsReview),
	reflect.TypeFor[Severity]():         list(Critical, High, Medium, Low, Info),
	reflect.TypeFor[Design]():           list(DesignEffective, DesignGap, DesignNotAssessed),
	reflect.TypeFor[Operation]():        list(OperationEffective, OperationDeviation, OperationNotTested, OperationNoOccurrence),
	reflect.TypeFor[Direction]():        list(Raised, Lowered, Other),
	reflect.TypeFor[FindingState]():     list(FindingOpen, FindingExcepted, FindingUndecided, FindingGone, FindingUnseen),
	reflect.TypeFor[ChangeKind]():       list(Added, Removed, Changed),
	reflect.TypeFor[Freshness]():        list(Fresh, Due, Stale, Missing),
	reflect.TypeFor[ReviewNote]():       list(ReviewCurrent, ReviewDue, ReviewOverdue, ReviewNever),
	reflect.TypeFor[MemberRole]():       list(RoleReport, RoleEvidence, RoleInput, RoleInstructions),
	reflect.TypeFor[PackMethod]():       list(PackStore, PackDeflate),
	reflect.TypeFor[ExceptionState]():   list(ExceptionValid, ExceptionExpired, ExceptionInvalid, ExceptionUnused),
	reflect.TypeFor[Class]():            list(ClassPublic, ClassNDA, ClassInternal),
	reflect.TypeFor[Audience]():         list(AudienceAuditor, AudienceCustomer),
	reflect.TypeFor[ForgeKind]():        list(GitHub, GitLab),
	reflect.TypeFor[TraceState]():       list(TraceUnbroken, TraceBroken, TraceNotSeen),
	reflect.TypeFor[LinkName]():         list(LinkDigest, LinkProvenance, LinkCommit, LinkChange, LinkApproval, LinkDeployment, LinkRevision, LinkObject),
	reflect.TypeFor[LinkState]():        list(LinkMade, LinkBroken, LinkNotSeen),
	reflect.TypeFor[Switch]():           list(On, Off, Unknown),
	reflect.TypeFor[ImportKind](): list(ImportTrivy, ImportGrype, ImportVulnerabilityReports, ImportPolicyReports, ImportKubeBench, ImportSARIF,
		ImportEKSCluster, ImportEKSAccessEntries, ImportEKSAccessEntry, ImportGKECluster, ImportAKSCluster, ImportGroups, ImportInfrastructurePlan, ImportUnknown),
	reflect.TypeFor[ImageEvidence](): list(EvidenceSignature, EvidenceProvenance, EvidenceBill, EvidenceAttestation, EvidenceNone, EvidenceUnseen),
	reflect.TypeFor[Verification]():  list(VerifiedYes, VerifiedNo, VerifiedUnknown),
	reflect.TypeFor[AuditIdentity](): list(AuditPerson, AuditServiceAccount, AuditNode, AuditComponent, AuditAnonymous),
	reflect.TypeFor[AuditClass](): list(AuditWrite, AuditInteractive, AuditSecretRead, AuditRBACChange, AuditToken, AuditImpersonate,
		AuditBreakGlass, AuditNoIdentity),
	reflect.TypeFor[ApprovalType](): list(ApproveAdministrator, ApproveEscalation, ApproveSecretReader, ApproveDeployer,
		ApproveExposure, ApproveSupplier, ApproveSingleton, ApproveExclusion),
	reflect.TypeFor[Result](): list(ResultPass, ResultPartial, ResultFail, ResultNeedsReview, ResultNotCollected,
		ResultNotApplicable, ResultExcepted),
}

func list[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
