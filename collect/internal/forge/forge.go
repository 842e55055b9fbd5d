// Package forge has what the readers of all forges need: how an answer can be
// incomplete, and forms of values that forges have in common.
package forge

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// What can be in the way of an answer beside a refusal.
var (
	// ErrPart says that the rest of an answer was not read.
	ErrPart = errors.New("a part was read")
	// ErrHidden says that a field was left out of an answer.
	ErrHidden = errors.New("the token may not see")
	// ErrLimit says that waiting for a rate limit would take longer than is allowed.
	ErrLimit = fmt.Errorf("%w: the rate limit of the server was used up", ErrPart)
	// ErrPages says that a list has more than MaxPages.
	ErrPages = fmt.Errorf("%w: there are more than %d pages", ErrPart, MaxPages)
)

// MaxPages bounds a list: 100 pages of 100 are more than any repository needs in a period.
const MaxPages = 100

// SameHost is a CheckRedirect that keeps a redirect from taking the token to another host.
func SameHost(r *http.Request, via []*http.Request) error {
	if len(via) >= 5 || r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
		return fmt.Errorf("refused to follow a redirect to %s", r.URL.Host)
	}
	return nil
}

// A Stamp is a time that may be null, in UTC and whole seconds.
type Stamp struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Stamp) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) || bytes.Equal(b, []byte(`""`)) {
		return nil
	}
	var t time.Time
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	s.Time = t.UTC().Truncate(time.Second)
	return nil
}

// HostOf returns the host of an address, and whether it is reached by https.
func HostOf(address string) (host string, https bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	return u.Host, u.Scheme == "https"
}

// Sorted returns the names in order, each once; never nil.
func Sorted(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return append([]string{}, slices.Compact(out)...)
}
