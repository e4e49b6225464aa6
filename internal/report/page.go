package report

import (
	_ "embed"
	"html/template"
	"io"
	"time"

	"github.com/bowline-sync/bowline/internal/ui"
)

// The page, and Chart.js with its treemap, whose licences lie beside them and
// are named in the files themselves.
var (
	//go:embed assets/page.html
	pageText string
	//go:embed assets/page.css
	styleText string
	//go:embed assets/page.js
	scriptText string
	//go:embed assets/chart.js
	chartText string
	//go:embed assets/treemap.js
	treemapText string
)

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count": ui.Count,
	"size":  ui.Size,
	"span":  ui.Span,
	"rate":  func(s Slow) string { return ui.Rate(s.Bytes, s.Took) },
	"day":   func(t time.Time) string { return t.Local().Format("2 Jan 2006") },
	"clock": func(t time.Time) string { return t.Local().Format("15:04 MST") },
	"more":  func(all int64, shown []Line) int64 { return all - int64(len(shown)) },
	"moved": (*Data).moved,
}).Parse(pageText))

// moved is the average rate of the run.
func (d *Data) moved() string {
	var bytes int64
	for _, kind := range d.Kinds {
		if kind.Name == "upload" || kind.Name == "download" {
			bytes += kind.Bytes
		}
	}
	if d.DryRun {
		return ""
	}
	return ui.Rate(bytes, d.Took)
}

// charts is what the script draws.
type charts struct {
	Timeline *Timeline
	Kinds    []Kind
	Sizes    []SizeBand
	Folders  []box
}

// box is a folder in the treemap, or the rest of the folders.
type box struct {
	Folder
	Rest bool `json:"rest,omitempty"`
}

func (d *Data) boxes() []box {
	boxes := make([]box, len(d.Folders), len(d.Folders)+1)
	for i, folder := range d.Folders {
		boxes[i].Folder = folder
	}
	if d.Others.Count > 0 {
		boxes = append(boxes, box{d.Others, true})
	}
	return boxes
}

// WritePage writes the page: one HTML file that needs no other.
func (d *Data) WritePage(w io.Writer) error {
	return page.Execute(w, map[string]any{
		"D":       d,
		"Charts":  charts{d.Timeline, d.Kinds, d.Sizes, d.boxes()},
		"Style":   template.CSS(styleText),
		"Library": template.JS(chartText + "\n" + treemapText),
		"Script":  template.JS(scriptText),
	})
}
