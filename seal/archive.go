package seal

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/auditpack/auditpack/schema"
)

// An archive is a bundle in a ZIP. It believes nothing of what the ZIP says about
// itself: once the statement is verified, it computes what every byte outside the
// members' data must be, and compares.
type archive struct {
	r    io.ReaderAt
	size int64
	// directory and end are the central directory and the end record, as read.
	directory []directoryEntry
	end       []byte
	// offsets of the members' data, known when matches has returned nil.
	offsets map[string]int64
	closer  io.Closer
	// encrypted is true when r decrypts.
	encrypted bool
}

// A directoryEntry is one entry of the central directory, as read.
type directoryEntry struct {
	raw  []byte
	name string
}

func (e directoryEntry) uint16(at int) uint16 { return binary.LittleEndian.Uint16(e.raw[at:]) }
func (e directoryEntry) uint32(at int) uint32 { return binary.LittleEndian.Uint32(e.raw[at:]) }

// openArchive reads the directory of a ZIP. The archive closes closer, if it is not nil.
func openArchive(r io.ReaderAt, size int64, closer io.Closer) (*archive, error) {
	a := &archive{r: r, size: size, closer: closer}
	if size < endSize {
		return nil, refuse(BadContainer, "", "this is not a ZIP archive")
	}
	end, err := a.bytes(size-endSize, endSize)
	if err != nil {
		return nil, err
	}
	count := int(binary.LittleEndian.Uint16(end[10:]))
	length := int64(binary.LittleEndian.Uint32(end[12:]))
	offset := int64(binary.LittleEndian.Uint32(end[16:]))
	switch {
	case binary.LittleEndian.Uint32(end) != endSignature:
		return nil, refuse(BadContainer, "", "the archive does not end with the end record of a ZIP: it is cut off, has data behind its end, or is not a ZIP")
	case count > MaxMembers+1:
		return nil, refuse(TooLarge, "", "the archive has %d files and %d are allowed", count, MaxMembers+1)
	case count == 0 || length > int64(count)*(centralSize+MaxPath) || offset+length+endSize != size:
		return nil, refuse(BadContainer, "", "the end record of the archive does not fit the archive")
	}
	raw, err := a.bytes(offset, int(length))
	if err != nil {
		return nil, err
	}
	a.end = end
	if a.directory, err = splitDirectory(raw, count); err != nil {
		return nil, err
	}
	return a, nil
}

// splitDirectory cuts the central directory into its entries.
func splitDirectory(b []byte, count int) ([]directoryEntry, error) {
	entries := make([]directoryEntry, 0, count)
	for range count {
		if len(b) < centralSize || binary.LittleEndian.Uint32(b) != centralSignature {
			return nil, refuse(BadContainer, "", "entry %d of the archive's directory is damaged", len(entries)+1)
		}
		e := directoryEntry{raw: b}
		name := int(e.uint16(28))
		length := centralSize + name + int(e.uint16(30)) + int(e.uint16(32))
		if len(b) < length {
			return nil, refuse(BadContainer, "", "entry %d of the archive's directory is damaged", len(entries)+1)
		}
		e.raw, b = b[:length], b[length:]
		e.name = string(e.raw[centralSize : centralSize+name])
		entries = append(entries, e)
	}
	if len(b) > 0 {
		return nil, refuse(BadContainer, "", "the archive's directory is longer than its entries")
	}
	return entries, nil
}

func (a *archive) String() string { return "archive" }

func (a *archive) Close() error {
	if a.closer == nil {
		return nil
	}
	return a.closer.Close()
}

// sealFile returns the last file of the archive, which says what the others are.
func (a *archive) sealFile() (name string, content []byte, err error) {
	last := a.directory[len(a.directory)-1]
	if last.name != AttestationFile && last.name != StatementFile {
		return "", nil, a.noSealFile(last.name)
	}
	if last.uint16(10) != methodStore || last.uint32(20) != last.uint32(24) {
		return "", nil, refuse(BadContainer, last.name, "it is not stored uncompressed")
	}
	if last.uint32(20) > MaxAttestation {
		return "", nil, refuse(TooLarge, last.name, "it is larger than %d bytes", MaxAttestation)
	}
	start := int64(last.uint32(42)) + localSize + int64(len(last.name))
	content, err = a.bytes(start, int(last.uint32(20)))
	return last.name, content, err
}

func (a *archive) noSealFile(last string) error {
	for _, e := range a.directory {
		if e.name == AttestationFile || e.name == StatementFile {
			return refuse(Extra, last, "it comes behind %s, which must be last", e.name)
		}
	}
	return refuse(Missing, AttestationFile, "the archive does not have it, so this is not a bundle, or its signature was taken away")
}

