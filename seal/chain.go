package seal

import (
	"fmt"
	"slices"
)

// CheckChain says how verified bundles follow each other, in the order given, or
// returns an *Error of kind BadChain. Each must name the digest of the one before
// it. A bundle that supersedes an earlier one takes that one's place: it must
// follow what the earlier one followed, and the next may follow either.
//
// It does not show that no further bundles were made beside these, nor that the
// first is the first of all, which the last sentences say.
func CheckChain(bundles []*Verified) ([]string, error) {
	var c chain
	for i, v := range bundles {
		if err := c.add(i, v); err != nil {
			return nil, err
		}
	}
	return c.sentences(), nil
}

// A chain is bundles in order. Each place holds the original and its corrections.
type chain struct {
	places [][]link
	said   []string
}

type link struct {
	number int // as given, from 1
	v      *Verified
}

func (c *chain) add(i int, v *Verified) error {
	l := link{i + 1, v}
	if given := c.find(v.Digest); given != nil {
		return refuse(BadChain, "", "bundle %d is bundle %d once more (digest %s)", l.number, given.number, v.Digest)
	}
	if s := v.Manifest.Plan.Supersedes; s != nil && i > 0 {
		return c.correct(l, s.SHA256, s.Reason)
	}
	if i == 0 {
		c.places = [][]link{{l}}
		return nil
	}
	return c.follow(l)
}

// follow puts a bundle behind the last place.
func (c *chain) follow(l link) error {
	last := c.places[len(c.places)-1]
	at := slices.IndexFunc(last, func(before link) bool { return before.v.Digest == previousOf(l.v) })
	if at < 0 {
		return c.gap(l, last[len(last)-1])
	}
	before := last[at]
	switch a, b := before.v.Manifest, l.v.Manifest; {
	case a.Plan.Name != b.Plan.Name:
		return refuse(BadChain, "", "bundle %d is of the plan %q and bundle %d of %q: a chain has one plan", before.number, a.Plan.Name, l.number, b.Plan.Name)
	case !a.AsOf.Before(b.AsOf):
		return refuse(BadChain, "", "bundle %d is as of %s, which is not after bundle %d, as of %s", l.number, instant(b.AsOf), before.number, instant(a.AsOf))
	}
	c.places = append(c.places, []link{l})
	c.say("Bundle %d, as of %s, names bundle %d (digest %s) as the one before it.", l.number, instant(l.v.Manifest.AsOf), before.number, before.v.Digest)
	if at < len(last)-1 {
		c.say("It was made before bundle %d corrected that one.", last[at+1].number)
	}
	return nil
}

// gap says why a bundle does not follow the one before it.
func (c *chain) gap(l, before link) error {
	named := previousOf(l.v)
	if named == "" {
		return refuse(BadChain, "", "bundle %d names no earlier bundle, and should name bundle %d (digest %s)", l.number, before.number, before.v.Digest)
	}
	if other := c.find(named); other != nil {
		return refuse(BadChain, "", "bundle %d follows bundle %d and not bundle %d: they are out of order, or two bundles follow the same one", l.number, other.number, before.number)
	}
	return refuse(BadChain, "", "bundle %d follows a bundle with digest %s, and the one given before it, bundle %d, has digest %s: one is missing between them, they are out of order, or one was exchanged", l.number, named, before.number, before.v.Digest)
}

// correct puts a bundle beside the one that it supersedes.
func (c *chain) correct(l link, superseded, reason string) error {
	for i, place := range c.places {
		for _, old := range place {
			if old.v.Digest != superseded {
				continue
			}
			if previousOf(old.v) != previousOf(l.v) {
				return refuse(BadChain, "", "bundle %d corrects bundle %d and does not follow the same bundle as that one", l.number, old.number)
			}
			c.places[i] = append(place, l)
			c.say("Bundle %d corrects bundle %d (digest %s) and takes its place. The reason given: %q.", l.number, old.number, superseded, reason)
			return nil
		}
	}
	return refuse(BadChain, "", "bundle %d corrects a bundle with digest %s, which is not among those given before it", l.number, superseded)
}

func (c *chain) find(digest string) *link {
	for _, place := range c.places {
		for i := range place {
			if place[i].v.Digest == digest {
				return &place[i]
			}
		}
	}
	return nil
}

func (c *chain) sentences() []string {
	first := c.places[0][0]
	if p := previousOf(first.v); p != "" {
		c.say("Not checked: the bundle before bundle %d (digest %s), which was not given.", first.number, p)
	}
	if s := first.v.Manifest.Plan.Supersedes; s != nil {
		c.say("Not checked: the bundle that bundle %d corrects (digest %s), which was not given.", first.number, s.SHA256)
	}
	c.say("Not checked: whether further bundles were made beside these; keep the digests where the people who make bundles cannot replace them.")
	return c.said
}

func (c *chain) say(format string, args ...any) {
	c.said = append(c.said, fmt.Sprintf(format, args...))
}

func previousOf(v *Verified) string {
	if p := v.Manifest.Previous; p != nil {
		return p.SHA256
	}
	return ""
}
