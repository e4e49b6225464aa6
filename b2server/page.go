package b2server

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The page at "/" shows what the server holds, to people who have a key. It is
// read-only: it has no forms but those that look.

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"size": humanSize,
	"time": func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05") },
	"query": func(pairs ...string) template.URL {
		q := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				q.Set(pairs[i], pairs[i+1])
			}
		}
		return template.URL("?" + q.Encode())
	},
}).Parse(pageHTML))

// pageView is what the page shows: the buckets and keys, or one folder.
type pageView struct {
	Account string
	Buckets []*bucket
	Keys    []pageKey

	Bucket     *bucket
	Prefix     string
	Crumbs     []crumb
	Entries    []pageEntry
	Unfinished []pageEntry
	Next       string // name to go on from
	NextID     string
}

// pageKey is a key, and the buckets and names that it is confined to.
type pageKey struct {
	*key
	Within string
}

// crumb is one folder on the way to the one that is shown.
type crumb struct{ Name, Prefix string }

// pageEntry is one line: a folder or a version.
type pageEntry struct {
	Name    string // below the prefix
	Full    string
	ID      string
	Folder  bool
	Kind    string // upload, hide, start
	Current bool   // what the name shows
	Size    int64
	Time    int64
	Type    string
	Hash    string
	Lock    string
}

// servePage answers the page, to whoever shows a key by basic authentication.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "the page is read-only", http.StatusMethodNotAllowed)
		return
	}
	c := &call{s: s, r: r, now: s.cfg.Clock(), version: 4}
	k, err := c.basicKey()
	if err != nil {
		h.Set("WWW-Authenticate", `Basic realm="application key id and application key", charset="UTF-8"`)
		http.Error(w, "Sign in with an application key id and its key.", http.StatusUnauthorized)
		return
	}
	c.key = k
	view, err := c.pageView(r.URL.Query())
	if err != nil {
		e := s.asAPIError("page", err)
		http.Error(w, cmp.Or(e.message, e.reason), e.status)
		return
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, view); err != nil {
		s.log.Error("the page cannot be rendered", slog.Any("error", err))
		http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes())
}

func (c *call) pageView(q url.Values) (*pageView, error) {
	view := &pageView{Account: c.s.account}
	if q.Get("bucket") == "" {
		return view, c.pageTop(view)
	}
	b := c.s.buckets.byName(q.Get("bucket"))
	if b == nil || !c.key.allowsBucket(b.ID) {
		return nil, notFound("there is no bucket %s for this key", q.Get("bucket"))
	}
	view.Bucket, view.Prefix = b, q.Get("prefix")
	if view.Prefix == "" {
		view.Prefix = value(c.key.Prefix)
	}
	at := 0
	for part := range strings.SplitAfterSeq(view.Prefix, "/") {
		if at += len(part); part != "" {
			view.Crumbs = append(view.Crumbs, crumb{part, view.Prefix[:at]})
		}
	}
	return view, c.pageFolder(view, q.Get("from"), q.Get("id"))
}

// pageTop fills in the buckets and the keys that this key may see.
func (c *call) pageTop(view *pageView) error {
	if c.key.can("listBuckets") {
		for _, b := range c.s.buckets.all() {
			if c.key.allowsBucket(b.ID) {
				view.Buckets = append(view.Buckets, b)
			}
		}
	}
	if !c.key.can("listKeys") {
		return nil
	}
	const most = 1000
	return c.s.store.View(func(tx Tx) error {
		cur := tx.Cursor(tableKeys)
		for id, raw := cur.Seek(nil); id != nil && len(view.Keys) < most; id, raw = cur.Next() {
			k := new(key)
			if err := json.Unmarshal(raw, k); err != nil {
				return err
			}
			view.Keys = append(view.Keys, pageKey{k, c.within(k)})
		}
		return nil
	})
}

// within says what a key is confined to; "" is nothing.
func (c *call) within(k *key) string {
	var names []string
	for _, id := range k.Buckets {
		if b := c.s.buckets.byID(id); b != nil {
			id = b.Name
		}
		names = append(names, id)
	}
	within := strings.Join(names, ", ")
	if k.Prefix != nil {
		within += "/" + *k.Prefix
	}
	return within
}

// pageFolder fills in one page of a folder, by the same listing that clients
// get.
func (c *call) pageFolder(view *pageView, from, id string) error {
	if err := c.require("listFiles"); err != nil {
		return err
	}
	count := 500
	p, err := c.page(view.Bucket.ID, view.Prefix, "/", &count)
	if err != nil {
		return err
	}
	defer p.release()
	p.start = from
	if ms, ok := timeInID(id); ok && from != "" {
		p.startTime = &ms
	}
	if err := c.s.store.View(p.versions); err != nil {
		return err
	}
	if view.Entries, err = p.pageEntries(); err != nil {
		return err
	}
	view.Next, view.NextID = p.nextName, p.nextID
	seen := map[string]bool{}
	if id != "" {
		seen[from] = true // begun on the page before
	}
	for i := range view.Entries {
		e := &view.Entries[i]
		if !e.Folder && e.Kind != "start" && !seen[e.Full] {
			seen[e.Full], e.Current = true, true
		}
	}
	most := 100
	u, err := c.page(view.Bucket.ID, view.Prefix, "", &most)
	if err != nil {
		return err
	}
	defer u.release()
	if err := c.s.store.View(func(tx Tx) error { return u.unfinished(tx, 0) }); err != nil {
		return err
	}
	view.Unfinished, err = u.pageEntries()
	return err
}

// pageEntries reads back the entries of a page.
func (p *page) pageEntries() ([]pageEntry, error) {
	var listed struct {
		Files []struct {
			Action, FileName, FileID, ContentType, ContentSHA1 string
			ContentLength, UploadTimestamp                     int64
			FileRetention                                      struct{ Value struct{ Mode string } }
			LegalHold                                          struct{ Value string }
		}
	}
	if err := json.Unmarshal(append(p.b, "]}"...), &listed); err != nil {
		return nil, err
	}
	var entries []pageEntry
	for _, f := range listed.Files {
		e := pageEntry{Name: strings.TrimPrefix(f.FileName, p.prefix), Full: f.FileName, ID: f.FileID, Folder: f.Action == "folder",
			Kind: f.Action, Size: f.ContentLength, Time: f.UploadTimestamp, Type: f.ContentType, Hash: f.ContentSHA1, Lock: f.FileRetention.Value.Mode}
		if f.LegalHold.Value == "on" {
			e.Lock = strings.TrimSpace(e.Lock + " hold")
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func humanSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, units := float64(n)/1000, "kMGTP"
	for v >= 1000 && len(units) > 1 {
		v, units = v/1000, units[1:]
	}
	return fmt.Sprintf("%.1f %cB", v, units[0])
}
