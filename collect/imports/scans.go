package imports

import (
	"fmt"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// readTrivy reads `trivy image --format json`
// (https://trivy.dev/latest/docs/configuration/reporting/#json).
func readTrivy(d *document) error {
	var t struct {
		SchemaVersion int
		Trivy         struct{ Version string }
		CreatedAt     time.Time
		ArtifactName  string
		ArtifactType  string
		Metadata      struct{ RepoDigests []string }
		Results       []struct {
			Vulnerabilities []struct {
				FixedVersion, Severity string
				PublishedDate          time.Time
			}
		}
	}
	if err := d.decode(&t); err != nil {
		return err
	}
	d.tool, d.toolVersion, d.format = "trivy", t.Trivy.Version, fmt.Sprint(t.SchemaVersion)
	d.says(t.CreatedAt)
	switch {
	case t.SchemaVersion != 2:
		return fmt.Errorf("version %d of Trivy's form is not known here, only 2", t.SchemaVersion)
	case t.ArtifactType != "container_image":
		return fmt.Errorf("it is a scan of a %s, not of an image", clip(t.ArtifactType))
	}
	scan := schema.ImageScan{Image: clip(t.ArtifactName)}
	for _, result := range t.Results {
		for _, v := range result.Vulnerabilities {
			count(&scan, v.Severity, v.FixedVersion != "", v.PublishedDate)
		}
	}
	return d.scanned(scan, t.Metadata.RepoDigests)
}

// readGrype reads `grype -o json`. The form has no version of its own; it is that of
// the tool (https://github.com/anchore/grype).
func readGrype(d *document) error {
	var g struct {
		Matches []struct {
			Vulnerability struct {
				Severity string
				Fix      struct{ State string }
			}
		}
		Source struct {
			Type   string
			Target struct {
				UserInput      string
				ManifestDigest string
				RepoDigests    []string
			}
		}
		Descriptor struct {
			Name, Version string
			Timestamp     time.Time
		}
	}
	if err := d.decode(&g); err != nil {
		return err
	}
	d.tool, d.toolVersion, d.format = "grype", g.Descriptor.Version, g.Descriptor.Version
	d.says(g.Descriptor.Timestamp)
	switch {
	case g.Descriptor.Name != "grype" || !strings.HasPrefix(g.Descriptor.Version, "0."):
		return fmt.Errorf("version %q of %q is not known here, only 0.x of grype", clip(g.Descriptor.Version), clip(g.Descriptor.Name))
	case g.Source.Type != "image":
		return fmt.Errorf("it is a scan of a %s, not of an image", clip(g.Source.Type))
	}
	scan := schema.ImageScan{Image: clip(g.Source.Target.UserInput)}
	for _, m := range g.Matches {
		count(&scan, m.Vulnerability.Severity, m.Vulnerability.Fix.State == "fixed", time.Time{})
	}
	digests := g.Source.Target.RepoDigests
	if len(digests) == 0 && g.Source.Target.ManifestDigest != "" {
		digests = []string{scan.Image + "@" + g.Source.Target.ManifestDigest}
	}
	return d.scanned(scan, digests)
}

// count adds one vulnerability to a scan, as the counts of a VulnerabilityReport are made.
func count(s *schema.ImageScan, severity string, fixable bool, published time.Time) {
	fixed, oldest := &s.FixableCritical, &s.OldestCritical
	switch strings.ToUpper(severity) {
	case "CRITICAL":
		s.Critical++
	case "HIGH":
		s.High++
		fixed, oldest = &s.FixableHigh, &s.OldestHigh
	default:
		return
	}
	switch {
	case !fixable:
		return
	case published.IsZero():
		s.Undated++
	case oldest.IsZero() || published.Before(*oldest):
		*oldest = published.UTC().Truncate(time.Second)
	}
	*fixed++
}

// scanned emits one row for each digest that the scanned image has in a registry. A
// scan of an image without one cannot be led to anything that runs.
func (d *document) scanned(s schema.ImageScan, digests []string) error {
	s.Cluster, s.Name, s.Import, s.Scanned = d.cluster, d.name, d.name, d.made
	if s.Cluster == "" {
		s.Cluster = schema.ImportSource
	}
	seen := map[string]bool{}
	for _, repo := range digests {
		_, digest, ok := strings.Cut(repo, "@")
		if !ok || seen[digest] {
			continue
		}
		seen[digest] = true
		s.Digest = clip(digest)
		d.rows = append(d.rows, s)
	}
	if len(d.rows) == 0 {
		return fmt.Errorf("it does not say the digest of %s in a registry: scan the image from there", s.Image)
	}
	return nil
}
