// Package pdfupdate appends incremental updates to PDF files of our own making.
//
// Open reads a file that has classic cross-reference tables, as the PDF library
// writes them and as this package appends them. Set and Add collect changed and
// new objects; Bytes returns the file with one update appended, in which every
// earlier byte stays what it was. That is what lets a signature be added to a
// finished file. Sections of ISO 32000-1: 7.5.4 (table), 7.5.5 (trailer), 7.5.6
// (updates).
//
// It is no general parser: cross-reference streams, object streams and encryption
// are refused.
package pdfupdate

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf16"
)

// Bounds of what Open reads: objects in a table, and tables in a file.
const (
	maxObjects = 1 << 22
	maxTables  = 16
)

// A File is a PDF file with the changes to append. It is not safe for concurrent use.
type File struct {
	data    []byte
	start   int         // offset of the newest cross-reference table
	offsets map[int]int // of every object in use
	size    int         // one more than the highest object number
	root    int
	info    int // 0 when there is none
	changed map[int]string
}

var (
	startRE  = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF\s*$`)
	headRE   = regexp.MustCompile(`^(\d+) (\d+)\s*\n`)
	entryRE  = regexp.MustCompile(`^(\d{10}) (\d{5}) ([nf])[ \r\n]{2}`)
	objectRE = regexp.MustCompile(`^(\d+) 0 obj\s`)
	rootRE   = regexp.MustCompile(`/Root\s+(\d+)\s+0\s+R`)
	infoRE   = regexp.MustCompile(`/Info\s+(\d+)\s+0\s+R`)
	sizeRE   = regexp.MustCompile(`/Size\s+(\d+)`)
	prevRE   = regexp.MustCompile(`/Prev\s+(\d+)`)
	pagesRE  = regexp.MustCompile(`/Pages\s+(\d+)\s+0\s+R`)
	kidsRE   = regexp.MustCompile(`/Kids\s*\[([^\]]*)\]`)
	refRE    = regexp.MustCompile(`(\d+)\s+0\s+R`)
)

// Open reads the tables of a PDF file. It keeps data and does not change it.
func Open(data []byte) (*File, error) {
	f := &File{data: data, offsets: map[int]int{}, changed: map[int]string{}}
	tail := data[max(0, len(data)-64):]
	var err error
	if f.start, err = integer(startRE, tail, "startxref"); err != nil {
		return nil, err
	}
	if err := f.readTables(); err != nil {
		return nil, err
	}
	for n := range f.offsets {
		if n >= f.size {
			return nil, fmt.Errorf("/Size %d leaves out object %d", f.size, n)
		}
	}
	return f, nil
}

// readTables follows the chain of tables from the newest to the oldest; the first
// word on an object is the newest one.
func (f *File) readTables() error {
	seen := map[int]bool{}
	removed := map[int]bool{}
	for at, newest := f.start, true; ; newest = false {
		if seen[at] {
			return errors.New("cross-reference tables form a loop")
		}
		seen[at] = true
		if len(seen) > maxTables {
			return fmt.Errorf("more than %d cross-reference tables", maxTables)
		}
		trailer, err := f.readTable(at, removed)
		if err != nil {
			return fmt.Errorf("cross-reference table at %d: %w", at, err)
		}
		if newest {
			if err := f.readTrailer(trailer); err != nil {
				return err
			}
		}
		if !prevRE.Match(trailer) {
			return nil
		}
		if at, err = integer(prevRE, trailer, "/Prev"); err != nil {
			return err
		}
	}
}

func (f *File) readTrailer(trailer []byte) error {
	var err error
	if f.root, err = integer(rootRE, trailer, "/Root"); err != nil {
		return err
	}
	if f.size, err = integer(sizeRE, trailer, "/Size"); err != nil {
		return err
	}
	if f.size > maxObjects {
		return fmt.Errorf("/Size %d is above the limit of %d", f.size, maxObjects)
	}
	if bytes.Contains(trailer, []byte("/Encrypt")) {
		return errors.New("the file is encrypted")
	}
	if infoRE.Match(trailer) {
		f.info, err = integer(infoRE, trailer, "/Info")
	}
	return err
}

// readTable reads one table and returns its trailer dictionary.
func (f *File) readTable(at int, removed map[int]bool) ([]byte, error) {
	if at < 0 || at >= len(f.data) {
		return nil, errors.New("offset outside the file")
	}
	rest, ok := bytes.CutPrefix(f.data[at:], []byte("xref"))
	if !ok {
		return nil, errors.New("no classic table")
	}
	rest = bytes.TrimLeft(rest, "\r\n ")
	for {
		head := headRE.FindSubmatch(rest)
		if head == nil {
			break
		}
		rest = rest[len(head[0]):]
		first, _ := strconv.Atoi(string(head[1]))
		n, _ := strconv.Atoi(string(head[2]))
		if n > maxObjects || first > maxObjects {
			return nil, errors.New("too many objects")
		}
		for i := range n {
			e := entryRE.FindSubmatch(rest)
			if e == nil {
				return nil, fmt.Errorf("entry of object %d is malformed", first+i)
			}
			rest = rest[len(e[0]):]
			f.note(first+i, e, removed)
		}
	}
	trailer, ok := bytes.CutPrefix(rest, []byte("trailer"))
	if !ok {
		return nil, errors.New("no trailer")
	}
	end := bytes.Index(trailer, []byte("startxref"))
	if end < 0 {
		return nil, errors.New("no startxref after the trailer")
	}
	return trailer[:end], nil
}

func (f *File) note(n int, entry [][]byte, removed map[int]bool) {
	if _, known := f.offsets[n]; known || removed[n] {
		return
	}
	if string(entry[3]) == "f" {
		removed[n] = true
		return
	}
	f.offsets[n], _ = strconv.Atoi(string(entry[1])) // ten digits
}

// Root returns the number of the document catalogue.
func (f *File) Root() int { return f.root }

// Info returns the number of the information dictionary, 0 when there is none.
func (f *File) Info() int { return f.info }

// Object returns the body of an object without stream, as it will be after the update.
func (f *File) Object(n int) (string, error) {
	if s, ok := f.changed[n]; ok {
		return s, nil
	}
	at, ok := f.offsets[n]
	if !ok || at >= len(f.data) {
		return "", fmt.Errorf("object %d does not exist", n)
	}
	head := objectRE.FindSubmatch(f.data[at:])
	if head == nil || string(head[1]) != strconv.Itoa(n) {
		return "", fmt.Errorf("object %d is not at offset %d", n, at)
	}
	body := f.data[at+len(head[0]):]
	end := bytes.Index(body, []byte("endobj"))
	if end < 0 {
		return "", fmt.Errorf("object %d has no end", n)
	}
	if bytes.HasSuffix(bytes.TrimSpace(body[:end]), []byte("endstream")) {
		return "", fmt.Errorf("object %d is a stream", n)
	}
	return string(bytes.TrimSpace(body[:end])), nil
}

// Pages returns the object numbers of the pages in order. The page tree must be flat.
func (f *File) Pages() ([]int, error) {
	catalogue, err := f.Object(f.root)
	if err != nil {
		return nil, err
	}
	n, err := integer(pagesRE, []byte(catalogue), "/Pages")
	if err != nil {
		return nil, err
	}
	tree, err := f.Object(n)
	if err != nil {
		return nil, err
	}
	kids := kidsRE.FindStringSubmatch(tree)
	if kids == nil {
		return nil, errors.New("the page tree has no /Kids")
	}
	var pages []int
	for _, m := range refRE.FindAllStringSubmatch(kids[1], -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, fmt.Errorf("page number %s: %w", m[1], err)
		}
		pages = append(pages, n)
	}
	return pages, nil
}

// Set replaces the body of an existing object.
func (f *File) Set(n int, body string) { f.changed[n] = body }

// Extend adds entries to the dictionary that is the body of an object. The caller
// makes sure that the keys are new.
func (f *File) Extend(n int, entries string) error {
	body, err := f.Object(n)
	if err != nil {
		return err
	}
	i := len(body) - len(">>")
	if i < 0 || body[i:] != ">>" {
		return fmt.Errorf("object %d is not a dictionary", n)
	}
	f.Set(n, body[:i]+entries+">>")
	return nil
}

// Reserve returns the number of a new object whose body is Set later.
func (f *File) Reserve() int {
	n := f.size
	f.size++
	return n
}

// Add adds an object and returns its number.
func (f *File) Add(body string) int {
	n := f.Reserve()
	f.Set(n, body)
	return n
}

// Bytes returns the file with the update appended, or the file as it was when
// nothing changed.
func (f *File) Bytes() []byte {
	if len(f.changed) == 0 {
		return bytes.Clone(f.data)
	}
	var b bytes.Buffer
	b.Write(f.data)
	if !bytes.HasSuffix(f.data, []byte("\n")) {
		b.WriteByte('\n')
	}
	numbers := slices.Sorted(maps.Keys(f.changed))
	offsets := make(map[int]int, len(numbers))
	for _, n := range numbers {
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, f.changed[n])
	}
	table := b.Len()
	b.WriteString("xref\n")
	for i := 0; i < len(numbers); {
		j := i + 1
		for j < len(numbers) && numbers[j] == numbers[j-1]+1 {
			j++
		}
		fmt.Fprintf(&b, "%d %d\n", numbers[i], j-i)
		for ; i < j; i++ {
			fmt.Fprintf(&b, "%010d 00000 n \n", offsets[numbers[i]])
		}
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R", f.size, f.root)
	if f.info > 0 {
		fmt.Fprintf(&b, " /Info %d 0 R", f.info)
	}
	fmt.Fprintf(&b, " /Prev %d>>\nstartxref\n%d\n%%%%EOF\n", f.start, table)
	return b.Bytes()
}

// TextString writes s as a PDF text string in UTF-16 with byte order mark, in hexadecimal.
func TextString(s string) string {
	b := []byte("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		b = fmt.Appendf(b, "%04X", u)
	}
	return string(append(b, '>'))
}

func integer(re *regexp.Regexp, b []byte, what string) (int, error) {
	m := re.FindSubmatch(b)
	if m == nil {
		return 0, fmt.Errorf("no %s", what)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return n, nil
}
