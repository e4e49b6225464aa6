package b2

import (
	"context"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Cuts says in how many pieces a client's transfers go, so that calls can be
// counted before they are made. Sizes are in bytes.
type Cuts struct {
	account *Account
	slots   int
}

// Cuts is how this client cuts files. It authorises if need be.
func (c *Client) Cuts(ctx context.Context) (*Cuts, error) {
	account, err := c.Account(ctx)
	if err != nil {
		return nil, err
	}
	return &Cuts{account, cap(c.uploads)}, nil
}

// Upload is the number of parts that an upload goes in: a call each, between
// those that start and finish a large file. 0 is one call in all.
func (c *Cuts) Upload(size int64) int64 {
	part, err := partSize(c.account, size, 0, c.slots)
	if err != nil || part == 0 {
		return 0
	}
	return (size + part - 1) / part
}

// Copy is the number of parts that a copy on the server goes in, as for Upload.
func (c *Cuts) Copy(size int64) int64 {
	if size <= wire.MaxSinglePart {
		return 0
	}
	part := copyPartSize(c.account, size, c.slots)
	return (size + part - 1) / part
}

// Download is the number of calls of a download by so many streams; 0 streams
// are chosen by the size, as in [DownloadRequest].
func (c *Cuts) Download(size int64, streams int) int64 {
	streams = streamsFor(size, streams)
	if streams == 1 || size < int64(streams) {
		return 1
	}
	_, missing := newFront(size, nil, streams)
	return int64(len(missing))
}
