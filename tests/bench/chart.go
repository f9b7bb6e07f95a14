//go:build linux

package main

import (
	"html/template"
	"strings"
)

// chartTemplate uses colours that are legible on white and on black, because an image can't know the page's background.
var chartTemplate = template.Must(template.New("chart").Parse(`<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{{.Height}}" viewBox="0 0 760 {{.Height}}" role="img" aria-label="{{.Caption}}">
<style>text{font:12px system-ui,sans-serif;fill:#76808a}.b{font-size:15px;font-weight:600}.t{font-weight:600}.e{text-anchor:end}</style>
<text x="12" y="26" class="b">{{.Caption}}</text>
{{range .Rows}}{{if .Title}}<text x="12" y="{{.Y}}" class="t">{{.Title}}</text>
{{else}}<text x="182" y="{{.Y}}" class="e">{{.Name}}</text>
<rect x="190" y="{{.Top}}" width="{{.Width}}" height="13" rx="2" fill="{{.Colour}}"/>
<text x="{{.End}}" y="{{.Y}}">{{.Times}} x  ({{.Rate}}/s)</text>
{{end}}{{end}}<text x="12" y="{{.Bottom}}">{{.Machine}}</text>
</svg>
`))

// charted are the contenders of the chart, with their colours.
var charted = []struct{ name, colour string }{
	{flaskName, "#8d96a0"}, {gunicornName, "#8d96a0"}, {ourName, "#2da44e"}, {databaseName, "#9a7fd1"},
}

// chartRow is a case's title, or a contender's bar.
type chartRow struct {
	Title, Name, Colour, Times, Rate string
	Y, Top, Width, End               int
	multiple                         float64
}

// chart draws, as SVG, the calls per second of each contender as a multiple of Flask's, for each case with the Flask design.
func (r *result) chart() string {
	var rows []chartRow
	most, y := 1.0, 26
	for _, c := range r.Cases {
		flask := find(c.Contenders, flaskName).Rate
		if flask == 0 {
			continue
		}
		y += 36
		rows = append(rows, chartRow{Title: c.Title, Y: y})
		for _, one := range charted {
			if found := find(c.Contenders, one.name).Rate; found > 0 {
				y += 17
				rows = append(rows, chartRow{Name: one.name, Colour: one.colour, Y: y, Top: y - 11, Times: number(found / flask), Rate: number(found), multiple: found / flask})
				most = max(most, found/flask)
			}
		}
	}
	const longest = 420 // pixels
	for i := range rows {
		rows[i].Width = max(1, int(rows[i].multiple/most*longest+0.5))
		rows[i].End = 196 + rows[i].Width
	}
	var b strings.Builder
	check(chartTemplate.Execute(&b, map[string]any{
		"Caption": "Calls a second, as a multiple of the Flask design's", "Rows": rows, "Machine": r.Machine.String(), "Bottom": y + 36, "Height": y + 50,
	}))
	return b.String()
}
