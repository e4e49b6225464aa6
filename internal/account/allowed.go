package account

import (
	"encoding/json"
	"fmt"

	"github.com/bowline-sync/bowline/b2"
)

// allowedJSON is the column "allowed": what the key may do. Since update 5 it
// has a list of buckets; before, one bucket or none.
type allowedJSON struct {
	Buckets      []bucketJSON `json:"buckets"` // null means every bucket
	Capabilities []string     `json:"capabilities"`
	NamePrefix   *string      `json:"namePrefix"`
	*oldAllowedJSON
}

type bucketJSON struct {
	ID   string  `json:"id"`
	Name *string `json:"name"` // null when the bucket has been deleted
}

// oldAllowedJSON is what the column had before update 5. It is read where there
// is no list, and written beside the list, for releases of the reference that
// know no other (Debian 12 has one). It is left out when the list has not just
// one bucket: those releases must not take that for every bucket.
type oldAllowedJSON struct {
	BucketID   *string `json:"bucketId"`
	BucketName *string `json:"bucketName"`
}

func encodeAllowed(a b2.Allowed) (string, error) {
	out := allowedJSON{Capabilities: a.Capabilities}
	if out.Capabilities == nil {
		out.Capabilities = []string{}
	}
	if a.Prefix != "" {
		out.NamePrefix = &a.Prefix
	}
	if a.Buckets != nil {
		out.Buckets = []bucketJSON{}
	}
	for _, bucket := range a.Buckets {
		entry := bucketJSON{ID: bucket.ID}
		if bucket.Name != "" {
			entry.Name = &bucket.Name
		}
		out.Buckets = append(out.Buckets, entry)
	}
	switch {
	case a.Buckets == nil:
		out.oldAllowedJSON = &oldAllowedJSON{}
	case len(out.Buckets) == 1:
		out.oldAllowedJSON = &oldAllowedJSON{BucketID: &out.Buckets[0].ID, BucketName: out.Buckets[0].Name}
	}
	text, err := json.Marshal(out)
	return string(text), err
}

func decodeAllowed(text string) (b2.Allowed, error) {
	in := allowedJSON{oldAllowedJSON: &oldAllowedJSON{}}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return b2.Allowed{}, fmt.Errorf("%w: what the key may do cannot be read", ErrCorrupt)
	}
	out := b2.Allowed{Capabilities: in.Capabilities}
	if in.Buckets != nil {
		out.Buckets = []b2.BucketRef{} // confined to none is not the same as not confined
	}
	if in.NamePrefix != nil {
		out.Prefix = *in.NamePrefix
	}
	if in.Buckets == nil && in.BucketID != nil {
		in.Buckets = append(in.Buckets, bucketJSON{ID: *in.BucketID, Name: in.BucketName})
	}
	for _, bucket := range in.Buckets {
		ref := b2.BucketRef{ID: bucket.ID}
		if bucket.Name != nil {
			ref.Name = *bucket.Name
		}
		out.Buckets = append(out.Buckets, ref)
	}
	return out, nil
}

// allCapabilities are what a key of the days before the column "allowed" may
// do: everything that there was.
var allCapabilities = []string{
	"listKeys", "writeKeys", "deleteKeys", "listBuckets", "writeBuckets", "deleteBuckets",
	"listFiles", "readFiles", "shareFiles", "writeFiles", "deleteFiles",
}
