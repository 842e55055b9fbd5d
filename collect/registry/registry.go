// Package registry asks registries what is signed about the images that run in a
// cluster, and verifies it: signatures and attestations of cosign, as OCI referrers
// or under the tags that came before those, and other Sigstore bundles.
//
// It only reads. A registry that refuses, hides an image or does not answer has not
// said that there is no signature; only one that shows the image, and has no
// referrer and no tag for it, has.
package registry

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// Options say which images to ask about, and whose signatures count.
type Options struct {
	// Cluster is the plan's name of the cluster that runs the images.
	Cluster string
	// Images are the hosts, or host/path prefixes, of the images to ask about.
	Images []string
	// Signers are those whose signatures count.
	Signers *Signers
	// DockerConfig is the folder of the config.json with credentials.
	DockerConfig string
	// Insecure are hosts that are reached without TLS.
	Insecure []string
	// Version of this program, for the user agent.
	Version string
	// Transport sends the requests; nil is the default one.
	Transport http.RoundTripper
	// Pause is the first of the waits after which a registry that is overloaded, or
	// limits its rate, is asked again; 0 means a second.
	Pause time.Duration
	// Progress may be nil.
	Progress collect.Progress
}

// maxDigests bounds how many images are asked about in one run: registries limit
// how often they are asked.
const maxDigests = 2000

// A Reader asks about the images of the pods that it was shown.
type Reader struct {
	Options
	keychain authn.Keychain
	digests  map[string]bool // host/repository@sha256:…
}

// New returns a Reader, or an error when the docker configuration cannot be read.
func New(o Options) (*Reader, error) {
	keychain, err := dockerKeychain(o.DockerConfig)
	if err != nil {
		return nil, fmt.Errorf("read the docker configuration: %w", err)
	}
	return &Reader{Options: o, keychain: keychain, digests: map[string]bool{}}, nil
}

// Note remembers the images of a running pod, and nothing of other rows.
func (r *Reader) Note(row schema.Row) {
	pod, ok := row.(schema.Pod)
	if !ok || pod.Phase != "Running" {
		return
	}
	for _, id := range pod.ImageIDs {
		if image := trimScheme(id); r.asks(image) {
			r.digests[image] = true
		}
	}
}

// trimScheme removes what container engines put before an image, such as docker-pullable://.
func trimScheme(id string) string {
	if _, rest, ok := strings.Cut(id, "://"); ok {
		return rest
	}
	return id
}

// asks reports whether an image is one to ask about.
func (r *Reader) asks(image string) bool {
	d, err := name.NewDigest(image)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(r.Images, func(prefix string) bool {
		prefix = strings.TrimSuffix(prefix, "/")
		return strings.HasPrefix(d.Context().Name()+"/", prefix+"/")
	})
}

// Read asks about every image that was noted, one after the other. The error is
// that of a canceled context; whatever a registry refuses is a query.
func (r *Reader) Read(ctx context.Context, to collect.Sink) error {
	images := make([]string, 0, len(r.digests))
	for image := range r.digests {
		images = append(images, image)
	}
	slices.Sort(images)
	if len(images) == 0 {
		to.Query(schema.Query{Source: r.Cluster, Resource: schema.ProvenanceOfImages, Target: "get what is signed about running images", Outcome: schema.Complete,
			Reason: "no image of " + strings.Join(r.Images, ", ") + " runs"})
	}
	for i, image := range images {
		if i == maxDigests {
			to.Query(schema.Query{Source: r.Cluster, Resource: schema.ProvenanceOfImages, Target: "get what is signed about further images", Outcome: schema.Truncated,
				Reason: fmt.Sprintf("%d of %d images were asked about", maxDigests, len(images))})
			break
		}
		if r.Progress != nil {
			r.Progress(r.Cluster, "signatures of "+image)
		}
		if err := r.image(ctx, image, to); err != nil {
			return err
		}
	}
	return nil
}

// image asks about one image.
func (r *Reader) image(ctx context.Context, image string, to collect.Sink) error {
	d, err := r.parse(image)
	if err != nil {
		return err
	}
	found, err := r.signed(ctx, d)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	row := schema.ImageProvenance{Cluster: r.Cluster, Image: d.Context().Name(), Digest: d.DigestStr()}
	q := schema.Query{Source: r.Cluster, Resource: schema.ProvenanceOfImages, Target: "get referrers and signatures of " + image, Outcome: schema.Complete, Rows: len(found), Pages: 1}
	for _, f := range found {
		to.Rows(f.row(row, r.Signers))
	}
	switch {
	case err != nil:
		q.Outcome, q.Code, q.Reason = refusal(err)
		row.Evidence, row.Verified, row.Why = schema.EvidenceUnseen, schema.VerifiedUnknown, q.Reason
		to.Rows(row)
	case len(found) == 0:
		row.Evidence, row.Verified, row.Why = schema.EvidenceNone, schema.VerifiedNo, "the registry has the image, and no signature or attestation of it"
		to.Rows(row)
	}
	to.Query(q)
	return nil
}

// parse reads an image that Note accepted.
func (r *Reader) parse(image string) (name.Digest, error) {
	host, _, _ := strings.Cut(image, "/")
	var options []name.Option
	if slices.Contains(r.Insecure, host) {
		options = append(options, name.Insecure)
	}
	return name.NewDigest(image, options...)
}
