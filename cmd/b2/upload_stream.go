package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

// Parts of a stream are held in memory while they are sent, so they are smaller
// than those of a file, and few at once. They grow on the way, so that 10,000
// of them hold 1.8 TB; larger ones would need more memory than most computers
// have to spare.
const (
	streamPart  = 16 << 20  // bytes of the first parts
	streamMost  = 256 << 20 // bytes of the last ones
	streamGrows = 1000      // parts after which they double
	streamParts = 4         // sent at once, at most
)

// partsOfStream are the sizes of a stream's parts.
type partsOfStream struct{ first, most int64 }

// streamSizes are the sizes where the user wants at least so many bytes a part;
// these may be more than a stream's parts would grow to.
func streamSizes(atLeast int64) partsOfStream {
	first := max(streamPart, min(atLeast, wire.MaxSinglePart))
	return partsOfStream{first, max(first, streamMost)}
}

// size is the bytes of a part, by its number from 1 on.
func (p partsOfStream) size(number int) int64 {
	return min(p.first<<((number-1)/streamGrows), p.most)
}

// limit is what all parts hold together.
func (p partsOfStream) limit() (bytes int64) {
	for number := range wire.MaxParts {
		bytes += p.size(number + 1)
	}
	return min(bytes, wire.MaxFileSize)
}

// uploadStream stores what a reader yields up to its end. What fits into one
// part is stored as a small file.
func (s *session) uploadStream(ctx context.Context, r io.Reader, req b2.UploadRequest, o *uploadOptions) (*b2.File, error) {
	sizes := streamSizes(o.partSize.value)
	first, err := readPart(r, sizes.size(1))
	if err != nil {
		return nil, err
	}
	second, err := readPart(r, sizes.size(2))
	if err != nil {
		return nil, err
	}
	if len(second) == 0 {
		req.Content, req.Size, req.PartSize = bytes.NewReader(first), int64(len(first)), 0
		return s.Upload(ctx, req)
	}
	started, err := s.StartLargeFile(ctx, req.Announcement())
	if err != nil {
		return nil, err
	}
	sums, err := s.sendStream(ctx, started.ID, [][]byte{first, second}, r, sizes, req.SSE, o)
	if err != nil {
		cancel := s.CancelLargeFile(context.WithoutCancel(ctx), started.ID)
		return nil, errors.Join(err, cancel)
	}
	return s.FinishLargeFile(ctx, started.ID, sums)
}

// sendStream sends parts until the stream ends and answers their hashes.
func (s *session) sendStream(ctx context.Context, id string, ready [][]byte, r io.Reader, sizes partsOfStream, sse *b2.SSE, o *uploadOptions) ([]string, error) {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(streamLimit(o))
	var sums []*string
	var sent int64
	for number := 1; ; number++ {
		var part []byte
		if len(ready) > 0 {
			part, ready = ready[0], ready[1:]
		} else {
			var err error
			if part, err = readPart(r, sizes.size(number)); err != nil {
				group.Go(func() error { return err })
				break
			}
		}
		if len(part) == 0 || sending.Err() != nil {
			break
		}
		if sent += int64(len(part)); number > wire.MaxParts || sent > sizes.limit() {
			group.Go(func() error { return streamTooLong(sizes) })
			break
		}
		sum := new(string)
		sums = append(sums, sum)
		group.Go(func() error {
			stored, err := s.UploadPart(sending, b2.UploadPartRequest{
				FileID: id, Number: number, Content: bytes.NewReader(part), Size: int64(len(part)), SSE: sse,
			})
			if err == nil {
				*sum = stored.ContentSHA1
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := make([]string, len(sums))
	for i, sum := range sums {
		all[i] = *sum
	}
	return all, context.Cause(ctx)
}

// streamTooLong says how much can be sent at most.
func streamTooLong(sizes partsOfStream) error {
	text := fmt.Sprintf("the stream is longer than %s, the most that can be sent without knowing how long it is", ui.Size(sizes.limit()))
	if sizes.limit() < wire.MaxFileSize {
		text += ": put it into a file first, or give a larger --min-part-size (five parts are held in memory)"
	}
	return errors.New(text)
}

func streamLimit(o *uploadOptions) int {
	if o.threads.set {
		return int(min(o.threads.value, streamParts))
	}
	return streamParts
}

// readPart reads up to size bytes; fewer only at the end.
func readPart(r io.Reader, size int64) ([]byte, error) {
	part := make([]byte, size) // what is not written to takes no memory
	n, err := io.ReadFull(r, part)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return part[:n], err
}
