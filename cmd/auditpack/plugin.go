package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// pluginName is how people call the program when kubectl found it as kubectl-auditpack
// (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/).
const pluginName = "kubectl auditpack"

// showAsCalled lets help, usage and errors name the program as it was called: kubectl
// does not tell, but for the name of the file.
func showAsCalled(root *cobra.Command, program string) {
	if !strings.HasPrefix(filepath.Base(program), "kubectl-") {
		return
	}
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: pluginName}
	renameExamples(root)
}

func renameExamples(c *cobra.Command) {
	lines := strings.Split(c.Example, "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "  auditpack "); ok {
			lines[i] = "  " + pluginName + " " + rest
		}
	}
	c.Example = strings.Join(lines, "\n")
	for _, sub := range c.Commands() {
		renameExamples(sub)
	}
}
