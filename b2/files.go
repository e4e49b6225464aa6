package b2

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Actions: what a File is.
const (
	ActionUpload = wire.ActionUpload // stored content
	ActionHide   = wire.ActionHide   // a hide marker
	ActionStart  = wire.ActionStart  // a large file that is not finished
	ActionFolder = wire.ActionFolder // a folder, in a listing with a delimiter
	ActionCopy   = wire.ActionCopy   // content, in the answer of a copy only
)

// Names in a file's info that clients agree on.
const (
	InfoModTime   = wire.InfoModTime   // modification time of the source, decimal ms
	InfoLargeSHA1 = wire.InfoLargeSHA1 // SHA-1 of a large file's whole content, 40 hex digits
)

// File is one version of a name. Files are values; copy them freely. Those of a
// listing share blocks of 64 KiB with their neighbours: clone the strings that
// are to be kept long after the listing.
type File struct {
	ID, Name, BucketID string
	Action             string
	Size               int64  // bytes
	SHA1               string // 40 hex digits, or "" where the service has none
	Unverified         bool   // nobody checked SHA1 when the file was stored
	MD5                string // 32 hex digits, or ""
	ContentType        string
	Uploaded           int64 // ms since the epoch; when the upload began

	SSEMode       string // "SSE-B2", "SSE-C" or ""
	RetentionMode string // "governance", "compliance" or ""
	RetainUntil   int64  // ms since the epoch, or 0
	LegalHold     bool
	HoldLifted    bool // there was a legal hold, and it is off now
	// The key in use may not see the retention, or the legal hold.
	RetentionUnseen, HoldUnseen bool
	Replication                 string // "pending", "completed", "failed", "replica", in either case, or ""

	info string // the info as a JSON object, "" when it is empty
}

// Info is the custom information stored with the file. The map is the
// caller's.
func (f *File) Info() map[string]string {
	info := map[string]string{}
	if f.info != "" {
		json.Unmarshal([]byte(f.info), &info) // was checked when it was read
	}
	return info
}

// InfoValue is one entry of the info, found without building the map.
func (f *File) InfoValue(name string) (string, bool) { return infoValue(f.info, name) }

