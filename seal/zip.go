package seal

import (
	"encoding/binary"

	"github.com/auditpack/auditpack/schema"
)

// This file has every byte of the archive that is not a member's data. Writer and
// reader both use it: the writer writes these bytes, the reader compares with them.
// FORMAT.md describes them for other implementations; APPNOTE.TXT is the source.

const (
	localSignature   = 0x04034b50
	centralSignature = 0x02014b50
	endSignature     = 0x06054b50

	localSize   = 30 // without the name
	centralSize = 46 // without the name
	endSize     = 22

	versionNeeded = 20        // 2.0, the version that brought deflate
	madeBy        = 3<<8 | 20 // Unix, 2.0
	zipDate       = 1<<5 | 1  // 1980-01-01, the first day that ZIP can say
	fileMode      = 0o100644  // a regular file
	externalMode  = uint32(fileMode) << 16

	methodStore   = 0
	methodDeflate = 8
)

// A zipEntry has what the headers of one file say.
type zipEntry struct {
	name   string
	method uint16
	crc    uint32
	packed uint32
	size   uint32
	offset uint32 // of the local header
}

// dataOffset is where the packed data begins.
func (e zipEntry) dataOffset() int64 { return int64(e.offset) + localSize + int64(len(e.name)) }

// end is the offset behind the packed data.
func (e zipEntry) end() int64 { return e.dataOffset() + int64(e.packed) }

func (e zipEntry) localHeader() []byte {
	b := make([]byte, 0, localSize+len(e.name))
	b = binary.LittleEndian.AppendUint32(b, localSignature)
	b = e.appendCommon(b)
	return append(b, e.name...)
}

func (e zipEntry) centralHeader() []byte {
	b := make([]byte, 0, centralSize+len(e.name))
	b = binary.LittleEndian.AppendUint32(b, centralSignature)
	b = binary.LittleEndian.AppendUint16(b, madeBy)
	b = e.appendCommon(b)
	b = append(b, 0, 0) // no comment
	b = append(b, 0, 0) // disk 0
	b = append(b, 0, 0) // internal attributes
	b = binary.LittleEndian.AppendUint32(b, externalMode)
	b = binary.LittleEndian.AppendUint32(b, e.offset)
	return append(b, e.name...)
}

// appendCommon appends the fields that both headers have, in the same order.
func (e zipEntry) appendCommon(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, versionNeeded)
	b = append(b, 0, 0) // flags: sizes in the header, names in ASCII
	b = binary.LittleEndian.AppendUint16(b, e.method)
	b = append(b, 0, 0) // midnight
	b = binary.LittleEndian.AppendUint16(b, zipDate)
	b = binary.LittleEndian.AppendUint32(b, e.crc)
	b = binary.LittleEndian.AppendUint32(b, e.packed)
	b = binary.LittleEndian.AppendUint32(b, e.size)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(e.name)))
	return append(b, 0, 0) // no extra field
}

// endRecord is the end of an archive with n files whose central directory has this
// size and place.
func endRecord(n int, size, offset uint32) []byte {
	b := make([]byte, 0, endSize)
	b = binary.LittleEndian.AppendUint32(b, endSignature)
	b = append(b, 0, 0, 0, 0) // one disk
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint32(b, size)
	b = binary.LittleEndian.AppendUint32(b, offset)
	return append(b, 0, 0) // no comment
}

// tail returns central directory and end record for entries that fill the archive
// up to their last data byte.
func tail(entries []zipEntry) []byte {
	var b []byte
	for _, e := range entries {
		b = append(b, e.centralHeader()...)
	}
	offset := entries[len(entries)-1].end()
	return append(b, endRecord(len(entries), uint32(len(b)), uint32(offset))...)
}

func zipMethod(m schema.PackMethod) uint16 {
	if m == schema.PackDeflate {
		return methodDeflate
	}
	return methodStore
}
