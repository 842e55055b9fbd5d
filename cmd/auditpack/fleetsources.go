package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	compared "github.com/auditpack/auditpack/assess/compare"
	"github.com/auditpack/auditpack/assess/fleet"
	"github.com/auditpack/auditpack/internal/publish"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// A fleetSource is one bundle to read, here or at a place.
type fleetSource struct {
	// name is printed and goes into the report: the last part of the path.
	name string
	read func(ctx context.Context, policy seal.Policy) (fleet.Bundle, error)
}

// fleetSources finds the bundles behind paths and addresses. reportsOnly is true
// where some of them lie elsewhere, so that only their reports are read.
func fleetSources(ctx context.Context, args []string) (sources []fleetSource, reportsOnly bool, closePlaces func() error, err error) {
	var paths []string
	var open []*publish.Place
	closePlaces = func() error {
		var err error
		for _, p := range open {
			err = errors.Join(err, p.Close())
		}
		return err
	}
	for _, arg := range args {
		if local, ok := strings.CutPrefix(arg, "file://"); ok {
			arg = local
		}
		if !strings.Contains(arg, "://") {
			paths = append(paths, arg)
			continue
		}
		if err := publish.CheckAddress(arg); err != nil {
			return nil, false, nil, invalid(err)
		}
		place, err := publish.Open(ctx, arg)
		if err != nil {
			return nil, false, nil, errors.Join(err, closePlaces())
		}
		open = append(open, place)
		found, err := place.List(ctx)
		if err == nil && len(found) == 0 {
			err = invalid(fmt.Errorf("%s has no archive that is named as bundles are", place.Address))
		}
		if err != nil {
			return nil, false, nil, errors.Join(err, closePlaces())
		}
		for _, b := range found {
			sources = append(sources, storedSource(place, b))
		}
	}
	local, err := bundlesIn(paths)
	if err != nil {
		return nil, false, nil, errors.Join(invalid(err), closePlaces())
	}
	for _, p := range local {
		sources = append(sources, localSource(p))
	}
	return sources, len(open) > 0, closePlaces, nil
}

// localSource is a bundle in a file or folder, verified to its last byte.
func localSource(file string) fleetSource {
	return fleetSource{filepath.Base(file), func(ctx context.Context, policy seal.Policy) (fleet.Bundle, error) {
		v, err := seal.Verify(ctx, file, policy)
		if err != nil {
			return fleet.Bundle{}, errors.New(strings.TrimPrefix(err.Error(), file+": "))
		}
		defer v.Close()
		content, err := readAtMost(v.FS(), reportFile, maxReportBytes)
		if err != nil {
			return fleet.Bundle{}, err
		}
		return fleetBundle(v.Manifest, v.Digest, content)
	}}
}

// storedSource is a bundle at a place, of which the report is read.
func storedSource(place *publish.Place, b publish.Stored) fleetSource {
	return fleetSource{path.Base(b.Name), func(ctx context.Context, policy seal.Policy) (fleet.Bundle, error) {
		part, err := seal.VerifyPart(ctx, place.Reader(ctx, b), b.Size, reportFile, policy)
		if err != nil {
			return fleet.Bundle{}, err
		}
		return fleetBundle(part.Manifest, part.Digest, part.Content)
	}}
}

const reportFile = "report.json"

// fleetBundle keeps what counts of a verified report.
func fleetBundle(m schema.Manifest, digest string, report []byte) (fleet.Bundle, error) {
	if err := noExtract(m); err != nil {
		return fleet.Bundle{}, err
	}
	r, err := decodeReport(reportFile, report)
	if err != nil {
		return fleet.Bundle{}, err
	}
	return fleet.Bundle{Standing: compared.Of(r, &schema.Evidence{}, nil), Organization: r.Plan.Organization, Digest: digest, Gaps: r.Summary.Gaps}, nil
}

// bundlesIn finds the bundles behind paths: archives, folders of bundles, and
// folders with archives in them. Each is listed once, sorted.
func bundlesIn(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() || isBundleFolder(arg) {
			out = append(out, filepath.Clean(arg))
			continue
		}
		before := len(out)
		err = filepath.WalkDir(arg, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() && (strings.HasSuffix(path, ".zip") || strings.HasSuffix(path, ".zip"+seal.EncryptedSuffix)) {
				out = append(out, filepath.Clean(path))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(out) == before {
			return nil, fmt.Errorf("%s is no bundle and has no archive in it", arg)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func isBundleFolder(path string) bool {
	for _, name := range []string{seal.AttestationFile, "statement.json"} {
		if _, err := os.Stat(filepath.Join(path, name)); err == nil {
			return true
		}
	}
	return false
}
