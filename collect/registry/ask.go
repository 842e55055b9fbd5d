package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/auditpack/auditpack/schema"
)

// Bounds on what a registry may answer about one image.
const (
	maxArtifacts = 100
	maxDocument  = 16 << 20 // bytes of one bundle, envelope or payload
)

var (
	errHidden = errors.New("the registry does not have the image, or does not show it to this account")
	errMany   = fmt.Errorf("more than %d signatures and attestations refer to the image", maxArtifacts)
)

// options are those of every request.
func (r *Reader) options(ctx context.Context) []remote.Option {
	pause := r.Pause
	if pause == 0 {
		pause = time.Second
	}
	transport := r.Transport
	if transport == nil {
		transport = remote.DefaultTransport
	}
	return []remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(r.keychain), remote.WithUserAgent(strings.TrimSpace("auditpack/" + r.Version)), remote.WithTransport(transport),
		remote.WithRetryBackoff(remote.Backoff{Duration: pause, Factor: 3, Jitter: 0.1, Steps: 4}),
		remote.WithRetryStatusCodes(http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout),
	}
}

// signed returns what is signed about an image. With an error it is what was seen before.
func (r *Reader) signed(ctx context.Context, d name.Digest) ([]document, error) {
	puller, err := remote.NewPuller(r.options(ctx)...)
	if err != nil {
		return nil, err
	}
	// A registry that hides images from strangers answers every question about them
	// with "not found"; only about an image that it shows does that mean "none".
	if _, err := puller.Head(ctx, d); err != nil {
		if notFound(err) {
			return nil, errHidden
		}
		return nil, err
	}
	found, err := referrers(ctx, puller, d)
	if err != nil {
		return found, err
	}
	for _, suffix := range []string{"sig", "att"} {
		tagged, err := tagged(ctx, puller, d, suffix)
		found = append(found, tagged...)
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// referrers reads the artifacts that name the image as their subject.
func referrers(ctx context.Context, puller *remote.Puller, d name.Digest) ([]document, error) {
	index, err := remote.Referrers(d, remote.WithContext(ctx), remote.Reuse(puller))
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var out []document
	for i, m := range list.Manifests {
		if i == maxArtifacts {
			return out, errMany
		}
		doc := document{artifact: m.Digest.String(), mediaType: m.ArtifactType}
		switch {
		case isBundle(m.ArtifactType), untyped(m.ArtifactType):
			found, err := layersOf(ctx, puller, d.Context().Digest(m.Digest.String()))
			out = append(out, found...)
			if err != nil {
				return out, err
			}
		case isForeignSignature(m.ArtifactType):
			out = append(out, doc)
		}
	}
	return out, nil
}

// tagged reads what cosign kept under a tag before there were referrers.
func tagged(ctx context.Context, puller *remote.Puller, d name.Digest, suffix string) ([]document, error) {
	tag := d.Context().Tag(strings.Replace(d.DigestStr(), ":", "-", 1) + "." + suffix)
	found, err := layersOf(ctx, puller, tag)
	if notFound(err) {
		return nil, nil
	}
	return found, err
}

// layersOf reads the signed documents of one manifest.
func layersOf(ctx context.Context, puller *remote.Puller, ref name.Reference) ([]document, error) {
	got, err := puller.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if !got.MediaType.IsImage() {
		return nil, fmt.Errorf("%s is a %s and no manifest", ref, got.MediaType)
	}
	image, err := got.Image()
	if err != nil {
		return nil, err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Layers) > maxArtifacts {
		return nil, errMany
	}
	var out []document
	for _, layer := range manifest.Layers {
		if !isSigned(string(layer.MediaType)) {
			continue
		}
		content, err := blob(ctx, puller, ref, layer)
		if err != nil {
			return out, err
		}
		out = append(out, document{artifact: got.Digest.String(), mediaType: string(layer.MediaType), annotations: layer.Annotations, content: content})
	}
	return out, nil
}

// blob reads one layer within its bound. Its digest is checked while it is read.
func blob(ctx context.Context, puller *remote.Puller, ref name.Reference, layer v1.Descriptor) ([]byte, error) {
	if layer.Size > maxDocument {
		return nil, fmt.Errorf("a layer of %s has more than %d bytes", ref, maxDocument)
	}
	l, err := puller.Layer(ctx, ref.Context().Digest(layer.Digest.String()))
	if err != nil {
		return nil, err
	}
	content, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	b, err := io.ReadAll(io.LimitReader(content, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = fmt.Errorf("a layer of %s has more than %d bytes", ref, maxDocument)
	}
	return b, err
}

// notFound reports whether the registry said that something is not there.
func notFound(err error) bool {
	var refused *transport.Error
	return errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound
}

// refusal says how a question ended that was not answered. What a server says of
// itself is cut; the address of a request may hold a token and is not told.
func refusal(err error) (schema.Outcome, int, string) {
	var refused *transport.Error
	switch {
	case errors.Is(err, errHidden):
		return schema.Forbidden, http.StatusNotFound, errHidden.Error()
	case errors.Is(err, errMany):
		return schema.Truncated, 0, errMany.Error()
	case !errors.As(err, &refused):
		return schema.Failed, 0, "the registry gave no usable answer: " + short(err.Error())
	}
	code := refused.StatusCode
	switch code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return schema.Forbidden, code, "the registry refused: " + http.StatusText(code)
	case http.StatusTooManyRequests:
		return schema.Failed, code, "the rate limit of the registry was used up"
	}
	return schema.Failed, code, fmt.Sprintf("the registry answered %d %s", code, http.StatusText(code))
}

// short cuts a text of a stranger to one readable line.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}
