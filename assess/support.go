package assess

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/auditpack/auditpack/schema"
)

// supportFuncs decides the checks that ask how old releases and nodes are.
var supportFuncs = map[string]Func{
	"supportedReleases": supportedReleases,
	"freshNodes":        freshNodes,
}

const (
	supportTableDays = 180 // age from which the table is for a person to check
	supportLeftDays  = 60  // days left from which a release is partial
	maxNodeDays      = 90  // age from which a node is partial
	maxSkew          = 3   // minors that a kubelet may be behind the API server, since Kubernetes 1.28
)

// version reads the minor out of a version such as v1.36.1-eks-4f4795d.
var version = regexp.MustCompile(`^v?1\.([0-9]+)`)

// minorOf returns the minor release of a version; false when it says none.
func minorOf(text string) (int, bool) {
	m := version.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}

// A support says how a release stands.
type support struct {
	result schema.Result
	ends   schema.Date // zero when the table does not say
	reason string      // for a person, where the result is needs_review
}

// supportOf looks a minor release up. One older than the whole table is out of
// support; one that is newer than it, or any when the table is old, is for a person.
func (p *Pass) supportOf(minor int) support {
	spec := p.Inputs.Support.Spec
	if len(spec.Releases) == 0 {
		return support{result: schema.ResultNeedsReview, reason: "there is no table of supported releases"}
	}
	today := p.Facts.Today()
	oldest := -1
	var found *schema.SupportedRelease
	for i := range spec.Releases {
		n, ok := minorOf(spec.Releases[i].Minor)
		if !ok {
			continue
		}
		if oldest < 0 || n < oldest {
			oldest = n
		}
		if n == minor {
			found = &spec.Releases[i]
		}
	}
	switch {
	case found == nil && minor < oldest:
		return support{result: schema.ResultFail}
	case found != nil && found.EndOfLife.Before(today):
		return support{result: schema.ResultFail, ends: found.EndOfLife}
	case spec.AsOf.DaysUntil(today) > supportTableDays:
		return support{result: schema.ResultNeedsReview, reason: fmt.Sprintf("the table of supported releases is of %s, more than %d days old", spec.AsOf, supportTableDays)}
	case found == nil:
		return support{result: schema.ResultNeedsReview, reason: "the table of supported releases of " + spec.AsOf.String() + " does not have it"}
	case today.DaysUntil(found.EndOfLife) < supportLeftDays:
		return support{result: schema.ResultPartial, ends: found.EndOfLife}
	}
	return support{result: schema.ResultPass, ends: found.EndOfLife}
}

// supportedReleases decides CHG-06.k1 for the API server and each node. Files do
// not tell the version of the server.
func supportedReleases(p *Pass) ([]Outcome, error) {
	out := []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected, Message: "the version of the API server of " + p.Cluster.Name + " is not known"}}
	if p.Cluster.ServerVersion != "" {
		out[0] = p.judgeRelease(p.Cluster.Subject(), p.Cluster.ServerVersion)
	} else if len(p.Evidence.Nodes) > 0 {
		out = nil // the kubelets tell, and are never newer than the server
	}
	for _, n := range p.Evidence.Nodes {
		out = append(out, p.judgeRelease(n.Subject(), n.KubeletVersion))
	}
	return out, nil
}

func (p *Pass) judgeRelease(s schema.Subject, text string) Outcome {
	minor, ok := minorOf(text)
	if !ok {
		return Outcome{Subject: s, Result: schema.ResultNeedsReview, Message: fmt.Sprintf("%s has the version %q, which is none of Kubernetes.", s, text)}
	}
	is := p.supportOf(minor)
	o := Outcome{Subject: s, Result: is.result, Vars: map[string]string{"version": text, "name": s.String(), "date": "before the first date of the table"}}
	if !is.ends.IsZero() {
		o.Vars["date"] = "since " + is.ends.String()
	}
	switch is.result {
	case schema.ResultPartial:
		o.Message = fmt.Sprintf("Kubernetes %s of %s is supported until %s only.", text, s, is.ends)
	case schema.ResultNeedsReview:
		o.Message = fmt.Sprintf("Whether Kubernetes %s of %s is supported is for a person to see: %s.", text, s, is.reason)
	}
	return o
}

// freshNodes decides SEP-05.k1 for each node: its kubelet, its age, and whether its
// pool runs one image, that of the newest node.
func freshNodes(p *Pass) ([]Outcome, error) {
	current := map[string]schema.Node{} // the newest node of each pool
	newest := 0
	for _, n := range p.Evidence.Nodes {
		if c, ok := current[n.Pool]; !ok || c.Created.Before(n.Created) {
			current[n.Pool] = n
		}
		minor, _ := minorOf(n.KubeletVersion)
		newest = max(newest, minor)
	}
	if server, ok := minorOf(p.Cluster.ServerVersion); ok {
		newest = server
	}
	var out []Outcome
	for _, n := range p.Evidence.Nodes {
		minor, known := minorOf(n.KubeletVersion)
		days := int(p.Facts.AsOf.Sub(n.Created).Hours() / 24)
		o := Outcome{Subject: n.Subject(), Result: schema.ResultPass,
			Vars: map[string]string{"node": n.Name, "age": fmt.Sprint(days), "version": n.KubeletVersion, "osImage": cmp.Or(n.OSImage, "an image that it does not name")}}
		is := p.supportOf(minor)
		switch {
		case known && (newest-minor > maxSkew || is.result == schema.ResultFail):
			o.Result = schema.ResultFail
		case n.Created.IsZero() || !known:
			o.Result, o.Message = schema.ResultNeedsReview, fmt.Sprintf("Node %s does not say how old it is, or which kubelet it runs.", n.Name)
		case days > maxNodeDays:
			o.Result = schema.ResultPartial
		case n.Pool != "" && n.OSImage != current[n.Pool].OSImage:
			o.Result, o.Message = schema.ResultNeedsReview, fmt.Sprintf("Node %s runs %s, and the newest node of its pool %s runs %s.", n.Name, n.OSImage, n.Pool, current[n.Pool].OSImage)
		case is.result == schema.ResultNeedsReview:
			o.Result, o.Message = schema.ResultNeedsReview, fmt.Sprintf("Whether kubelet %s of node %s is supported is for a person to see: %s.", n.KubeletVersion, n.Name, is.reason)
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Outcome) int { return a.Subject.Compare(b.Subject) })
	return out, nil
}
