package assess

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// sample draws rows of each population as schema/FORMAT.md describes it, nil when
// the run wants none. Populations of the report are in the order of their names.
func (a *assessment) sample(r *schema.Report) (*schema.Sample, error) {
	in := a.in.Sampling
	if in == nil {
		return nil, nil
	}
	s := &schema.Sample{Size: in.Size, Seed: in.Seed, SeedGiven: in.Seed != "", Populations: []schema.SampledPopulation{}}
	if s.Seed == "" {
		s.Seed = seedOf(r)
	}
	for _, p := range r.Populations {
		if p.Rows == 0 {
			continue
		}
		rows, err := a.draw(p.Name, s)
		if err != nil {
			return nil, fmt.Errorf("population %s: %w", p.Name, err)
		}
		s.Populations = append(s.Populations, schema.SampledPopulation{Population: p.Name, Rows: rows})
	}
	return s, nil
}

// seedOf is the seed that follows from the evidence: nobody chose it, and equal
// evidence gives an equal sample.
func seedOf(r *schema.Report) string {
	h := sha256.New()
	_, _ = io.WriteString(h, r.AsOf.UTC().Format(time.RFC3339)+"\n")
	for _, p := range r.Populations {
		_, _ = io.WriteString(h, p.Name+" "+p.SHA256+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A drawn row comes the earlier the smaller its digest is.
type drawn struct {
	digest [sha256.Size]byte
	row    int
}

func (d drawn) compare(o drawn) int {
	if c := bytes.Compare(d.digest[:], o.digest[:]); c != 0 {
		return c
	}
	return d.row - o.row
}

// draw returns the numbers of the rows that are drawn, in the order of their digests.
func (a *assessment) draw(population string, s *schema.Sample) ([]int, error) {
	rows := rowsOf(&a.snap.Evidence, &a.all, population)
	prefix := []byte(s.Seed + "\n" + population + "\n")
	var first []drawn // the smallest so far, in order
	for i := range rows.Len() {
		line, err := schema.MarshalLine(rows.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		d := drawn{sha256.Sum256(append(prefix[:len(prefix):len(prefix)], line...)), i + 1}
		if len(first) == s.Size && first[s.Size-1].compare(d) <= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, d, drawn.compare)
		first = slices.Insert(first, at, d)
		first = first[:min(len(first), s.Size)]
	}
	out := make([]int, len(first))
	for i, d := range first {
		out[i] = d.row
	}
	return out, nil
}
