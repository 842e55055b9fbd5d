package schema

// Inputs are the documents that people write, as one run used them. Together
// with a Snapshot they determine the Report.
type Inputs struct {
	Plan       AuditPlan
	Table      ControlTable
	Checks     []Check
	Overlay    Overlay
	Exceptions ExceptionRegister
	Documents  DocumentRegister
	// Attached has the SHA-256 of each document file, in hexadecimal, by the File of its record.
	Attached map[string]string
	// Previous is the SHA-256 of the bundle before this one, or empty.
	Previous string
	// Unsigned is true for a run that was asked for a bundle without signature.
	Unsigned bool
	// Demo is true for the built-in sample platform.
	Demo bool
}
