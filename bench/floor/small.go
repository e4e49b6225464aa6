package floor

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/internal/wire"
)

// post uploads every file of a folder: open, fstat, read, hash, one request.
func post(o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	names, err := filesBelow(o.dir)
	if err != nil {
		return err
	}
	begin := func() (*poster, error) {
		p := &poster{session: s, dir: o.dir, buf: make([]byte, 64<<10)}
		return p, s.call(wire.CallGetUploadURL, wire.UploadURLRequest{BucketID: s.bucketID}, &p.to)
	}
	return each(len(names), o.threads, begin, func(p *poster, i int) error { return p.post(names[i]) })
}

// filesBelow answers the paths of all files of a tree, relative to it.
func filesBelow(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, path[len(dir)+1:])
		}
		return err
	})
	return names, err
}

// poster has an upload address and a buffer of its own.
type poster struct {
	session *session
	dir     string
	to      wire.UploadURLResponse
	buf     []byte
}

func (p *poster) post(name string) error {
	content, modTime, err := p.read(name)
	if err != nil {
		return err
	}
	sum := sha1.Sum(content)
	body := hex.AppendEncode(content, sum[:])
	req, err := http.NewRequest(http.MethodPost, p.to.UploadURL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = http.Header{
		"Authorization":                          {p.to.AuthorizationToken},
		wire.HeaderFileName:                      {wire.Escape(name)},
		"Content-Type":                           {wire.AutoContentType},
		wire.HeaderContentSHA1:                   {wire.SHA1AtEnd},
		wire.HeaderInfoPrefix + wire.InfoModTime: {strconv.FormatInt(modTime, 10)},
	}
	return p.session.finish(req)
}

// read answers the content of a file, in p.buf with room for its hash.
func (p *poster) read(name string) (content []byte, modTime int64, err error) {
	f, err := os.Open(p.dir + "/" + name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.Size() > int64(len(p.buf)-2*sha1.Size) {
		return nil, 0, fmt.Errorf("%s: %d bytes are too many for a small file", name, info.Size())
	}
	n, err := io.ReadFull(f, p.buf[:info.Size()])
	return p.buf[:n], info.ModTime().UnixMilli(), err
}

// finish sends a request and reads its answer to the end.
func (s *session) finish(req *http.Request) error {
	res, err := s.send(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return errors.Join(err, res.Body.Close())
}

// object is a name of a listing with its id.
type object struct{ name, id string }

func (s *session) objects(prefix string) (all []object, err error) {
	err = s.eachFile(prefix, func(f *listed) {
		all = append(all, object{string(f.name), string(f.id)})
	})
	return all, err
}

// get downloads every file of a bucket: request, temporary file, hash, times,
// rename.
func get(o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	objects, err := s.objects(o.prefix)
	if err != nil {
		return err
	}
	if err := makeFolders(o.dir, objects); err != nil {
		return err
	}
	begin := func() ([]byte, error) { return make([]byte, 64<<10), nil }
	return each(len(objects), o.threads, begin, func(buf []byte, i int) error {
		return s.get(objects[i], o.dir, buf)
	})
}

// makeFolders makes the folder of every object, each once.
func makeFolders(dir string, objects []object) error {
	last := ""
	for _, o := range objects {
		if folder := filepath.Dir(o.name); folder != last {
			if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
				return err
			}
			last = folder
		}
	}
	return nil
}

func (s *session) get(o object, dir string, buf []byte) error {
	res, err := s.open(o.id, "")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	n, err := io.ReadFull(res.Body, buf[:min(res.ContentLength, int64(len(buf)))])
	if err != nil {
		return err
	}
	_, _ = res.Body.Read(buf[n:]) // the end, so that the connection is used again
	if sum := sha1.Sum(buf[:n]); hex.EncodeToString(sum[:]) != res.Header.Get(wire.HeaderContentSHA1) {
		return fmt.Errorf("%s: the hash is not that of the server", o.name)
	}
	return keep(dir+"/"+o.name, buf[:n])
}

// open asks for the content of a version, or of the bytes of a Range header.
func (s *session) open(id, bytes string) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodGet, s.account.APIInfo.Storage.DownloadURL+"/b2api/v4/"+wire.CallDownloadByID+"?fileId="+id, nil)
	if err != nil {
		return nil, err
	}
	req.Header["Authorization"] = []string{s.account.AuthorizationToken}
	if bytes != "" {
		req.Header["Range"] = []string{bytes}
	}
	return s.send(req)
}

// keep writes a file beside its place and renames it there.
func keep(path string, content []byte) error {
	part := path + ".part"
	if err := os.WriteFile(part, content, 0o666); err != nil {
		return err
	}
	if err := os.Chtimes(part, corpus.ModTime, corpus.ModTime); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// copyFiles copies every file of a bucket to another on the server.
func copyFiles(o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	target, err := s.bucket(o.target)
	if err != nil {
		return err
	}
	objects, err := s.objects(o.prefix)
	if err != nil {
		return err
	}
	begin := func() (*session, error) { return s, nil }
	return each(len(objects), o.threads, begin, func(s *session, i int) error {
		return s.call(wire.CallCopyFile, wire.CopyFileRequest{
			SourceFileID: objects[i].id, FileName: objects[i].name, DestinationBucketID: &target,
		}, nil)
	})
}
