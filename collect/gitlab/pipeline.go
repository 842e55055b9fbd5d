package gitlab

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// maxPipeline bounds a pipeline definition, in bytes. GitLab itself takes no larger
// ones by default (https://docs.gitlab.com/administration/instance_limits/#maximum-size-and-depth-of-cicd-configuration-yaml-files).
const maxPipeline = 2 << 20

// pipeline reads the pipeline definition of the branch. A project without the file
// has none, unless it is kept elsewhere.
func (r *reader) pipeline(ctx context.Context) (int, error) {
	file := cmp.Or(r.project.PipelineFile, ".gitlab-ci.yml")
	if strings.Contains(file, "@") || strings.Contains(file, "://") {
		return 0, fmt.Errorf("%w the pipeline definition, which is kept in %s", forge.ErrHidden, file)
	}
	there, err := r.hasFile(ctx, file)
	if err != nil || !there {
		return 0, err
	}
	text := limited{left: maxPipeline}
	if _, err := r.get(ctx, r.at("repository", "files", gitlab.PathEscape(file), "raw"), url.Values{"ref": {r.branch}}, &text); err != nil {
		return 0, err
	}
	row := schema.Workflow{Forge: r.source.Forge.Name, Repository: r.row, Path: file, TokenWrites: []string{}}
	if err := readPipeline(text.text.Bytes(), &row); err != nil {
		return 0, fmt.Errorf("%w: %s: %w", forge.ErrPart, file, err)
	}
	r.to.Rows(row)
	return 1, nil
}

// hasFile looks into the folder: a file that is not there and one that may not be
// seen are both answered 404.
func (r *reader) hasFile(ctx context.Context, file string) (bool, error) {
	type entry struct {
		Path string `json:"path"`
	}
	query := url.Values{"ref": {r.branch}}
	if dir := path.Dir(file); dir != "." {
		query.Set("path", dir)
	}
	entries, err := list[entry](ctx, r.asker, r.at("repository", "tree"), query)
	return slices.ContainsFunc(entries, func(e entry) bool { return e.Path == file }), err
}

// limited takes so many bytes and refuses more. The buffer is not embedded, for its
// ReadFrom would go past the limit.
type limited struct {
	text bytes.Buffer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= len(b); l.left < 0 {
		return 0, fmt.Errorf("%w: the file has more than %d bytes", forge.ErrPart, maxPipeline)
	}
	return l.text.Write(b)
}

// readPipeline reads what of a definition matters here
// (https://docs.gitlab.com/ci/yaml/). What it includes is not followed.
func readPipeline(text []byte, row *schema.Workflow) error {
	var jobs map[string]yaml.Node
	if err := yaml.Unmarshal(text, &jobs); err != nil {
		return err
	}
	for name, job := range jobs {
		if name == "include" {
			unpinned(job, row)
		}
		row.OIDC = row.OIDC || has(job, "id_tokens")
	}
	row.Unpinned = forge.Sorted(row.Unpinned)
	return nil
}

// has reports whether a mapping has a key.
func has(node yaml.Node, key string) bool {
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return true
		}
	}
	return false
}

// commit matches a reference that nobody can move.
var commit = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// unpinned notes what is included from elsewhere and not pinned: a file of another
// project or a component without a commit, and an address without a digest.
func unpinned(node yaml.Node, row *schema.Workflow) {
	if node.Kind == yaml.SequenceNode {
		for _, item := range node.Content {
			unpinned(*item, row)
		}
		return
	}
	var include struct {
		Project   string `yaml:"project"`
		Ref       string `yaml:"ref"`
		Component string `yaml:"component"`
		Remote    string `yaml:"remote"`
		Integrity string `yaml:"integrity"`
	}
	if node.Kind == yaml.ScalarNode {
		if strings.Contains(node.Value, "://") {
			include.Remote = node.Value
		}
	} else if node.Decode(&include) != nil {
		row.Unpinned = append(row.Unpinned, "an include that cannot be read")
		return
	}
	component, version, _ := strings.Cut(include.Component, "@")
	switch {
	case include.Project != "" && !commit.MatchString(include.Ref):
		row.Unpinned = append(row.Unpinned, include.Project+"@"+cmp.Or(include.Ref, "HEAD"))
	case component != "" && !commit.MatchString(version):
		row.Unpinned = append(row.Unpinned, include.Component)
	case include.Remote != "" && include.Integrity == "":
		row.Unpinned = append(row.Unpinned, withoutUser(include.Remote))
	}
}

// withoutUser takes a password out of an address.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}
