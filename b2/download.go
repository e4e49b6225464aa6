package b2

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
	"sync/atomic"
)

// Target is where a download goes: what was written can be read back, to hash
// what came out of order. An *os.File is one.
type Target interface {
	io.WriterAt
	io.ReaderAt
}

// DownloadRequest is a version to be read whole.
type DownloadRequest struct {
	// File is the version, as a listing or FileInfo gave it: its ID, its Size
	// and the hash that the content must have.
	File     *File
	To       Target        // written from its beginning, from several goroutines at once when the file is big
	Progress func(n int64) // told the bytes that moved, negative when they must move again, from several goroutines; may be nil
	Streams  int           // requests at once; 0 is 4 from 200 MB on, 1 below
	SSE      *SSE          // the key, for SSE-C
	SkipHash bool          // leave the hash unchecked
	// WriteBuffer is how many bytes are gathered before they are written, for
	// each request at once; 0 writes what has come, 64 KiB at most, but
	// 256 KiB when there are several.
	WriteBuffer int

	// Have is what an earlier download of the same version has written to To:
	// ranges in order that do not overlap. They are not fetched, but read back
	// for the hash.
	Have []Span
	// Wrote is told each range that was written to To, from several goroutines;
	// an error ends the download. May be nil.
	Wrote func(Span) error
	// Again is told that the content did not have its hash and is fetched once
	// more, all of it: what Have and Wrote spoke of is void. May be nil.
	Again func() error
}

// Span is a range of bytes: from Off on, before End.
type Span struct{ Off, End int64 }

// Len is the number of bytes.
func (s Span) Len() int64 { return s.End - s.Off }

// DownloadResult is what was read.
type DownloadResult struct {
	SHA1     string // of the whole content, 40 hex digits; "" with SkipHash
	Verified bool   // SHA1 was compared with what the service knows; false where it knows none
}

// Sizes of downloads, in bytes.
const (
	manyStreamsFrom = 200_000_000 // the size of files that several requests share
	defaultStreams  = 4
	mostRange       = 100_000_000 // what one request of several fetches at most
)

// Download reads a version into a target and checks length and hash:
// ErrChecksum if they are not what they should be, after trying twice. What was
// written before an error stays.
func (c *Client) Download(ctx context.Context, req DownloadRequest) (DownloadResult, error) {
	var moved atomic.Int64
	progress := req.Progress
	req.Progress = func(n int64) {
		moved.Add(n)
		if progress != nil {
			progress(n)
		}
	}
	result, err := c.download(ctx, &req)
	if errors.Is(err, ErrChecksum) {
		c.log.Warn("downloading again", "file", req.File.ID, "error", err)
		req.Progress(-moved.Load())
		req.Have = nil
		if req.Again != nil {
			if err := req.Again(); err != nil {
				return DownloadResult{}, err
			}
		}
		result, err = c.download(ctx, &req)
	}
	return result, err
}

// rangesWriteBuffer is what each of several streams gathers before it writes:
// they wait for each other at the file's lock, so larger writes cost less than
// what has just come, 32 KiB for instance. What is much larger has left the
// processor's cache when it is written (docs/performance.md).
const rangesWriteBuffer = 256 << 10

// streamsFor is how many requests share a file; asked is the caller's wish, or
// 0.
func streamsFor(size int64, asked int) int {
	switch {
	case asked > 0:
		return asked
	case size >= manyStreamsFrom:
		return defaultStreams
	}
	return 1
}

func (c *Client) download(ctx context.Context, req *DownloadRequest) (DownloadResult, error) {
	d := &download{c: c, req: req, want: req.File.ContentSHA1()}
	streams := streamsFor(req.File.Size, req.Streams)
	if !req.SkipHash {
		d.hash = sha1.New()
	}
	if req.WriteBuffer == 0 && streams > 1 {
		req.WriteBuffer = rangesWriteBuffer
	}
	var err error
	if len(req.Have) == 0 && (streams == 1 || req.File.Size < int64(streams)) {
		err = d.whole(ctx)
	} else {
		err = d.ranges(ctx, streams)
	}
	if err != nil || d.hash == nil {
		return DownloadResult{}, err
	}
	result := DownloadResult{SHA1: hexSum(d.hash), Verified: d.want != ""}
	if d.want != "" && result.SHA1 != d.want {
		return result, fmt.Errorf("%w: %q was read with the SHA-1 %s instead of %s", ErrChecksum, req.File.Name, result.SHA1, d.want)
	}
	return result, nil
}

// A download is one attempt at a whole version.
type download struct {
	c    *Client
	req  *DownloadRequest
	hash hash.Hash // nil to skip it

	mu   sync.Mutex
	want string // the hash that the content must have, or ""
}

