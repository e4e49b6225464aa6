package synth

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/bench/corpus"
)

// Limits of a page (API documentation, list_file_names).
const (
	defaultPage = 100
	maxPage     = 10_000
)

var (
	modTime  = strconv.FormatInt(corpus.ModTime.UnixMilli(), 10)
	uploaded = strconv.FormatInt(corpus.ModTime.UnixMilli()+1_000, 10)
)

// pages lends buffers: a page of 10,000 files is 7.4 MB.
var pages = sync.Pool{New: func() any { return new([]byte) }}

// list answers list_file_names and list_file_versions, which are the same
// here: every file has one version.
func list(w http.ResponseWriter, r *http.Request, version, call string) {
	q, err := readQuery(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_json", err.Error())
		return
	}
	n, ok := q.files()
	if !ok {
		refuse(w, http.StatusBadRequest, "bad_bucket_id", "Bucket "+q.BucketID+" does not exist")
		return
	}
	if q.MaxFileCount < 0 || q.MaxFileCount > maxPage {
		refuse(w, http.StatusBadRequest, "out_of_range", "maxFileCount must be 0 to 10000")
		return
	}
	if q.MaxFileCount == 0 {
		q.MaxFileCount = defaultPage
	}
	buf := pages.Get().(*[]byte)
	defer pages.Put(buf)
	p := page{
		buf: append((*buf)[:0], `{"files":[`...), bucketID: bucketID(n),
		v1: version == "v1", versions: call == "b2_list_file_versions",
	}
	next := p.fill(&q, n)
	if w, ok := w.(EntryCounter); ok {
		w.CountEntries(int64(p.count))
	}
	*buf = p.end(next, n)
	w.Header().Set("Content-Length", strconv.Itoa(len(*buf)))
	_, _ = w.Write(*buf)
}

// An EntryCounter is a response writer that wants to be told how many entries
// a page has, before the page is written.
type EntryCounter interface{ CountEntries(n int64) }

// page is an answer in the making.
type page struct {
	buf      []byte
	count    int
	v1       bool // names the size twice, as v1 does
	versions bool
	bucketID string
	name     []byte

	first        []byte // file entry of the page
	idAt, nameAt int    // in it, the number in the id, and the name
}

// fill adds what the query asks for of n files, and answers the number of the
// file at which the next page starts, n for none.
func (p *page) fill(q *query, n int) (next int) {
	first, end := corpus.Span(n, q.Prefix)
	first = max(first, corpus.Seek(n, q.StartFileName))
	for i := first; i < end; {
		if p.count == q.MaxFileCount {
			return i
		}
		if p.count > 0 {
			p.buf = append(p.buf, ',')
		}
		p.count++
		p.name = corpus.AppendName(p.name[:0], i)
		if folder, ok := folderOf(p.name, q.Prefix, q.Delimiter); ok {
			p.folder(folder)
			_, i = corpus.Span(n, folder)
			continue
		}
		p.file(i)
		i++
	}
	return n
}

// folderOf answers the part of name up to the first delimiter after prefix.
func folderOf(name []byte, prefix, delimiter string) (folder string, ok bool) {
	if delimiter == "" {
		return "", false
	}
	before, _, ok := strings.Cut(string(name[len(prefix):]), delimiter)
	return prefix + before + delimiter, ok
}

func (p *page) folder(name string) {
	p.buf = fmt.Appendf(p.buf, `{"accountId":%q,"action":"folder","bucketId":%q,"contentLength":0,"contentSha1":null,`+
		`"contentType":null,"fileId":null,"fileInfo":{},"fileName":%q,"size":0,"uploadTimestamp":0}`, accountID, p.bucketID, name)
}

// file adds an entry with the fields of the documentation's example, 0.74 kB.
// All entries of a bucket differ in their numbers only, which have a fixed
// width: so an entry is a copy of the first with other digits in it. The server
// shares the processors with the tools, and should not be what is measured.
func (p *page) file(i int) {
	if p.first == nil {
		p.first = p.render(i)
		p.idAt = bytes.Index(p.first, []byte(idBefore)) + len(idBefore)
		p.nameAt = bytes.Index(p.first, []byte(nameBefore)) + len(nameBefore)
	}
	at := len(p.buf)
	p.buf = append(p.buf, p.first...)
	entry := p.buf[at:]
	corpus.AppendNumber(entry[:p.idAt], i, idNumber)
	copy(entry[p.nameAt:], p.name)
}

// nameBefore stands before the name of an entry.
const nameBefore = `"fileName":"`

// render writes an entry out.
func (p *page) render(i int) []byte {
	b := append([]byte(nil), `{"accountId":"`+accountID+`","action":"upload","bucketId":"`...)
	b = append(b, p.bucketID...)
	b = append(b, `","contentLength":0,"contentMd5":"d41d8cd98f00b204e9800998ecf8427e","contentSha1":"`+emptySHA1+
		`","contentType":"application/octet-stream","fileId":"`...)
	b = p.appendFileID(b, i)
	b = append(b, `","fileInfo":{"src_last_modified_millis":"`...)
	b = append(b, modTime...)
	b = append(b, `"},`+nameBefore...)
	b = append(b, p.name...)
	b = append(b, `","fileRetention":{"isClientAuthorizedToRead":true,"value":{"mode":null,"retainUntilTimestamp":null}},`+
		`"legalHold":{"isClientAuthorizedToRead":true,"value":null},`+
		`"serverSideEncryption":{"algorithm":null,"mode":null},"uploadTimestamp":`...)
	b = append(b, uploaded...)
	if p.v1 {
		b = append(b, `,"size":0`...)
	}
	return append(b, '}')
}

// The id of a file holds its number after a fixed beginning.
const (
	idBefore = "_f1"
	idAfter  = "_d20231114_m221321_c002_v0402011_t0022_u01700000001000"
	idNumber = 15
)

func (p *page) appendFileID(b []byte, i int) []byte {
	b = append(b, "4_z"...)
	b = append(b, p.bucketID...)
	b = append(b, idBefore...)
	b = corpus.AppendNumber(b, i, idNumber)
	return append(b, idAfter...)
}

// fileNumber is the inverse of appendFileID.
func fileNumber(id string) (int, error) {
	_, rest, _ := strings.Cut(id, idBefore)
	return strconv.Atoi(rest[:min(idNumber, len(rest))])
}

// end closes the answer. Only a listing of versions goes on at an id.
func (p *page) end(next, n int) []byte {
	switch {
	case next == n && p.versions:
		return append(p.buf, `],"nextFileId":null,"nextFileName":null}`...)
	case next == n:
		return append(p.buf, `],"nextFileName":null}`...)
	case !p.versions:
		return fmt.Appendf(p.buf, `],"nextFileName":%q}`, corpus.Name(next))
	}
	return fmt.Appendf(p.buf, `],"nextFileId":%q,"nextFileName":%q}`, p.appendFileID(nil, next), corpus.Name(next))
}