// matches compares everything outside the members' data with what it must be.
func (a *archive) matches(members []member, sealName string, sealContent []byte) error {
	want := entriesOf(members, sealName, sealContent)
	if err := a.matchDirectory(want); err != nil {
		return err
	}
	offsets := make(map[string]int64, len(want))
	for _, e := range want {
		header := e.localHeader()
		got, err := a.bytes(int64(e.offset), len(header))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, header) {
			return refuse(BadContainer, e.name, "its header in the archive is not as the statement prescribes")
		}
		offsets[e.name] = e.dataOffset()
	}
	a.offsets = offsets
	return nil
}

// entriesOf lays the archive out: the members in their order, then the seal file,
// each directly behind the one before.
func entriesOf(members []member, sealName string, sealContent []byte) []zipEntry {
	entries := make([]zipEntry, 0, len(members)+1)
	var offset int64
	for _, m := range members {
		e := zipEntry{
			name:   m.Path,
			method: zipMethod(m.Packed.Method),
			crc:    m.crc32,
			packed: uint32(m.Packed.Size),
			size:   uint32(m.Size),
			offset: uint32(offset),
		}
		offset = e.end()
		entries = append(entries, e)
	}
	return append(entries, zipEntry{
		name:   sealName,
		crc:    crc32.ChecksumIEEE(sealContent),
		packed: uint32(len(sealContent)),
		size:   uint32(len(sealContent)),
		offset: uint32(offset),
	})
}

// matchNames names the first file that is there and should not be, or the other way round.
func (a *archive) matchNames(want []zipEntry) error {
	expected := make(map[string]bool, len(want))
	for _, e := range want {
		expected[e.name] = true
	}
	seen := make(map[string]bool, len(want))
	for _, e := range a.directory {
		switch {
		case seen[e.name]:
			return refuse(Repeated, e.name, "the archive has it twice")
		case !expected[e.name]:
			return unexpected(e.name, expected)
		case e.uint32(38)>>16 != fileMode:
			return refuse(BadType, e.name, "it is not marked as a regular file")
		}
		seen[e.name] = true
	}
	for i, e := range want {
		if !seen[e.name] {
			return refuse(Missing, e.name, "the statement names it and the archive does not have it")
		}
		if a.directory[i].name != e.name {
			return refuse(BadContainer, a.directory[i].name, "the archive has it in the place of %q", e.name)
		}
	}
	return nil
}

// open returns the content of a member. Reading to its end checks the packed data too.
func (a *archive) open(m member) (io.ReadCloser, error) {
	data := io.NewSectionReader(a.r, a.offsets[m.Path], m.Packed.Size)
	if m.Packed.Method == schema.PackStore {
		return io.NopCloser(data), nil
	}
	// Not the library that packs: a second implementation has to agree with it. This
	// one takes not a byte more than the stream has.
	h := sha256.New()
	packed := bufio.NewReaderSize(io.TeeReader(data, h), 64<<10)
	return &inflater{m: m, packed: packed, hash: h, content: flate.NewReader(packed)}, nil
}

// An inflater unpacks one member and checks, at its end, that the packed data was
// exactly what was signed.
type inflater struct {
	m       member
	packed  *bufio.Reader
	hash    hash.Hash
	content io.ReadCloser
	end     error // what the end of the data turned out to be
}

func (i *inflater) Read(b []byte) (int, error) {
	if i.end != nil {
		return 0, i.end
	}
	n, err := i.content.Read(b)
	switch {
	case err == io.EOF:
		i.end = i.checkPacked()
		return n, i.end
	case errors.As(err, new(flate.CorruptInputError)) || errors.Is(err, io.ErrUnexpectedEOF):
		return n, refuse(Altered, i.m.Path, "its packed data cannot be unpacked: %v", err)
	}
	return n, err
}

func (i *inflater) checkPacked() error {
	rest, err := io.Copy(io.Discard, i.packed)
	if err != nil {
		return err
	}
	if rest > 0 || hex.EncodeToString(i.hash.Sum(nil)) != i.m.Packed.SHA256 {
		return refuse(Altered, i.m.Path, "its packed data is not what was signed")
	}
	return io.EOF
}

func (i *inflater) Close() error { return i.content.Close() }

// bytes reads n bytes at an offset that may be hostile.
func (a *archive) bytes(offset int64, n int) ([]byte, error) {
	if offset < 0 || offset+int64(n) > a.size {
		return nil, refuse(BadContainer, "", "the archive is shorter than it says")
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(a.r, offset, int64(n)), b); err != nil {
		if refused := (*Error)(nil); errors.As(err, &refused) {
			return nil, err
		}
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	return b, nil
}
