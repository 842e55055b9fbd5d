package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// A repository keeps bundles in an OCI registry, each as an artifact under a tag
// that is made of its name. The tag comes last: what has one is whole.
type repository struct {
	*remote.Repository
	// tag is that of the address, and empty where each bundle has its own.
	tag string

	mu sync.Mutex
	// known are the artifacts that were looked at, by the name of the bundle.
	known map[string]artifact
}

// An artifact is what a tag points to, and the archive in it.
type artifact struct {
	manifest digest.Digest
	archive  ocispec.Descriptor
}

func openRepository(_ context.Context, u *url.URL) (*Place, error) {
	options := u.Query()
	plain := isLoopback(u.Hostname()) || options.Get("plain-http") == "true"
	options.Del("plain-http")
	if len(options) > 0 {
		return nil, fmt.Errorf("a registry has only the option plain-http=true, and not %s", strings.Join(slices.Sorted(maps.Keys(options)), ", "))
	}
	repo, err := remote.NewRepository(u.Host + u.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: write oci://registry/repository or oci://registry/repository:tag", err)
	}
	if strings.Contains(u.Path, "@") {
		return nil, errors.New("a digest is no place to publish to: write oci://registry/repository")
	}
	configured, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("read the credentials of docker: %w", err)
	}
	client := &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache(), Credential: credentials.Credential(configured)}
	client.SetUserAgent("auditpack")
	repo.Client, repo.PlainHTTP = client, plain
	// An index of referrers that was replaced is left to the registry, which may
	// allow nobody to delete.
	repo.SkipReferrersGC = true
	r := &repository{Repository: repo, tag: repo.Reference.Reference, known: map[string]artifact{}}
	base := "oci://" + repo.Reference.Registry + "/" + repo.Reference.Repository
	return &Place{
		Address: base,
		store:   r,
		address: func(name string) string { return base + ":" + r.tagOf(name) },
		single:  r.tag != "",
		close:   func() error { return nil },
	}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Tags leave out the extension that nearly all bundles have: prod-2026-09-30 stands
// for prod-2026-09-30.zip, prod-2026-09-30.age for prod-2026-09-30.zip.age, and
// prod-2026-09-30.hold for the hold on the first.
func (r *repository) tagOf(name string) string {
	if r.tag != "" {
		return r.tag
	}
	name, held := strings.CutSuffix(name, HoldSuffix)
	name, encrypted := strings.CutSuffix(name, ".age")
	tag := strings.TrimSuffix(name, ".zip")
	if encrypted {
		tag += ".age"
	}
	if held {
		tag += HoldSuffix
	}
	return tag
}

func nameOfTag(tag string) string {
	bundle, held := strings.CutSuffix(tag, HoldSuffix)
	bundle, encrypted := strings.CutSuffix(bundle, ".age")
	name := bundle + ".zip"
	if encrypted {
		name += ".age"
	}
	if held {
		name += HoldSuffix
	}
	return name
}

func (r *repository) put(ctx context.Context, a Archive, content io.ReadSeeker, o PutOptions) error {
	if o.Lock != nil {
		return errors.New("a registry cannot lock: have it make tags immutable, and give nobody the right to delete")
	}
	tag := r.tagOf(a.Name)
	if err := r.checkFree(ctx, tag); err != nil {
		return err
	}
	manifest, err := r.pushArtifact(ctx, a, content)
	if err != nil {
		return err
	}
	if err := r.attach(ctx, a, manifest, o.Sign); err != nil {
		return err
	}
	// No registry writes a tag only where there is none, so this second look leaves
	// an instant in which another publisher could come between.
	if err := r.checkFree(ctx, tag); err != nil {
		return err
	}
	return r.Tag(ctx, manifest, tag)
}

// checkFree returns errExists for a tag that is there.
func (r *repository) checkFree(ctx context.Context, tag string) error {
	switch _, err := r.Resolve(ctx, tag); {
	case err == nil:
		return errExists
	case errors.Is(err, errdef.ErrNotFound):
		return nil
	default:
		return err
	}
}

func (r *repository) identify(ctx context.Context, name string) (string, error) {
	found, err := r.find(ctx, name)
	return found.manifest.String(), err
}

// find looks up the bundle of a name.
func (r *repository) find(ctx context.Context, name string) (artifact, error) {
	r.mu.Lock()
	found, ok := r.known[name]
	r.mu.Unlock()
	if ok {
		return found, nil
	}
	found, err := r.fetch(ctx, r.tagOf(name))
	if err != nil {
		return artifact{}, err
	}
	if found.archive.Digest == "" {
		return artifact{}, fmt.Errorf("the tag %s has something that is no bundle of auditpack", r.tagOf(name))
	}
	r.mu.Lock()
	r.known[name] = found
	r.mu.Unlock()
	return found, nil
}

