package publish

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// opener opens the store of an address.
type opener func(ctx context.Context, u *url.URL) (*Place, error)

var openers = map[string]opener{
	"file": func(_ context.Context, u *url.URL) (*Place, error) {
		if u.Host != "" || u.RawQuery != "" {
			return nil, errors.New("a folder has three slashes and no options: file:///srv/bundles")
		}
		f, err := openFolder(u.Path)
		return &Place{store: f, close: func() error { return nil }}, err
	},
	"s3": openBucket, "gs": openBucket, "azblob": openBucket,
	"oci": openRepository,
}

// CheckAddress returns an error for an address that Open would not understand. It
// asks nobody.
func CheckAddress(address string) error {
	_, err := parseAddress(address)
	return err
}

func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no address: want such as s3://bucket/folder?region=eu-central-1", address)
	case u.User != nil:
		return nil, fmt.Errorf("the address of %s has a password in it: give credentials in the way of the store's own tools", u.Host)
	case openers[u.Scheme] == nil:
		return nil, fmt.Errorf("%q begins with none of file://, s3://, gs://, azblob:// and oci://", address)
	}
	return u, nil
}

// Open returns the place that an address names: file:///folder, s3://bucket/folder,
// gs://bucket/folder, azblob://container/folder, oci://registry/repository. Options
// of the store follow a question mark, as gocloud.dev documents them; credentials
// come from where the store's own tools look. The caller closes the place.
func Open(ctx context.Context, address string) (*Place, error) {
	u, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	p, err := openers[u.Scheme](ctx, u)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", address, err)
	}
	if p.address == nil {
		p.Address = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimSuffix(u.Path, "/") + "/"}).String()
		p.address = func(name string) string { return p.Address + name }
	}
	return p, nil
}
