package b2

import (
	"context"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// A place is an upload URL with its token: good for one upload at a time, for a
// day or until it fails.
type place struct {
	url   string
	token Secret
	since time.Time
}

// placeLife is how long a place is used; the service promises a day.
const placeLife = 23 * time.Hour

// places keeps the places of each bucket and each large file that nobody uses
// at the moment, by its id. The one that was used last is the first to be used
// again, so that few stay in use when there is little to do. New ones are
// fetched side by side.
type places struct {
	mu   sync.Mutex
	idle map[string][]place
}

// take gives a place for files of a bucket, fetching one if none is idle.
func (p *places) take(ctx context.Context, e *effort, bucketID string) (place, error) {
	return p.takeOr(ctx, e, bucketID, wire.CallGetUploadURL, wire.UploadURLRequest{BucketID: bucketID})
}

// takePart gives a place for parts of a large file.
func (p *places) takePart(ctx context.Context, e *effort, fileID string) (place, error) {
	return p.takeOr(ctx, e, fileID, wire.CallGetUploadPartURL, wire.FileIDRequest{FileID: fileID})
}

func (p *places) takeOr(ctx context.Context, e *effort, id, call string, ask any) (place, error) {
	if at, ok := p.pop(id); ok {
		return at, nil
	}
	said, err := post[wire.UploadURLResponse](ctx, e, call, ask) // for parts, the same but for the id
	if err != nil {
		return place{}, err
	}
	if err := checkAddress(said.UploadURL, e.c.reachedBy()); err != nil {
		return place{}, &Error{Call: call, Cause: err}
	}
	return place{url: said.UploadURL, token: Secret(said.AuthorizationToken), since: time.Now()}, nil
}

// reachedBy is the address that the service's calls go to.
func (c *Client) reachedBy() string {
	if a := c.session.current.Load(); a != nil {
		return a.APIURL
	}
	return c.cfg.Endpoint
}

func (p *places) pop(id string) (place, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[id]
	for n := len(list); n > 0; n = len(list) {
		at := list[n-1]
		list = list[:n-1]
		p.idle[id] = list
		if time.Since(at.since) < placeLife {
			return at, true
		}
	}
	return place{}, false
}

// give takes back a place after a success.
func (p *places) give(id string, at place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == nil {
		p.idle = map[string][]place{}
	}
	p.idle[id] = append(p.idle[id], at)
}

// forget drops the places of a large file that is no longer uploaded to.
func (p *places) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.idle, id)
}
