// Command schemagen writes the JSON Schemas of schema/json from the Go types of
// package schema. go generate ./schema runs it, in the module's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const folder = "schema/json"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func run() error {
	files, err := generate("schema")
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
