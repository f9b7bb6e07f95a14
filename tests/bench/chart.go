package main

import (
	"fmt"
	"html"
	"strings"
)

// Measures of the chart, in pixels.
const (
	chartWidth = 760
	chartLeft  = 190 // where bars begin
	chartBars  = 420 // the longest bar
	barHeight  = 13
	barStep    = 17
	groupGap   = 16
	titleStep  = 20
)

// Colours that can be read on white and on black, for a picture in a page can't know which it is on.
const (
	textColour   = "#76808a"
	flaskColour  = "#8d96a0"
	ourColour    = "#2da44e"
	floorColour  = "#9a7fd1"
	chartCaption = "Calls a second, as a multiple of the Flask design's"
)

// charted are the contenders that the chart shows, with their colours.
var charted = []struct{ name, colour string }{
	{flaskName, flaskColour}, {gunicornName, flaskColour}, {ourName, ourColour}, {databaseName, floorColour},
}

// chart draws, for each case that has the other design in it, how many times as many calls a second each contender
// answers, as SVG.
func (r *result) chart() string {
	most := 1.0
	var groups []caseResult
	for _, c := range r.Cases {
		base := c.rateOf(flaskName)
		if base == 0 {
			continue
		}
		groups = append(groups, c)
		for _, one := range charted {
			most = max(most, c.rateOf(one.name)/base)
		}
	}
	var b strings.Builder
	y := 26
	text := func(x int, class, anchor, words string) {
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class, anchor, html.EscapeString(words))
	}
	text(12, "b", "start", chartCaption)
	for _, c := range groups {
		y += groupGap + titleStep
		text(12, "t", "start", c.Title)
		base := c.rateOf(flaskName)
		for _, one := range charted {
			rate := c.rateOf(one.name)
			if rate == 0 {
				continue
			}
			y += barStep
			times := rate / base
			width := max(1, int(times/most*chartBars+0.5))
			text(chartLeft-8, "n", "end", one.name)
			fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", chartLeft, y-barHeight+2, width, barHeight, one.colour)
			text(chartLeft+width+6, "n", "start", fmt.Sprintf("%s x  (%s/s)", number(times), number(rate)))
		}
	}
	y += groupGap + titleStep
	text(12, "n", "start", r.Machine.String())
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%[3]s">
<style>text{font:12px system-ui,sans-serif;fill:%[4]s}.b{font-size:15px;font-weight:600}.t{font-weight:600}</style>
%[5]s</svg>
`, chartWidth, y+14, html.EscapeString(chartCaption), textColour, b.String())
}

// rateOf gives a contender's calls a second; 0 if it was not there.
func (c caseResult) rateOf(name string) float64 {
	for _, one := range c.Contenders {
		if one.Name == name {
			return one.Rate
		}
	}
	return 0
}
