package xlsx

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// A rowFile keeps the rows of all sheets on disk until the workbook is written.
// Excelize would hold up to 32 MiB of each sheet in memory until then.
type rowFile struct {
	file  *os.File
	w     *bufio.Writer
	size  int64
	spans map[string]span // by the name of the sheet's part
}

// A span is where the rows of a sheet are.
type span struct{ from, to int64 }

func newRowFile() (*rowFile, error) {
	file, err := os.CreateTemp("", "auditpack-rows-*")
	if err != nil {
		return nil, fmt.Errorf("keep rows: %w", err)
	}
	return &rowFile{file: file, w: bufio.NewWriterSize(file, 64<<10), spans: map[string]span{}}, nil
}

// close removes the rows.
func (f *rowFile) close() error { return errors.Join(f.file.Close(), os.Remove(f.file.Name())) }

// begin starts the rows of a sheet, after those of the one before.
func (f *rowFile) begin(part string) { f.spans[part] = span{f.size, f.size} }

// add writes one row of the sheet that was begun last. Columns are their letters.
func (f *rowFile) add(part string, row int, height float64, columns []string, cells []any) error {
	b := f.w.AvailableBuffer()
	b = append(b, `<row r="`...)
	b = strconv.AppendInt(b, int64(row), 10)
	if height > 0 {
		b = append(b, `" ht="`...)
		b = strconv.AppendFloat(b, height, 'f', -1, 64)
		b = append(b, `" customHeight="1`...)
	}
	b = append(b, `">`...)
	for i, cell := range cells {
		if c, ok := cell.(excelize.Cell); ok {
			b = append(append(b, `<c r="`...), columns[i]...)
			b = strconv.AppendInt(b, int64(row), 10)
			b = append(b, `" s="`...)
			b = strconv.AppendInt(b, int64(c.StyleID), 10)
			b = appendValue(b, c.Value)
			b = append(b, `</c>`...)
		}
	}
	b = append(b, `</row>`...)
	n, err := f.w.Write(b)
	f.size += int64(n)
	f.spans[part] = span{f.spans[part].from, f.size}
	return err
}

// copyTo writes the rows of a sheet to w.
func (f *rowFile) copyTo(w io.Writer, part string) error {
	if err := f.w.Flush(); err != nil {
		return err
	}
	s := f.spans[part]
	_, err := io.Copy(w, io.NewSectionReader(f.file, s.from, s.to-s.from))
	return err
}

// appendValue ends the first tag of a cell, and writes what is in it.
func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case int64:
		return append(strconv.AppendInt(append(b, `"><v>`...), v, 10), `</v>`...)
	case bool:
		n := byte('0')
		if v {
			n = '1'
		}
		return append(append(append(b, `" t="b"><v>`...), n), `</v>`...)
	case time.Time:
		if days := excelDays(v); days > 0 {
			return append(strconv.AppendFloat(append(b, `"><v>`...), days, 'f', -1, 64), `</v>`...)
		}
		return appendText(b, v.Format(time.RFC3339Nano))
	}
	return appendText(b, fmt.Sprint(value))
}

func appendText(b []byte, text string) []byte {
	b = append(b, `" t="inlineStr"><is><t`...)
	if strings.TrimSpace(text) != text {
		b = append(b, ` xml:space="preserve"`...)
	}
	if strings.Contains(text, "_x") {
		text = escapeLike.ReplaceAllString(text, "_x005F_$1")
	}
	b = append(b, '>')
	for i := range len(text) {
		switch c := text[i]; c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		default:
			b = append(b, c)
		}
	}
	return append(b, `</t></is>`...)
}

// escapeLike is what programs read as the escape of a character, _x0041_ as A, but
// for the end, which may begin the next: ECMA-376 part 1, 22.9.2.19, ST_Xstring.
var escapeLike = regexp.MustCompile(`_(x[0-9A-Fa-f]{4})`)

// excelDays is a time as workbooks count it, in days since the end of 1899. It is 0
// for times before March 1900, which they count differently.
func excelDays(t time.Time) float64 {
	seconds := t.Unix() - time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC).Unix()
	if seconds < 61*24*60*60 {
		return 0
	}
	return (float64(seconds) + float64(t.Nanosecond())/1e9) / (24 * 60 * 60)
}