// ModTime is the modification time of the source in ms since the epoch, if the
// info has one that can be read.
func (f *File) ModTime() (ms int64, ok bool) {
	// Most files have just this.
	if value, ok := strings.CutPrefix(f.info, `{"`+InfoModTime+`":"`); ok {
		if value, ok = strings.CutSuffix(value, `"}`); ok {
			if ms, ok = digits(value); ok {
				return ms, true
			}
		}
	}
	value, ok := f.InfoValue(InfoModTime)
	if !ok {
		return 0, false
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	return ms, err == nil
}

// setInfo is the way back from a map.
func (f *File) setInfo(info map[string]string) {
	f.info = ""
	if len(info) > 0 {
		b, _ := json.Marshal(info) // strings cannot fail
		f.info = string(b)
	}
}

// ContentSHA1 is the hash of the whole content as far as it is known: SHA1, or
// large_file_sha1 of the info, or "".
func (f *File) ContentSHA1() string {
	if f.SHA1 != "" {
		return f.SHA1
	}
	large, _ := f.InfoValue(InfoLargeSHA1)
	sum, _ := parseSHA1(large)
	return sum
}

// parseSHA1 reads a hash as answers carry it: 40 hex digits, perhaps marked
// unverified. Anything else, such as "none", is no hash.
func parseSHA1(s string) (sum string, unverified bool) {
	sum, unverified = strings.CutPrefix(s, wire.SHA1Unverified)
	if len(sum) != 40 {
		return "", false
	}
	upper := false
	for i := range len(sum) {
		switch c := sum[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f':
		case 'A' <= c && c <= 'F':
			upper = true
		default:
			return "", false
		}
	}
	if upper {
		sum = strings.ToLower(sum)
	}
	return sum, unverified
}

// fileOf is the File of an answer that encoding/json has read.
func fileOf(w *wire.File) *File {
	f := &File{
		ID: text(w.FileID), Name: w.FileName, BucketID: w.BucketID, Action: w.Action, Size: w.ContentLength,
		MD5: text(w.ContentMD5), ContentType: text(w.ContentType), Uploaded: w.UploadTimestamp,
		Replication: w.ReplicationStatus,
	}
	f.SHA1, f.Unverified = parseSHA1(text(w.ContentSHA1))
	f.setInfo(w.FileInfo)
	if w.SSE != nil {
		f.SSEMode = text(w.SSE.Mode)
	}
	if w.LegalHold != nil {
		hold := text(w.LegalHold.Value)
		f.LegalHold, f.HoldLifted = hold == "on", hold == "off"
		f.HoldUnseen = !w.LegalHold.IsClientAuthorizedToRead
	}
	if w.FileRetention != nil {
		f.RetentionUnseen = !w.FileRetention.IsClientAuthorizedToRead
	}
	if w.FileRetention != nil && w.FileRetention.Value != nil {
		f.RetentionMode = text(w.FileRetention.Value.Mode)
		if until := w.FileRetention.Value.RetainUntilTimestamp; until != nil {
			f.RetainUntil = *until
		}
	}
	return f
}

// text is what a nullable string says.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// maybe is a nullable string that leaves out what is empty.
func maybe(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// fileCall makes a call that answers a file.
func (c *Client) fileCall(ctx context.Context, name string, req any) (*File, error) {
	w, err := call[wire.File](ctx, c, name, req)
	if err != nil {
		return nil, err
	}
	return fileOf(w), nil
}

// FileInfo looks a version up by id. Its error answers to fs.ErrNotExist when
// there is none.
func (c *Client) FileInfo(ctx context.Context, id string) (*File, error) {
	return c.fileCall(ctx, wire.CallGetFileInfo, wire.FileIDRequest{FileID: id})
}

// Hide puts a hide marker on a name. Its error answers to ErrAlreadyHidden when
// there is one on top already, to fs.ErrNotExist when there is no such name.
func (c *Client) Hide(ctx context.Context, bucketID, name string) (*File, error) {
	var hidden *File
	err := c.attempt(ctx, func(e *effort) error {
		w, err := post[wire.File](ctx, e, wire.CallHideFile, wire.HideFileRequest{BucketID: bucketID, FileName: name})
		if err == nil {
			hidden = fileOf(w)
		} else if e.lost && errors.Is(err, ErrAlreadyHidden) {
			hidden, err = c.newestVersion(ctx, e, bucketID, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return hidden, nil
}

// newestVersion asks for the version on top of a name: the hide marker that an
// attempt without an answer has made.
func (c *Client) newestVersion(ctx context.Context, e *effort, bucketID, name string) (*File, error) {
	said, err := post[wire.ListFileVersionsResponse](ctx, e, wire.CallListVersions,
		wire.ListFileVersionsRequest{BucketID: bucketID, StartFileName: &name, MaxFileCount: new(1)})
	if err != nil {
		return nil, err
	}
	if len(said.Files) == 1 && said.Files[0].FileName == name {
		return fileOf(&said.Files[0]), nil
	}
	return &File{Name: name, BucketID: bucketID, Action: ActionHide}, nil // and gone again since
}

// DeleteVersion removes one version for good: content, a hide marker or an
// unfinished large file. With bypass, governance retention does not stop it.
// Its error answers to fs.ErrNotExist when there is no such version.
func (c *Client) DeleteVersion(ctx context.Context, name, id string, bypass bool) error {
	return c.attempt(ctx, func(e *effort) error {
		_, err := post[wire.DeleteFileVersionResponse](ctx, e, wire.CallDeleteVersion,
			wire.DeleteFileVersionRequest{FileName: name, FileID: id, BypassGovernance: bypass})
		if e.lost && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// Retention is an Object Lock retention: nobody can delete the version before
// Until.
type Retention struct {
	Mode  string // "governance" or "compliance"; "" is none
	Until time.Time
}

// wire is the retention as requests carry it.
func (r *Retention) wire() *wire.FileRetention {
	if r == nil {
		return nil
	}
	if r.Mode == "" {
		return &wire.FileRetention{}
	}
	return &wire.FileRetention{Mode: &r.Mode, RetainUntilTimestamp: new(r.Until.UnixMilli())}
}

// UpdateRetention sets the retention of a version, or removes it with an empty
// mode. Shortening one needs bypass.
func (c *Client) UpdateRetention(ctx context.Context, name, id string, r Retention, bypass bool) error {
	_, err := call[wire.UpdateRetentionResponse](ctx, c, wire.CallUpdateRetention,
		wire.UpdateRetentionRequest{FileName: name, FileID: id, FileRetention: *r.wire(), BypassGovernance: bypass})
	return err
}

// UpdateLegalHold sets or lifts the legal hold of a version.
func (c *Client) UpdateLegalHold(ctx context.Context, name, id string, on bool) error {
	_, err := call[wire.UpdateLegalHoldResponse](ctx, c, wire.CallUpdateLegalHold,
		wire.UpdateLegalHoldRequest{FileName: name, FileID: id, LegalHold: onOff(on)})
	return err
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// DownloadAuthorizationRequest asks for a token that reads names with a prefix,
// for 1 second to 7 days.
type DownloadAuthorizationRequest = wire.DownloadAuthorizationRequest

// DownloadAuthorization makes a token that reads names with a prefix and
// nothing else.
func (c *Client) DownloadAuthorization(ctx context.Context, req DownloadAuthorizationRequest) (Secret, error) {
	said, err := call[wire.DownloadAuthorizationResponse](ctx, c, wire.CallGetDownloadAuth, req)
	if err != nil {
		return "", err
	}
	return Secret(said.AuthorizationToken), nil
}
