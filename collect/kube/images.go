package kube

import "strings"

// An image is a container image reference in its parts.
type image struct{ registry, repository, tag, digest string }

// parseImage splits a reference the way container runtimes do: the part before
// the first slash is a host when it has a dot or a colon or is localhost, the
// default host is docker.io, and its official images live under library/.
func parseImage(ref string) image {
	var im image
	ref, im.digest, _ = strings.Cut(ref, "@")
	if i := strings.LastIndex(ref, ":"); i > strings.LastIndex(ref, "/") {
		ref, im.tag = ref[:i], ref[i+1:]
	}
	host, rest, ok := strings.Cut(ref, "/")
	if ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		im.registry, im.repository = strings.ToLower(host), rest
	} else {
		im.registry, im.repository = "docker.io", ref
	}
	if im.registry == "index.docker.io" || im.registry == "registry-1.docker.io" {
		im.registry = "docker.io"
	}
	if im.registry == "docker.io" && im.repository != "" && !strings.Contains(im.repository, "/") {
		im.repository = "library/" + im.repository
	}
	return im
}

// pinnedBy says what decides which image runs: digest, tag or latest.
func (im image) pinnedBy() string {
	switch {
	case im.digest != "":
		return "digest"
	case im.tag != "" && im.tag != "latest":
		return "tag"
	}
	return "latest"
}

// runningImage joins the reference and the digest that the kubelet reported.
// Older runtimes put docker-pullable:// before the id; an id without a digest
// is of a local image and is left as it is.
func runningImage(ref, id string) string {
	id = strings.TrimPrefix(id, "docker-pullable://")
	name, digest, ok := strings.Cut(id, "@")
	switch {
	case !ok:
		return id
	case ref == "" || strings.HasPrefix(ref, "sha256:"):
		ref = name
	}
	ref, _, _ = strings.Cut(ref, "@")
	return ref + "@" + digest
}
