package b2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/internal/wire"
)

// ListOptions choose what a listing yields. The zero value is everything.
type ListOptions struct {
	Prefix    string // only names that begin with it
	Start     string // first name, inclusive
	StartID   string // first version of Start, inclusive; for ListVersions
	End       string // first name beyond, exclusive; "" is none
	PageSize  int    // entries a call; 0 is 10,000, which is also the most
	Delimiter string // names with it after the prefix become one folder each

	// Until is asked before each page after the first for a new End, as long as
	// the listing goes on; "" leaves it as it is. May be nil.
	Until func() string
}

// ListNames yields the newest version of each visible name, in the order of
// the names' bytes. An error comes last, and ErrListOrder is one of them.
//
// Pages are fetched ahead of the caller, who may take as long as needed over
// each entry; some thousand entries wait in memory. The sequence can be
// ranged over again, which lists again. Each 1,000 entries that the service
// returns are billed as one call.
func (c *Client) ListNames(ctx context.Context, bucketID string, o ListOptions) iter.Seq2[File, error] {
	return c.list(ctx, lister{call: wire.CallListNames, bucketID: bucketID, o: o})
}

// ListVersions yields every version, hide markers and unfinished large files
// included: names in the order of their bytes, the newest of a name first. For
// the rest it is as ListNames.
func (c *Client) ListVersions(ctx context.Context, bucketID string, o ListOptions) iter.Seq2[File, error] {
	return c.list(ctx, lister{call: wire.CallListVersions, bucketID: bucketID, o: o})
}

// batchSize is how many entries pass from the fetching side to the caller at
// once: as many as stay in a processor's cache on the way.
const batchSize = 64

// batchesAhead is how many batches wait for the caller. More would only cost
// memory: the rest of a page waits in its socket, and the next page is asked
// for as soon as this one has been read.
const batchesAhead = 8

// A batch is a stretch of a listing. The last one says so, with the error if
// there was one; without it the listing was cut off.
type batch struct {
	files []File
	last  bool
	err   error
}

// list runs a lister beside its consumer.
func (c *Client) list(ctx context.Context, l lister) iter.Seq2[File, error] {
	if l.o.PageSize <= 0 || l.o.PageSize > wire.MaxListFiles {
		l.o.PageSize = wire.MaxListFiles
	}
	l.c = c
	return func(yield func(File, error) bool) {
		l := l // each range is a listing of its own
		fetch, cancel := context.WithCancel(ctx)
		l.out = make(chan batch, batchesAhead)
		l.used = make(chan []File, batchesAhead)
		var fetching sync.WaitGroup
		fetching.Go(func() { l.run(fetch) })
		defer fetching.Wait()
		defer cancel()
		for b := range l.out {
			for i := range b.files {
				if !yield(b.files[i], nil) {
					return
				}
			}
			if b.err != nil {
				yield(File{}, b.err)
			}
			if b.last {
				return
			}
			l.recycle(b.files)
		}
		yield(File{}, context.Cause(ctx))
	}
}

// A lister fetches the pages of one listing.
type lister struct {
	c        *Client
	call     string
	bucketID string
	o        ListOptions

	out  chan batch
	used chan []File // batches that were consumed, to be filled again
	full []File      // the batch being filled

	start, startID string // of the next page
	empty          emptyRun
	received       int64  // entries so far
	name, id       string // of the last one
	newest         bool   // versions are listed, but only the newest visible ones are wanted
	decided        string // with newest: the name whose newest version has been seen
}

// Reasons for an end of a listing that are no errors.
var errEnough = errors.New("enough")

// run fetches page after page until the end.
func (l *lister) run(ctx context.Context) {
	defer close(l.out)
	l.start, l.startID = l.o.Start, l.o.StartID
	if l.call == wire.CallListNames {
		l.startID = ""
	}
	for {
		more, err := l.page(ctx)
		if l.skippingHidden(err) {
			l.call, l.newest, l.decided = wire.CallListVersions, true, l.name
			more, err = true, nil
		}
		if errors.Is(err, errEnough) {
			more, err = false, nil
		}
		if err != nil || !more {
			l.pass(ctx, batch{l.full, true, err})
			return
		}
		if l.flush(ctx) != nil {
			return
		}
	}
}

// skippingHidden recognises the answer of a bucket with so many hidden names in
// a row that the service cannot get past them (API documentation,
// b2_list_file_names). A listing of versions can.
func (l *lister) skippingHidden(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && l.call == wire.CallListNames && l.o.Delimiter == "" &&
		failure.Status == http.StatusServiceUnavailable && failure.Code == wire.CodeBadRequest
}

// page fetches one page. When a body breaks, the next attempt goes on at the
// last entry that came through.
func (l *lister) page(ctx context.Context) (more bool, err error) {
	err = l.c.attempt(ctx, func(e *effort) error {
		more, err = l.request(ctx, e)
		return err
	})
	return more, err
}

