package b2sync

import (
	"context"
	"sync"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
)

// largeFrom is the size, in bytes, from which a download that is interrupted is
// gone on with. Below, fetching it again costs less than keeping book.
const largeFrom = 16_000_000

func isLarge(f *b2.File) bool { return f.Size >= largeFrom }

// create begins a local file; a large one with what an earlier run has left of
// the same version.
func (d *downloader) create(f *b2.File, name string) (*localfs.Temp, error) {
	if !isLarge(f) {
		return d.root.Create(name)
	}
	return d.root.Continue(name, localfs.Version{ID: f.ID, Size: f.Size, SHA1: f.ContentSHA1()}, d.opts.Fsync)
}

// goOn has a download fetch what is missing of a file, and note what it writes.
func goOn(request *b2.DownloadRequest, temp *localfs.Temp, m *meter) {
	var there int64
	for _, s := range temp.Have() {
		request.Have = append(request.Have, b2.Span(s))
		there += s.End - s.Off
	}
	m.skip(there)
	request.Wrote = func(s b2.Span) error { return temp.Note(localfs.Span(s)) }
	request.Again = func() error {
		m.skip(-there)
		there = 0
		return temp.StartOver()
	}
}

// parts are the temporary files at the destination that are not of this moment.
type parts struct {
	mu   sync.Mutex
	seen map[string]bool // by the scan: names of temporary files
	kept map[string]bool // by this run: names of targets
}

// mostParts is how many temporary files are remembered; those beyond are left
// to the next run.
const mostParts = 10_000

func (p *parts) saw(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	if len(p.seen) < mostParts {
		p.seen[name] = true
	}
}

func (p *parts) keep(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[string]bool{}
	}
	p.kept[target] = true
}

// sweep removes the temporary files that the scan has seen, but for those that
// this run has left for the next, those of names that are none of this run's
// business, and those that another run is writing. What was wanted has been
// gone on with, so nobody wants the others.
func (d *downloader) sweep(context.Context) {
	if d.root == nil {
		return
	}
	for name := range d.parts.seen {
		err := d.root.Sweep(name, func(target string) bool {
			chosen, err := d.opts.Names.Keep(target)
			return d.parts.kept[target] || !chosen || err != nil
		})
		if err == nil {
			d.removeEmpty(name)
		}
	}
}
