package main

import (
	"bytes"
	"fmt"
	"html"
)

// Measures of the plot in pixels.
const (
	plotWidth  = 860
	labelWidth = 345
	barWidth   = 190 // of the longest, in each of the two columns
	barHeight  = 18
	lineHeight = 26
)

// plot draws time and memory of every way and size as bars, in SVG.
func (r *results) plot() []byte {
	var longest, largest float64
	rows := 0
	for _, size := range r.sizes {
		rows++
		for _, name := range wayOrder {
			if s, ok := r.median(size, name); ok {
				longest, largest = max(longest, s.wall.Seconds()), max(largest, float64(s.peak>>20))
				rows++
			}
		}
	}
	var b bytes.Buffer
	height := 70 + rows*lineHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13" role="img" aria-label="time and peak memory of each way of reading a cluster">`+"\n", plotWidth, height, plotWidth, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, height)
	second := labelWidth + barWidth + 75
	text(&b, labelWidth, 30, "bold", "#333", "wall time, s")
	text(&b, second, 30, "bold", "#333", "peak memory, MiB")
	y := 45
	for _, size := range r.sizes {
		text(&b, 16, y+barHeight-3, "bold", "#333", grouped(size)+" objects")
		y += lineHeight
		for _, name := range wayOrder {
			s, ok := r.median(size, name)
			if !ok {
				continue
			}
			text(&b, 16, y+barHeight-5, "normal", "#333", name)
			bar(&b, labelWidth, y, s.wall.Seconds()/longest, colour(name), fmt.Sprintf("%.1f", s.wall.Seconds()))
			bar(&b, second, y, float64(s.peak>>20)/largest, colour(name), fmt.Sprint(s.peak>>20))
			y += lineHeight
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func text(b *bytes.Buffer, x, y int, weight, colour, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="%s" fill="%s">%s</text>`+"\n", x, y, weight, colour, html.EscapeString(s))
}

// bar draws a part of the longest bar, and its value behind it.
func bar(b *bytes.Buffer, x, y int, part float64, colour, value string) {
	width := max(1, int(part*barWidth))
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", x, y, width, barHeight, colour)
	text(b, x+width+6, y+barHeight-5, "normal", "#333", value)
}

// colour sets auditpack apart from what it is held against.
func colour(name string) string {
	if name == wayRun || name == wayGentle {
		return "#1f6f8b"
	}
	return "#b8c4cc"
}
