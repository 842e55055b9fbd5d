package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/flate"

	"github.com/auditpack/auditpack/schema"
)

// A packer writes an archive and learns the facts about its members on the way:
// each member is read once, unless it turns out not to shrink.
type packer struct {
	file    *os.File
	entries []zipEntry
	members []member
	deflate *flate.Writer
}

func newPacker(f *os.File) (*packer, error) {
	d, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("prepare to compress: %w", err)
	}
	return &packer{file: f, deflate: d}, nil
}

// end is where the next entry begins.
func (p *packer) end() int64 {
	if len(p.entries) == 0 {
		return 0
	}
	return p.entries[len(p.entries)-1].end()
}

// add appends a member. Members are added in the order of their paths.
func (p *packer) add(ctx context.Context, path string, content io.ReadSeeker) error {
	mediaType, packed := mediaTypeOf(path)
	facts, err := p.pack(ctx, path, content, packed)
	if err != nil {
		return fmt.Errorf("pack %s: %w", path, err)
	}
	m := member{
		Member: schema.Member{Path: path, MediaType: mediaType, Role: roleOf(path), Size: facts.size, Packed: schema.Packed{
			Method: facts.method,
			Size:   facts.packedSize,
			SHA256: hex.EncodeToString(facts.packedSum),
			CRC32:  fmt.Sprintf("%08x", facts.crc),
		}},
		sha256: hex.EncodeToString(facts.sum),
	}
	if err := m.checkFacts(); err != nil {
		return err
	}
	if p.end()+m.Packed.Size > MaxSize {
		return refuse(TooLarge, path, "with this member the archive is larger than %d bytes", int64(MaxSize))
	}
	p.members = append(p.members, m)
	return p.header(zipEntry{
		name:   path,
		method: zipMethod(facts.method),
		crc:    facts.crc,
		packed: uint32(facts.packedSize),
		size:   uint32(facts.size),
		offset: uint32(p.end()),
	})
}

// header writes the local header of an entry whose data is already in its place.
func (p *packer) header(e zipEntry) error {
	if _, err := p.file.WriteAt(e.localHeader(), int64(e.offset)); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	p.entries = append(p.entries, e)
	return nil
}

// pack writes the data of the next entry, compressed where that helps.
func (p *packer) pack(ctx context.Context, path string, content io.ReadSeeker, packed bool) (*packFacts, error) {
	if !packed {
		f, err := p.write(ctx, path, content, schema.PackDeflate)
		if err != nil || f.packedSize < f.size && f.size <= f.packedSize*MaxRatio {
			return f, err
		}
		if _, err := content.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return p.write(ctx, path, content, schema.PackStore)
}

// packFacts are what writing one member taught.
type packFacts struct {
	method           schema.PackMethod
	size, packedSize int64
	sum, packedSum   []byte
	crc              uint32
}

func (p *packer) write(ctx context.Context, path string, content io.Reader, method schema.PackMethod) (*packFacts, error) {
	start := p.end() + localSize + int64(len(path))
	out := &hashedWriter{w: io.NewOffsetWriter(p.file, start), hash: sha256.New()}
	var data io.Writer = out
	if method == schema.PackDeflate {
		p.deflate.Reset(out)
		data = p.deflate
	}
	sum, crc := sha256.New(), crc32.NewIEEE()
	size, err := io.Copy(io.MultiWriter(data, sum, crc), &boundedReader{ctx, content, MaxMemberSize})
	if err != nil {
		return nil, err
	}
	if method == schema.PackDeflate {
		if err := p.deflate.Close(); err != nil {
			return nil, err
		}
	}
	return &packFacts{
		method: method, size: size, packedSize: out.n,
		sum: sum.Sum(nil), packedSum: out.hash.Sum(nil), crc: crc.Sum32(),
	}, nil
}

// finish appends the file that says what the archive holds, and the directory.
// What a larger first attempt at the last member left behind is cut off.
func (p *packer) finish(name string, content []byte) error {
	e := zipEntry{
		name:   name,
		crc:    crc32.ChecksumIEEE(content),
		packed: uint32(len(content)),
		size:   uint32(len(content)),
		offset: uint32(p.end()),
	}
	if err := p.header(e); err != nil {
		return err
	}
	rest := append(content[:len(content):len(content)], tail(p.entries)...)
	if _, err := p.file.WriteAt(rest, e.dataOffset()); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	if err := p.file.Truncate(e.dataOffset() + int64(len(rest))); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

type hashedWriter struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

func (h *hashedWriter) Write(b []byte) (int, error) {
	n, err := h.w.Write(b)
	h.hash.Write(b[:n])
	h.n += int64(n)
	return n, err
}

// A boundedReader ends with an error when ctx does, or when there is more than left.
type boundedReader struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("it is larger than %d bytes", int64(MaxMemberSize))
	}
	return n, err
}
