package xlsx

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/render"
)

// Characters of ten-point type on a page of A4, as small as it can still be read.
const (
	portraitWidth  = 110
	landscapeWidth = 210
	paperA4        = 9
)

// pagesWide is how many pages beside each other a sheet takes to be read.
func pagesWide(s render.Sheet) (pages int, portrait bool) {
	width := 0
	for _, c := range s.Columns {
		width += c.Width
	}
	return max(1, (width+landscapeWidth-1)/landscapeWidth), width <= portraitWidth
}

// printNames say what of a sheet is printed, down to a row, and what again on each
// page: the header, and beside the first page the first column.
func (b *book) printNames(s render.Sheet, last int) error {
	pages, _ := pagesWide(s)
	titles := fmt.Sprintf("%s!$%d:$%[2]d", quoteSheet(s.Name), b.headerRow[s.Name])
	if pages > 1 {
		titles = quoteSheet(s.Name) + "!$A:$A," + titles
	}
	area := fmt.Sprintf("%s!$A$1:$%s$%d", quoteSheet(s.Name), columnName(len(s.Columns)), last)
	for _, name := range []excelize.DefinedName{{Name: "_xlnm.Print_Titles", Scope: s.Name, RefersTo: titles}, {Name: "_xlnm.Print_Area", Scope: s.Name, RefersTo: area}} {
		if err := b.SetDefinedName(&name); err != nil {
			return err
		}
	}
	return nil
}

// printPage sets paper, header and footer of a sheet. A height of 0 takes as many
// pages as the rows need.
func (b *book) printPage(sheet string, portrait bool, width, height int) error {
	orientation, size, fit := "landscape", paperA4, true
	if portrait {
		orientation = "portrait"
	}
	if err := b.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &orientation, Size: &size, FitToWidth: &width, FitToHeight: &height}); err != nil {
		return err
	}
	if err := b.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	escape := func(text string) string { return strings.ReplaceAll(celltext.Clean(text), "&", "&&") }
	return b.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{
		OddHeader: "&L" + celltext.Shorten(escape(b.d.Header), 180) + "&R" + celltext.Shorten(escape(sheet), 60), OddFooter: "&L" + celltext.Shorten(escape(b.d.Footer), 180) + "&RPage &P of &N",
	})
}
