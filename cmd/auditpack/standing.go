package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"

	compared "github.com/auditpack/auditpack/assess/compare"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

// Bounds of what is read of a bundle to compare it.
const (
	maxReportBytes = 512 << 20
	maxRowBytes    = 16 << 20
	maxGrantBytes  = 256 << 20
)

// comparedPopulations are those that a standing is made of, beside the access grants.
var comparedPopulations = []string{"services", "ingresses", "gateways", "containers"}

// standingOf reads what of a bundle is compared with another.
func standingOf(bundle fs.FS) (*schema.Standing, error) {
	report, err := loadReport(bundle, "report.json")
	if err != nil {
		return nil, err
	}
	evidence := &schema.Evidence{}
	for _, name := range comparedPopulations {
		if err := readRows(bundle, name, evidence); err != nil {
			return nil, err
		}
	}
	data, err := readAtMost(bundle, accessGrants.Path(), maxGrantBytes)
	if err != nil {
		return nil, err
	}
	grants, err := input.DecodeGrants(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", accessGrants.Path(), err)
	}
	return compared.Of(report, evidence, grants), nil
}

func loadReport(from fs.FS, path string) (*schema.Report, error) {
	data, err := readAtMost(from, path, maxReportBytes)
	if err != nil {
		return nil, err
	}
	return decodeReport(path, data)
}

func decodeReport(path string, data []byte) (*schema.Report, error) {
	var r schema.Report
	if err := schema.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s is not a report that this version reads: %w", path, err)
	}
	return &r, nil
}

func readAtMost(from fs.FS, path string, limit int64) ([]byte, error) {
	f, err := from.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return data, nil
}

// readRows adds the rows of a population; none where the bundle does not have it.
func readRows(bundle fs.FS, name string, to *schema.Evidence) error {
	p, _ := schema.PopulationNamed(name)
	f, err := bundle.Open(p.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxRowBytes)
	for n := 1; lines.Scan(); n++ {
		if err := to.AppendJSON(name, append(lines.Bytes(), '\n')); err != nil {
			return fmt.Errorf("%s line %d: %w", p.Path(), n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", p.Path(), err)
	}
	return nil
}
