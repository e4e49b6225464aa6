package b2

import (
	"context"
	"fmt"

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

// smallestShare is the size below which parts are not cut only to keep more
// requests busy.
const smallestShare = 16_000_000

// partSize chooses how many bytes of a file go into a part; 0 is the whole file
// in one request. Parts have the size that the service recommends, more where
// 10,000 of them would not hold the file, and less where some of the slots
// would have nothing to do.
func partSize(account *Account, size, asked int64, slots int) (int64, error) {
	least, recommended := leastPart(account), recommendedPart(account)
	enough := (size + wire.MaxParts - 1) / wire.MaxParts
	if asked != 0 {
		switch {
		case asked < least || asked > wire.MaxSinglePart:
			return 0, fmt.Errorf("b2: a part of %d bytes: the service takes %d to %d", asked, least, int64(wire.MaxSinglePart))
		case size <= asked:
			return 0, nil
		}
		return max(asked, enough), nil
	}
	if size <= recommended {
		return 0, nil
	}
	share := (size + int64(slots) - 1) / int64(slots)
	share = max(share, least, min(smallestShare, recommended))
	return max(min(recommended, share), least, enough), nil
}

// leastPart is the smallest size of a part that is not the last.
func leastPart(account *Account) int64 {
	if account.MinPartSize > 0 {
		return account.MinPartSize
	}
	return wire.MinPartSize
}

// recommendedPart is the size of parts that the service recommends.
func recommendedPart(account *Account) int64 {
	if account.RecommendedPartSize > 0 {
		return account.RecommendedPartSize
	}
	return wire.RecommendedPartSize
}
