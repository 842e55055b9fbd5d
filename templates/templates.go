// Package templates holds the data that the program is made of: control tables,
// checks, texts of the report, the starter plan and the sample platform.
package templates

import "embed"

// FS has the files of this folder. Packages take it as an fs.FS, so that tests
// can hand them a small one.
//
//go:embed controls checks support text all:sample all:plan
var FS embed.FS
