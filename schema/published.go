package schema

import (
	"embed"
	"io/fs"
)

//go:generate go run -C .. ./internal/schemagen

//go:embed json
var jsonFiles embed.FS

// JSONSchemas has the published JSON Schemas as files of its top folder: one for
// each kind of document that people write, such as auditplan.schema.json, and
// snapshot, report, changes, manifest and populations.schema.json.
var JSONSchemas = published()

func published() fs.FS {
	files, err := fs.Sub(jsonFiles, "json")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return files
}
