package b2

import (
	"context"
	"iter"
)

// ListOptions choose what a listing yields. The zero value is everything.
type ListOptions struct {
	Prefix    string // only names that begin with it
	Start     string // first name, inclusive
	StartID   string // first version of Start, inclusive; for ListVersions
	End       string // first name beyond, exclusive; "" is none
	PageSize  int    // entries a call; 0 is 10,000, which is also the most
	Delimiter string // names with it after the prefix become one folder each
}

// ListNames yields the newest version of each visible name, in the order of
// the names' bytes.
func (c *Client) ListNames(ctx context.Context, bucketID string, o ListOptions) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) { yield(File{}, errUnbuilt) }
}

// ListVersions yields every version, hide markers and unfinished large files
// included: names in the order of their bytes, the newest of a name first.
func (c *Client) ListVersions(ctx context.Context, bucketID string, o ListOptions) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) { yield(File{}, errUnbuilt) }
}
