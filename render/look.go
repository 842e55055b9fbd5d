package render

// A Look is how a document is printed. It comes from the plan and says nothing about
// the platform, so it is set on a Document after Build. The zero Look is A4 in blue.
type Look struct {
	// Paper is A4 or Letter; empty is A4.
	Paper string
	// Accent is the colour of titles, rules and links as #rrggbb; empty is a blue.
	Accent string
	// Logo is a PNG or JPEG file for the cover; empty for none.
	Logo []byte
}
