package b2

import "context"

// CopyRequest makes a new version of an existing one inside the account,
// without a byte through the client.
type CopyRequest struct {
	Source         *File // ID and Size count; its info and type too, above 5 GB
	BucketID, Name string
	Replace        bool // use ContentType and Info below instead of the source's
	ContentType    string
	Info           map[string]string
	SourceSSE, SSE *SSE
	Retention      *Retention
	LegalHold      bool
	Progress       func(n int64) // may be nil
}

// Copy copies a version, in parts above 5 GB.
func (c *Client) Copy(ctx context.Context, req CopyRequest) (*File, error) { return nil, errUnbuilt }
