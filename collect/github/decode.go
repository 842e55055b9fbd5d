package github

import (
	"bytes"
	"net/url"
	"strconv"
	"time"
)

// A stamp is a time that may be null.
type stamp struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (s *stamp) UnmarshalJSON(b []byte) error {
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

func number(id int64) string { return strconv.FormatInt(id, 10) }

// hostOf returns the host of an address, and whether it is reached by https.
func hostOf(address string) (host string, https bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	return u.Host, u.Scheme == "https"
}
