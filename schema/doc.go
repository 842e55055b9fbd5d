// Package schema defines every document that crosses a package boundary or
// leaves the program: the files people write (AuditPlan, ControlTable, CheckSet,
// Overlay, ExceptionRegister, DocumentRegister, reviews), the Snapshot that
// collect produces, and the Report that assess makes of it.
//
// Start with Snapshot and Report. The Go types are the source of the published
// JSON Schemas (schema/json), whose descriptions are these doc comments, and of
// the columns of the workbook. FORMAT.md describes the sealed bundle for those
// who write another verifier.
//
// Equal values have equal bytes: slices are sorted by a stated key, times are
// UTC whole seconds, and Marshal is the only writer of JSON.
package schema

// Version is the version of every document that the program writes, as
// MODEL.REVISION.ADDITION. A reader refuses another MODEL, may refuse another
// REVISION, and reads every ADDITION.
const Version = "1.0.0"

// APIVersion is the apiVersion of every document that people write.
const APIVersion = "auditpack.dev/v1alpha1"
