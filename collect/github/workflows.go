package github

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// maxWorkflow bounds a workflow file, in bytes. GitHub itself takes no larger ones.
const maxWorkflow = 1 << 20

// workflows reads the pipeline definitions of the branch. A repository without the
// folder has none.
func (r *reader) workflows(ctx context.Context) (int, error) {
	type entry struct {
		Path string `json:"path"`
		Type string `json:"type"`
	}
	at := "?ref=" + url.QueryEscape(r.branch)
	var entries []entry
	_, err := r.get(ctx, r.path+"contents/.github/workflows"+at, &entries)
	switch {
	case says(err, http.StatusNotFound, "not found"):
		return 0, nil // the repository was seen, so this is no refusal
	case err != nil:
		return 0, err
	}
	rows := 0
	for _, e := range entries {
		if e.Type != "file" || !strings.HasSuffix(e.Path, ".yml") && !strings.HasSuffix(e.Path, ".yaml") {
			continue
		}
		var file struct {
			Content string `json:"content"`
			Size    int    `json:"size"`
		}
		if _, err := r.get(ctx, r.path+"contents/"+escapePath(e.Path)+at, &file); err != nil {
			return rows, err
		}
		row := schema.Workflow{Forge: r.source.Forge.Name, Repository: r.row, Path: e.Path}
		if err := readWorkflow(file.Content, file.Size, &row); err != nil {
			return rows, fmt.Errorf("%w: %s: %w", forge.ErrPart, e.Path, err)
		}
		r.to.Rows(row)
		rows++
	}
	return rows, nil
}

func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// A workflow is what of a workflow file matters here
// (https://docs.github.com/actions/reference/workflow-syntax-for-github-actions).
type workflow struct {
	On          yaml.Node      `yaml:"on"`
	Permissions yaml.Node      `yaml:"permissions"`
	Jobs        map[string]job `yaml:"jobs"`
}

type job struct {
	Permissions yaml.Node `yaml:"permissions"`
	Uses        string    `yaml:"uses"`
	Steps       []struct {
		Uses string         `yaml:"uses"`
		With map[string]any `yaml:"with"`
	} `yaml:"steps"`
}

func readWorkflow(content string, size int, row *schema.Workflow) error {
	if size > maxWorkflow {
		return fmt.Errorf("the file has %d bytes", size)
	}
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(content, "\n", ""))
	if err != nil {
		return err
	}
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		return err
	}
	outside := triggeredBy(w.On, "pull_request_target")
	grants(w.Permissions, row)
	for _, j := range w.Jobs {
		grants(j.Permissions, row)
		unpinned(j.Uses, row)
		for _, s := range j.Steps {
			unpinned(s.Uses, row)
			ref := fmt.Sprint(s.With["ref"])
			if outside && strings.HasPrefix(s.Uses, "actions/checkout@") && (strings.Contains(ref, "pull_request.head") || strings.Contains(ref, "github.head_ref")) {
				row.RunsForks = true
			}
		}
	}
	row.Unpinned, row.TokenWrites = forge.Sorted(row.Unpinned), forge.Sorted(row.TokenWrites)
	return nil
}

// triggeredBy reports whether an event starts the workflow: on may be a word, a
// list or a mapping.
func triggeredBy(on yaml.Node, event string) bool {
	if on.Value == event {
		return true
	}
	for _, n := range on.Content {
		if n.Value == event {
			return true
		}
	}
	return false
}

// grants notes what the token may write, and whether it may ask for an identity token.
func grants(permissions yaml.Node, row *schema.Workflow) {
	if permissions.Value == "write-all" {
		row.TokenWrites, row.OIDC = append(row.TokenWrites, "all"), true
		return
	}
	for i := 0; i+1 < len(permissions.Content); i += 2 {
		name, level := permissions.Content[i].Value, permissions.Content[i+1].Value
		switch {
		case level != "write":
		case name == "id-token":
			row.OIDC = true
		default:
			row.TokenWrites = append(row.TokenWrites, name)
		}
	}
}

// commitRef matches a reference that nobody can move.
var commitRef = regexp.MustCompile(`@[0-9a-f]{40}$|^docker://.*@sha256:[0-9a-f]{64}$`)

// unpinned notes an action of others that is not pinned to a commit.
func unpinned(uses string, row *schema.Workflow) {
	if uses != "" && !strings.HasPrefix(uses, "./") && !commitRef.MatchString(uses) {
		row.Unpinned = append(row.Unpinned, uses)
	}
}
