package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/schema"
)

// version and revision are set by the linker in a build from a checkout.
var version, revision string

// tool says which program wrote a document.
func tool() schema.Tool {
	t := schema.Tool{Name: "auditpack", Version: version, Build: revision}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	if t.Version == "" {
		t.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && t.Build == "" {
			t.Build = s.Value
		}
	}
	return t
}

func newVersion(env *environment) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of the formats it writes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := tool()
			if output == "json" {
				return printJSON(env, struct {
					schema.Tool
					Schema string `json:"schema"`
				}{t, schema.Version})
			}
			_, err := fmt.Fprintf(env.stdout, "auditpack %s\nbuild     %s\nschema    %s\n", t.Version, t.Build, schema.Version)
			return err
		},
	}
	outputFlag(c, &output)
	return c
}