// request makes one attempt at a page, handing its entries on as they come.
func (l *lister) request(ctx context.Context, e *effort) (more bool, err error) {
	body, err := json.Marshal(l.body())
	if err != nil {
		return false, err
	}
	account, err := l.c.account(ctx, e)
	if err != nil {
		return false, err
	}
	a, err := e.send(ctx, request{call: l.call, method: http.MethodPost, url: account.APIURL + apiPath + l.call,
		token: account.Token, json: body})
	if err != nil {
		return false, l.c.distrust(account, err)
	}
	page := pageScanner{body: a, most: l.o.PageSize}
	before := l.received
	page.emit = func(f *File) error { return l.receive(ctx, f) }
	err = page.scan()
	switch {
	case l.received > before:
		e.moved()
	case errors.Is(err, ErrAnswer) && page.total <= mostAnswer:
		err = &garbledError{err} // nothing of it was used; another time it may be a page
	}
	a.attempt.Units = max(1, (page.entries+999)/1000)
	if errors.Is(err, errEnough) {
		a.end(nil)
		return false, err
	}
	if err == nil {
		more, err = l.advance(&page, l.received > before)
	}
	return more, a.end(err)
}

// body is the request of the next page.
func (l *lister) body() wire.ListFileVersionsRequest {
	// Without an id this is the request of list_file_names too.
	return wire.ListFileVersionsRequest{BucketID: l.bucketID, StartFileName: maybe(l.start), StartFileID: maybe(l.startID),
		MaxFileCount: new(l.o.PageSize), Prefix: maybe(l.o.Prefix), Delimiter: maybe(l.o.Delimiter)}
}

// receive takes one entry of a page: checks its place and hands it on.
func (l *lister) receive(ctx context.Context, f *File) error {
	if l.received > 0 && f.Name == l.name && f.ID == l.id {
		return nil // where this attempt began again
	}
	if err := l.check(f); err != nil {
		return err
	}
	if l.o.End != "" && f.Name >= l.o.End {
		return errEnough
	}
	l.received++
	l.name, l.id = f.Name, f.ID
	l.start, l.startID = f.Name, ""
	if l.call == wire.CallListVersions {
		l.startID = f.ID
	}
	if l.newest && !l.visible(f) {
		return nil
	}
	return l.hand(ctx, f)
}

// check holds an entry against the order that everything else relies on.
func (l *lister) check(f *File) error {
	switch {
	case !strings.HasPrefix(f.Name, l.o.Prefix):
		return fmt.Errorf("%w: %q does not begin with %q", ErrListOrder, f.Name, l.o.Prefix)
	case l.received == 0 && l.o.Delimiter == "" && f.Name < l.o.Start:
		return fmt.Errorf("%w: %q comes before the start %q", ErrListOrder, f.Name, l.o.Start)
	case l.received > 0 && f.Name < l.name,
		l.received > 0 && f.Name == l.name && l.call == wire.CallListNames:
		return fmt.Errorf("%w: %q comes after %q", ErrListOrder, f.Name, l.name)
	}
	return nil
}

// visible says whether a version is what list_file_names would show of its
// name: the newest that is finished, unless that is a hide marker.
func (l *lister) visible(f *File) bool {
	if f.Action == ActionStart || l.decided == f.Name {
		return false
	}
	l.decided = f.Name
	return f.Action == ActionUpload
}

// advance moves on to the next page. A page may be empty, but then the next one
// begins elsewhere.
func (l *lister) advance(page *pageScanner, moved bool) (more bool, err error) {
	if page.nextName == nil {
		return false, nil
	}
	name, id := *page.nextName, text(page.nextID)
	if l.call == wire.CallListNames {
		id = ""
	}
	if err := l.empty.after(l.call, !moved); err != nil {
		return false, err
	}
	if name < l.start || !moved && name == l.start && id == l.startID {
		return false, stuck(l.call)
	}
	l.start, l.startID = name, id
	if l.o.Until != nil {
		if end := l.o.Until(); end != "" {
			l.o.End = end
		}
	}
	return l.o.End == "" || name < l.o.End, nil
}

// stuck is a listing whose next page does not lie ahead.
func stuck(call string) error {
	return &Error{Call: call, Cause: fmt.Errorf("%w: the next page does not lie ahead", ErrAnswer)}
}

// mostEmpty is how many pages in a row may bring nothing. A service may send
// empty ones on its way past hidden names, ten thousand of them a page.
const mostEmpty = 1000

// An emptyRun counts the pages in a row that have brought nothing.
type emptyRun int

// after counts a page. Its error ends the listing: one that goes on for ever, or
// round in circles, costs a call a page.
func (r *emptyRun) after(call string, empty bool) error {
	if !empty {
		*r = 0
		return nil
	}
	if *r++; *r >= mostEmpty {
		return &Error{Call: call, Cause: fmt.Errorf("%w: %d pages in a row with nothing in them", ErrAnswer, mostEmpty)}
	}
	return nil
}

// hand puts an entry into the batch being filled.
func (l *lister) hand(ctx context.Context, f *File) error {
	if l.full == nil {
		select {
		case l.full = <-l.used:
		default:
			l.full = make([]File, 0, batchSize)
		}
	}
	l.full = append(l.full, *f)
	if len(l.full) < batchSize {
		return nil
	}
	return l.flush(ctx)
}

func (l *lister) flush(ctx context.Context) error {
	if len(l.full) == 0 {
		return nil
	}
	b := batch{files: l.full}
	l.full = nil
	return l.pass(ctx, b)
}

// pass hands a batch to the caller, and waits while the caller has more than
// enough to do. The body waits too; if the service then cuts it, that costs one
// more call.
func (l *lister) pass(ctx context.Context, b batch) error {
	select {
	case l.out <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *lister) recycle(files []File) {
	clear(files)
	select {
	case l.used <- files[:0]:
	default:
	}
}