// whole reads by one request and hashes what passes.
func (d *download) whole(ctx context.Context) error {
	s := d.c.newStream(ctx, d.req.File.ID, 0, -1, d.req.SSE)
	return d.copy(s, func(p []byte) {
		if d.hash != nil {
			d.hash.Write(p)
		}
	})
}

// copy writes a stream to its place in the target. saw is told what was
// written.
func (d *download) copy(s *stream, saw func(p []byte)) error {
	defer s.close()
	if err := s.open(); err != nil {
		return err
	}
	if err := d.meet(&s.file); err != nil {
		return err
	}
	small := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(small)
	buf, least := small[:], 1
	if gather := d.req.WriteBuffer; gather > 0 {
		buf = make([]byte, gather)
		least = gather
	}
	for {
		at := s.off
		n, err := 0, error(nil)
		for n < least && err == nil {
			if s.ctx.Err() != nil {
				return context.Cause(s.ctx) // at once, whatever is still to be read
			}
			var more int
			more, err = s.Read(buf[n:])
			n += more
		}
		if n > 0 {
			if _, err := d.req.To.WriteAt(buf[:n], at); err != nil {
				return err
			}
			saw(buf[:n])
			d.req.Progress(int64(n))
			if d.req.Wrote != nil {
				if err := d.req.Wrote(Span{at, at + int64(n)}); err != nil {
					return err
				}
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// meet holds what the service says of the version against what the caller
// knows, and learns the hash where the caller knows none.
func (d *download) meet(f *File) error {
	if f.Size != d.req.File.Size {
		return fmt.Errorf("%w: %q has %d bytes instead of %d", ErrChecksum, d.req.File.Name, f.Size, d.req.File.Size)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.want == "" {
		d.want = f.ContentSHA1()
	}
	return nil
}

// ranges reads what is missing, by several requests at once. They take
// stretches of the file in order, so that one goroutine can follow and hash
// what was written while it is still in memory.
func (d *download) ranges(ctx context.Context, streams int) error {
	front, missing := newFront(d.req.File.Size, d.req.Have, streams)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, front.wake)()
	var hashing sync.WaitGroup
	if d.hash != nil {
		hashing.Go(func() {
			if err := d.follow(ctx, front); err != nil {
				cancel(err)
			}
		})
	}
	err := each(ctx, streams, len(missing), func(ctx context.Context, i int) error {
		one := missing[i]
		s := d.c.newStream(ctx, d.req.File.ID, one.Off, one.End, d.req.SSE)
		return d.copy(s, func(p []byte) { front.add(one, len(p)) })
	})
	if err != nil {
		cancel(err)
	}
	hashing.Wait()
	return context.Cause(ctx)
}

// follow hashes the target from its beginning as it fills.
func (d *download) follow(ctx context.Context, front *front) error {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	for off := int64(0); off < d.req.File.Size; {
		until := front.await(ctx, off)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for off < until {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			n, err := d.req.To.ReadAt(buf[:min(int64(len(buf)), until-off)], off)
			if n == 0 {
				return fmt.Errorf("reading back what was downloaded: %w", err)
			}
			d.hash.Write(buf[:n])
			off += int64(n)
		}
	}
	return nil
}

// A front knows up to where a file that is written in several places is
// written without a gap.
type front struct {
	mu    sync.Mutex
	grown sync.Cond
	all   []*stretch // the whole file, in order
}

// A stretch is a part of a file that is written from its beginning.
type stretch struct {
	Span
	written int64
}

// newFront cuts a file into what is there and, stretch by stretch, what is
// missing.
func newFront(size int64, have []Span, streams int) (f *front, missing []*stretch) {
	f = &front{}
	f.grown.L = &f.mu
	gap := size
	for _, h := range have {
		gap -= h.Len()
	}
	most := max(1, min((gap+int64(streams)-1)/int64(streams), mostRange))
	off := int64(0)
	for _, h := range append(slices.Clip(have), Span{size, size}) {
		for off < h.Off {
			one := &stretch{Span: Span{off, min(off+most, h.Off)}}
			f.all, missing = append(f.all, one), append(missing, one)
			off = one.End
		}
		if h.Len() > 0 {
			f.all = append(f.all, &stretch{Span: h, written: h.Len()})
			off = h.End
		}
	}
	return f, missing
}

// add says that n more bytes of a stretch are written.
func (f *front) add(s *stretch, n int) {
	f.mu.Lock()
	s.written += int64(n)
	f.mu.Unlock()
	f.grown.Broadcast()
}

func (f *front) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.grown.Broadcast()
}

// await gives how far the bytes after off are written, once there are any or
// ctx is done. It is called with growing offsets.
func (f *front) await(ctx context.Context, off int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.all[0].End <= off {
		f.all = f.all[1:]
	}
	for {
		s := f.all[0]
		if until := s.Off + s.written; until > off || ctx.Err() != nil {
			return until
		}
		f.grown.Wait()
	}
}
