package assess

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// traceFuncs decides the checks that lead what runs back to an approved change.
var traceFuncs = map[string]Func{
	"tracedRevisions": tracedRevisions,
}

// tracedRevisions decides CHG-07.k1: the commits that applications of production
// run are among the merged changes of their repositories. What is missing where a
// repository was not asked, or did not answer completely, is not collected.
func tracedRevisions(p *Pass) ([]Outcome, error) {
	m := mergedIn(p.Snapshot)
	m.unasked = unasked(p)
	var out []Outcome
	for i := range p.Evidence.Applications {
		a := &p.Evidence.Applications[i]
		if !p.deploysToProduction(a) {
			out = append(out, Outcome{Subject: a.Subject(), Result: schema.ResultNotApplicable})
			continue
		}
		out = append(out, m.trace(a))
	}
	return out, nil
}

// deploysToProduction reports whether nothing shows that an application goes
// elsewhere. One to another cluster, or that names no namespace, may be production.
func (p *Pass) deploysToProduction(a *schema.Application) bool {
	namespace := a.DestinationNamespace
	if a.Kind == "Kustomization" && namespace == a.Namespace {
		namespace = "" // without spec.targetNamespace the manifests name their own
	}
	return !p.inCluster(a.DestinationServer) || p.Facts.Production(a.Cluster, namespace) || namespace == ""
}

// unasked says that no forge was asked, and what is known without one.
func unasked(p *Pass) string {
	message := "no source gives the merged changes that running revisions would have to be among"
	var people []string
	for i := range p.Evidence.Applications {
		if a := &p.Evidence.Applications[i]; p.deploysToProduction(a) {
			people = append(people, a.SyncedBy...)
		}
	}
	if len(people) > 0 {
		message += "; deployed by hand by " + listed(people, namesShown)
	}
	return message
}

// merged is what forges say about merged changes.
type merged struct {
	evidence *schema.Evidence
	changes  []schema.MergedChange
	asked    map[string]schema.Query // by repository; where several answered, one with a gap
	unasked  string                  // what to say when that is empty
}

func mergedIn(s *schema.Snapshot) merged {
	m := merged{evidence: &s.Evidence, changes: s.Evidence.MergedChanges, asked: map[string]schema.Query{}}
	for _, q := range s.Queries {
		if old, ok := m.asked[q.Repository]; q.Resource == schema.MergedChanges && (!ok || !old.Gap()) {
			m.asked[q.Repository] = q
		}
	}
	return m
}

// trace judges one application.
func (m merged) trace(a *schema.Application) Outcome {
	o := Outcome{Subject: a.Subject(), Result: schema.ResultPass}
	commits, others := deployedCommits(a)
	repositories := repositoriesOf(a, m.evidence)
	i := slices.IndexFunc(commits, func(c string) bool { return !m.has(c, repositories) })
	switch {
	case len(commits) == 0:
		// The release of a chart is no commit; it is pinned by its version.
		o.Result = schema.ResultNotApplicable
	case len(m.asked) == 0:
		o.Result, o.Message = schema.ResultNotCollected, m.unasked
	case i >= 0:
		m.missing(&o, a, commits[i], repositories, others)
	case len(a.SyncedBy) > 0:
		o.Result, o.Severity = schema.ResultNeedsReview, schema.Info
		o.Message = fmt.Sprintf("%s runs a merged change; people started deployments of it by hand: %s.", a.Subject(), listed(a.SyncedBy, namesShown))
	}
	return o
}

// missing judges a commit that is not among the merged changes. It may be in a
// repository that was not seen, or older than the period; else it is no approved change.
func (m merged) missing(o *Outcome, a *schema.Application, commit string, repositories []string, others int) {
	gap := m.gapOf(repositories, others)
	switch {
	case gap != "":
		o.Result, o.Message = schema.ResultNotCollected, gap
	case len(repositories) == 0:
		o.Result, o.Message = schema.ResultNotCollected, "the repository of "+a.Subject().String()+" is not known"
	case !m.before(a.Deployed, repositories):
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("%s runs %s, which was deployed before any merged change that is known; it may be older than the period.", a.Subject(), commit)
	default:
		o.Result, o.Vars = schema.ResultFail, map[string]string{"app": a.Subject().String(), "revision": commit}
	}
}

