package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

// budget ends a run before it makes more calls of a class than it may. It
// knows what was billed from the meter, and counts a call that is under way as
// the most that it can be billed as. Calls under way are paid for, so the run
// ends when they have ended; what asks for more by then waits for that.
type budget struct {
	limits map[wire.Class]int64 // only of classes that have one
	stop   context.CancelCauseFunc

	mu      sync.Mutex
	spent   map[wire.Class]int64 // calls under way included
	pending map[string][]int64   // what calls under way count as, by name
	busy    int                  // calls under way, of all classes
	over    *ui.Stopped          // set once a call was asked for that there is nothing left for
}

// newBudget makes a budget; stop ends the run.
func newBudget(limits map[wire.Class]int64, stop context.CancelCauseFunc) *budget {
	return &budget{limits: limits, stop: stop, spent: make(map[wire.Class]int64), pending: make(map[string][]int64)}
}

// around wraps a transport so that it makes no call that the budget does not
// allow. The meter must be the client's.
func (b *budget) around(next http.RoundTripper, meter *ui.Meter) http.RoundTripper {
	meter.OnAttempt(b.settle)
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		switch ok, err := b.reserve(req); {
		case err != nil:
			return nil, err
		case !ok:
			<-req.Context().Done()
			return nil, context.Cause(req.Context())
		}
		resp, err := next.RoundTrip(req)
		if err != nil {
			b.ended()
			return nil, err
		}
		resp.Body = &endingBody{ReadCloser: resp.Body, end: sync.OnceFunc(b.ended)}
		return resp, nil
	})
}

// endingBody tells when a call has ended.
type endingBody struct {
	io.ReadCloser
	end func()
}

func (e *endingBody) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// reserve counts a call before it is made, or says that it may not be made. A
// listing that could cost more than is left is made to ask for fewer entries.
func (b *budget) reserve(req *http.Request) (ok bool, err error) {
	call := callOf(req)
	class := wire.ClassOf[call]
	limit, limited := b.limits[class]
	b.mu.Lock()
	defer b.mu.Unlock()
	if !limited {
		b.busy++
		return true, nil
	}
	left := limit - b.spent[class]
	if left < 1 {
		b.over = &ui.Stopped{By: fmt.Sprintf("--max-class-%c %d", class|0x20, limit)}
		b.stopWhenIdle()
		return false, nil
	}
	units, err := fitListing(req, left)
	if err != nil {
		return false, err
	}
	b.busy++
	b.spent[class] += units
	b.pending[call] = append(b.pending[call], units)
	return true, nil
}

// ended says that a call is no longer under way.
func (b *budget) ended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy--
	b.stopWhenIdle()
}

// stopWhenIdle ends the run if it waits for what may not be spent, and for
// nothing else.
func (b *budget) stopWhenIdle() {
	if b.over != nil && b.busy == 0 {
		b.stop(b.over)
	}
}

// settle replaces what a call was counted as by what it is billed as.
func (b *budget) settle(a b2.Attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if waiting := b.pending[a.Call]; len(waiting) > 0 {
		b.spent[wire.Class(a.Class)] += int64(a.Units) - waiting[0]
		b.pending[a.Call] = waiting[1:]
	}
}

// callOf is the name of the call that a request makes.
func callOf(req *http.Request) string {
	if strings.HasPrefix(req.URL.Path, "/file/") {
		return wire.CallDownloadByName
	}
	if name := path.Base(req.URL.Path); wire.ClassOf[name] != 0 {
		return name
	}
	// The URLs that content is sent to are free and named by the service.
	return wire.CallUploadFile
}

// perUnit is how many entries of a listing are billed as one call.
const perUnit = 1000

// fitListing answers what a request can cost at most. A listing of more entries
// than what is left pays for is rewritten to ask for fewer; the rest is on its
// next page.
func fitListing(req *http.Request, left int64) (int64, error) {
	if req.Body == nil || req.Method != http.MethodPost || !strings.HasPrefix(path.Base(req.URL.Path), "b2_list_") {
		return 1, nil
	}
	text, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return 0, err
	}
	var body map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		return 0, err
	}
	units := int64(1)
	if entries, ok := body["maxFileCount"].(json.Number); ok {
		n, _ := entries.Int64()
		units = max(1, (n+perUnit-1)/perUnit)
		if units > left {
			units = left
			body["maxFileCount"] = left * perUnit
			if text, err = json.Marshal(body); err != nil {
				return 0, err
			}
		}
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return units, nil
}
