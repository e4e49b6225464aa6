package floor

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/internal/wire"
)

// postParts uploads one large file in parts of the recommended size, each with
// its hash at the end. With -whole, the file is read and hashed once before,
// as large_file_sha1 demands.
func postParts(o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(o.dir, corpus.LargeName))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	u := &largeUpload{session: s, file: f, size: info.Size(), partSize: s.account.APIInfo.Storage.RecommendedPartSize}
	if err := u.start(o.whole, info.ModTime().UnixMilli()); err != nil {
		return err
	}
	u.sums = make([]string, (u.size+u.partSize-1)/u.partSize)
	begin := func() (to wire.UploadPartURLResponse, err error) {
		err = s.call(wire.CallGetUploadPartURL, wire.FileIDRequest{FileID: u.id}, &to)
		return to, err
	}
	if err := each(len(u.sums), o.threads, begin, u.post); err != nil {
		return err
	}
	return s.call(wire.CallFinishLarge, wire.FinishLargeFileRequest{FileID: u.id, PartSHA1Array: u.sums}, nil)
}

type largeUpload struct {
	session        *session
	file           *os.File
	id             string
	size, partSize int64
	sums           []string
}

func (u *largeUpload) start(whole bool, modTime int64) error {
	info := map[string]string{wire.InfoModTime: strconv.FormatInt(modTime, 10)}
	if whole {
		h := sha1.New()
		if _, err := io.CopyBuffer(h, onlyReader{u.file}, make([]byte, 256<<10)); err != nil {
			return err
		}
		info[wire.InfoLargeSHA1] = hex.EncodeToString(h.Sum(nil))
	}
	var answer wire.File
	err := u.session.call(wire.CallStartLarge, wire.StartLargeFileRequest{
		BucketID: u.session.bucketID, FileName: corpus.LargeName, ContentType: wire.AutoContentType, FileInfo: info,
	}, &answer)
	if err == nil {
		u.id = *answer.FileID
	}
	return err
}

// onlyReader hides what else a file can do.
type onlyReader struct{ io.Reader }

func (u *largeUpload) post(to wire.UploadPartURLResponse, i int) error {
	at := int64(i) * u.partSize
	n := min(u.partSize, u.size-at)
	body := &hashed{content: io.NewSectionReader(u.file, at, n), hash: sha1.New()}
	req, err := http.NewRequest(http.MethodPost, to.UploadURL, body)
	if err != nil {
		return err
	}
	req.ContentLength = n + 2*sha1.Size
	req.Header = http.Header{
		"Authorization":        {to.AuthorizationToken},
		wire.HeaderPartNumber:  {strconv.Itoa(i + 1)},
		wire.HeaderContentSHA1: {wire.SHA1AtEnd},
	}
	if err := u.session.finish(req); err != nil {
		return err
	}
	u.sums[i] = body.sum
	return nil
}

// hashed is content followed by its SHA-1 in hex.
type hashed struct {
	content io.Reader
	hash    hash.Hash
	sum     string
	rest    string
}

// Read implements io.Reader.
func (b *hashed) Read(p []byte) (int, error) {
	if b.sum == "" {
		n, err := b.content.Read(p)
		b.hash.Write(p[:n])
		if err != io.EOF {
			return n, err
		}
		b.sum = hex.EncodeToString(b.hash.Sum(nil))
		b.rest = b.sum
		if n > 0 {
			return n, nil
		}
	}
	if b.rest == "" {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// getRanges downloads one large file into a temporary file, in ranges that are
// taken in order by as many streams as there are threads. Its hash follows the
// writes, through the page cache.
func getRanges(o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	var id string
	var size int64
	if err := s.eachFile("", func(f *listed) { id, size = string(f.id), f.size }); err != nil {
		return err
	}
	path := filepath.Join(o.dir, corpus.LargeName)
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	defer f.Close()
	d := &largeDownload{session: s, file: f, id: id, size: size}
	sum, err := d.run(o.threads)
	if err != nil {
		return err
	}
	fmt.Printf("%x\n", sum)
	if err := os.Chtimes(path+".part", time.Time{}, corpus.ModTime); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// rangeSize is how much one request asks for.
const rangeSize = 64 << 20

type largeDownload struct {
	session *session
	file    *os.File
	id      string
	size    int64

	mu      sync.Mutex
	written []int64 // bytes of each range
	grown   sync.Cond
}

func (d *largeDownload) run(streams int) (sum []byte, err error) {
	d.grown.L = &d.mu
	d.written = make([]int64, (d.size+rangeSize-1)/rangeSize)
	var wg sync.WaitGroup
	wg.Go(func() { sum = d.hash() })
	begin := func() ([]byte, error) { return make([]byte, 256<<10), nil }
	if err := each(len(d.written), streams, begin, d.get); err != nil {
		return nil, err
	}
	wg.Wait()
	return sum, nil
}

func (d *largeDownload) get(buf []byte, i int) error {
	at := int64(i) * rangeSize
	end := min(at+rangeSize, d.size)
	res, err := d.session.open(d.id, fmt.Sprintf("bytes=%d-%d", at, end-1))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for at < end {
		n, err := res.Body.Read(buf)
		if _, werr := d.file.WriteAt(buf[:n], at); werr != nil {
			return werr
		}
		at += int64(n)
		d.mu.Lock()
		d.written[i] += int64(n)
		d.mu.Unlock()
		d.grown.Signal()
		if err != nil && at < end {
			return err
		}
	}
	return nil
}

// hash reads the file as it grows from its start.
func (d *largeDownload) hash() []byte {
	h := sha1.New()
	buf := make([]byte, 256<<10)
	for i := range d.written {
		at := int64(i) * rangeSize
		full := min(rangeSize, d.size-at)
		for done := int64(0); done < full; {
			n, err := d.file.ReadAt(buf[:min(int64(len(buf)), d.wait(i, done))], at+done)
			if err != nil {
				return nil
			}
			h.Write(buf[:n])
			done += int64(n)
		}
	}
	return h.Sum(nil)
}

// wait answers how many bytes of range i can be read after the first done.
func (d *largeDownload) wait(i int, done int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.written[i] == done {
		d.grown.Wait()
	}
	return d.written[i] - done
}
