package schema

// An Object is one API object, redacted, as it lies in a bundle.
type Object struct {
	// Subject has no field.
	Subject Subject
	// Path is the file of JSON lines, and Line counts from 1 in it.
	Path string
	Line int
	// JSON is the line, without the newline at its end.
	JSON string
}