// gapOf says which of some repositories did not tell all of its merged changes, or
// was not asked; empty where all did. Of others, which are sources of charts and not
// known one by one, there are no changes to ask for.
func (m merged) gapOf(repositories []string, others int) string {
	for _, r := range repositories {
		q, ok := m.asked[r]
		switch {
		case ok && q.Gap():
			return "merged changes of " + r + ": " + string(q.Outcome)
		case !ok && others > 0:
			others--
		case !ok:
			return "the merged changes of " + r + " were not asked for"
		}
	}
	return ""
}

// has reports whether a commit is a merged change of one of the repositories. Where
// no repository is known, the digest of the commit is enough.
func (m merged) has(commit string, repositories []string) bool {
	return slices.ContainsFunc(m.changes, func(c schema.MergedChange) bool {
		return (c.MergeCommit == commit || c.Head == commit) && (len(repositories) == 0 || slices.Contains(repositories, c.Repository))
	})
}

// before reports whether a change was merged into one of the repositories up to an instant.
func (m merged) before(t time.Time, repositories []string) bool {
	return slices.ContainsFunc(m.changes, func(c schema.MergedChange) bool {
		return slices.Contains(repositories, c.Repository) && !c.Merged.After(t)
	})
}

// reaches reports whether any change of the repositories is known.
func (m merged) reaches(repositories []string) bool {
	return slices.ContainsFunc(m.changes, func(c schema.MergedChange) bool { return slices.Contains(repositories, c.Repository) })
}

// commitWord matches the digest of a commit in a revision: alone as Argo CD has it,
// or as Flux writes it, main@sha1:… today and main/… before that. What Flux writes
// as latest@sha256:… is the digest of an image.
var commitWord = regexp.MustCompile(`^(?:.*@sha1:|.*/)?([0-9a-f]{40}|[0-9a-f]{64})$`)

// commitsOf returns the commits of the revisions that an application runs, and how
// many of its revisions are none.
func commitsOf(revisions string) (commits []string, others int) {
	for _, r := range strings.Fields(revisions) {
		if m := commitWord.FindStringSubmatch(r); m != nil {
			commits = append(commits, m[1])
		} else {
			others++
		}
	}
	return commits, others
}

// repositoriesOf returns the repositories of an application as MergedChange writes
// them. One of Flux names an object, which says where it fetches from; an artifact
// says itself what it was made of.
func repositoriesOf(a *schema.Application, e *schema.Evidence) []string {
	var out []string
	for _, s := range a.Sources {
		if a.Kind == "Application" {
			out = append(out, repository(s))
		} else if from, ok := fluxSource(e, a.Cluster, s); ok && cmp.Or(from.Origin, from.Address) != "" {
			out = append(out, repository(cmp.Or(from.Origin, from.Address)))
		}
	}
	return out
}

// fluxSource finds the source that an application of Flux names as Kind/namespace/name.
func fluxSource(e *schema.Evidence, cluster, name string) (schema.ApplicationSource, bool) {
	i := slices.IndexFunc(e.ApplicationSources, func(s schema.ApplicationSource) bool {
		return s.Cluster == cluster && s.Kind+"/"+s.Namespace+"/"+s.Name == name
	})
	if i < 0 {
		return schema.ApplicationSource{}, false
	}
	return e.ApplicationSources[i], true
}

// deployedCommits returns the commits that an application runs, and how many of its
// revisions are none. An artifact of Flux says which commit it was made of.
func deployedCommits(a *schema.Application) (commits []string, others int) {
	return commitsOf(cmp.Or(a.OriginRevision, a.Revision))
}

// sshPort is the port in an address such as ssh://git@host:22/path.
var sshPort = regexp.MustCompile(`^([^/:]+):[0-9]+/`)

// repository brings the addresses of one repository to one form, host/path.
func repository(address string) string {
	s := strings.ToLower(strings.TrimSpace(address))
	_, rest, isURL := strings.Cut(s, "://")
	if isURL {
		s = rest
	}
	if host, path, _ := strings.Cut(s, "/"); strings.Contains(host, "@") {
		s = host[strings.LastIndex(host, "@")+1:]
		if path != "" {
			s += "/" + path
		}
	}
	s = sshPort.ReplaceAllString(s, "$1/")
	if !isURL {
		s = strings.Replace(s, ":", "/", 1) // git@host:path
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".git")
}