// fetch reads the manifest behind a tag. Of one that is no bundle's there is no archive.
func (r *repository) fetch(ctx context.Context, tag string) (artifact, error) {
	d, body, err := r.FetchReference(ctx, tag)
	if errors.Is(err, errdef.ErrNotFound) {
		return artifact{}, errors.Join(fs.ErrNotExist, err)
	}
	if err != nil {
		return artifact{}, err
	}
	defer body.Close()
	content, err := io.ReadAll(io.LimitReader(body, maxManifest))
	if err != nil {
		return artifact{}, err
	}
	if digest.FromBytes(content) != d.Digest {
		return artifact{}, fmt.Errorf("the manifest of %s is cut off, or is not the one with digest %s", tag, d.Digest)
	}
	found := artifact{manifest: d.Digest}
	var m ocispec.Manifest
	if json.Unmarshal(content, &m) == nil && m.ArtifactType == artifactType && len(m.Layers) == 1 {
		found.archive = m.Layers[0]
	}
	return found, nil
}

// maxManifest is more than registries accept, https://github.com/opencontainers/distribution-spec.
const maxManifest = 4 << 20

func (r *repository) read(ctx context.Context, name string, offset, size int64) (io.ReadCloser, error) {
	found, err := r.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if offset == 0 && size < 0 {
		return r.Blobs().Fetch(ctx, found.archive)
	}
	return r.readRange(ctx, found.archive, offset, size)
}

// readRange asks for the range itself: the library begins with the whole, much of
// which is on its way by the time it seeks.
func (r *repository) readRange(ctx context.Context, d ocispec.Descriptor, offset, size int64) (io.ReadCloser, error) {
	scheme := "https"
	if r.PlainHTTP {
		scheme = "http"
	}
	ctx = auth.AppendRepositoryScope(ctx, r.Reference, auth.ActionPull)
	address := fmt.Sprintf("%s://%s/v2/%s/blobs/%s", scheme, r.Reference.Host(), r.Reference.Repository, d.Digest)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	last := d.Size - 1
	if size >= 0 {
		last = min(last, offset+size-1)
	}
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, last))
	response, err := r.Client.Do(request)
	if err != nil {
		return nil, err
	}
	switch response.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK: // a registry without ranges
		if _, err := io.CopyN(io.Discard, response.Body, offset); err != nil {
			return nil, errors.Join(err, response.Body.Close())
		}
	default:
		return nil, errors.Join(fmt.Errorf("the registry answered %s for a part of the archive", response.Status), response.Body.Close())
	}
	return part{io.LimitReader(response.Body, last-offset+1), response.Body}, nil
}

// requestsAtOnce go to a registry for the manifests behind its tags.
const requestsAtOnce = 8

func (r *repository) list(ctx context.Context, _ bool) ([]object, error) {
	tags, err := r.tags(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]artifact, len(tags))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(requestsAtOnce)
	for i, tag := range tags {
		g.Go(func() (err error) {
			found[i], err = r.fetch(ctx, tag)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed since
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []object
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, tag := range tags {
		if found[i].manifest == "" {
			continue
		}
		name := nameOfTag(tag)
		if title := found[i].archive.Annotations[ocispec.AnnotationTitle]; r.tag != "" && title != "" {
			name = title
		}
		r.known[name] = found[i]
		out = append(out, object{name, found[i].archive.Size})
	}
	return out, nil
}

// tags are those of bundles, and of whatever else is in the repository. Those are
// left out in which registries without a list of referrers keep them:
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
func (r *repository) tags(ctx context.Context) ([]string, error) {
	if r.tag != "" {
		return []string{r.tag}, nil
	}
	var out []string
	err := r.Tags(ctx, "", func(page []string) error {
		for _, tag := range page {
			if !strings.HasPrefix(tag, "sha256-") {
				out = append(out, tag)
			}
		}
		return nil
	})
	if statusOf(err) == http.StatusNotFound {
		return nil, nil // a repository comes into being with its first artifact
	}
	return out, err
}

// held says which other tag would go with the bundle: what is deleted is what both
// point to.
func (r *repository) held(_ context.Context, name string, _ time.Time) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range slices.Sorted(maps.Keys(r.known)) {
		if other != name && r.known[other].manifest == r.known[name].manifest {
			return "it has the tag " + r.tagOf(other) + ", too", nil
		}
	}
	return "", nil
}

// remove deletes the manifests of a bundle and of what refers to it. The registry's
// collection of garbage gives back the space of the archive.
func (r *repository) remove(ctx context.Context, name string) error {
	found, err := r.find(ctx, name)
	if err != nil {
		return err
	}
	d, err := r.Resolve(ctx, found.manifest.String())
	if err != nil {
		return err
	}
	referrers, err := r.Predecessors(ctx, d)
	if err != nil {
		return err
	}
	for _, target := range append(referrers, d) {
		if err := r.Delete(ctx, target); err != nil && !errors.Is(err, errdef.ErrNotFound) {
			return deletionError(err)
		}
	}
	return nil
}

func deletionError(err error) error {
	if statusOf(err) == http.StatusMethodNotAllowed {
		return fmt.Errorf("the registry lets nobody delete: allow it there, or leave out the keep rules and use the registry's own: %w", err)
	}
	return err
}

// statusOf is the status of the answer that is an error, 0 for another error.
func statusOf(err error) int {
	var response *errcode.ErrorResponse
	if errors.As(err, &response) {
		return response.StatusCode
	}
	return 0
}
