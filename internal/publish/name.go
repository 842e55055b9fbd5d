package publish

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// A bundleName is what the file name of a bundle says.
type bundleName struct {
	plan string
	date time.Time
	// number tells the bundles of one day apart; the first has none and counts as 1.
	number    int
	encrypted bool
}

var namePattern = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)-([0-9]{4}-[0-9]{2}-[0-9]{2})(?:-([1-9][0-9]{0,5}))?\.zip(\.age)?$`)

// parseName reads a file name as seal gives it: plan, day, number, extension.
func parseName(name string) (bundleName, bool) {
	m := namePattern.FindStringSubmatch(name)
	if m == nil {
		return bundleName{}, false
	}
	date, err := time.Parse(time.DateOnly, m[2])
	if err != nil {
		return bundleName{}, false
	}
	n := bundleName{plan: m[1], date: date, number: 1, encrypted: m[4] != ""}
	if m[3] != "" {
		if n.number, err = strconv.Atoi(m[3]); err != nil || n.number < 2 {
			return bundleName{}, false
		}
	}
	return n, true
}

// next is the name of another bundle of the day.
func (n bundleName) next() string {
	name := fmt.Sprintf("%s-%s-%d.zip", n.plan, n.date.Format(time.DateOnly), n.number+1)
	if n.encrypted {
		name += ".age"
	}
	return name
}

// compare puts the newer bundle first.
func (n bundleName) compare(o bundleName) int {
	return cmp.Or(o.date.Compare(n.date), cmp.Compare(o.number, n.number))
}
