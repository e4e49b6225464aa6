package history

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/b2sync"
	"github.com/bowline-sync/bowline/internal/filelock"
)

// Uploads remembers the large files that runs have started and not ended. It is
// a b2sync.UploadRecord, and safe for concurrent use, by other processes too.
//
// Each run that starts one has a file of its own in the folder uploads of the
// state, with a JSON record a line, and keeps it locked: the files of others
// that are not locked are those of runs that are over, however they ended.
// Failures are kept to ourselves: what is not remembered is not cancelled.
type Uploads struct {
	dir string

	mu   sync.Mutex
	file *os.File                        // ours; nil while there is nothing to say
	open map[string]b2sync.StartedUpload // what our file has, by id
}

// uploadLine is a line of a file.
type uploadLine struct {
	Bucket string `json:"bucket,omitempty"`
	Name   string `json:"name,omitempty"`
	ID     string `json:"id"`
	Source string `json:"source,omitempty"`
	Ended  bool   `json:"ended,omitempty"`
}

// OpenUploads is the record in a state folder. It touches nothing yet. The
// caller closes it.
func OpenUploads(dir string) *Uploads {
	return &Uploads{dir: filepath.Join(dir, "uploads"), open: map[string]b2sync.StartedUpload{}}
}

// Close lets go of the record. What has not ended is left to later runs.
func (u *Uploads) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.file == nil {
		return nil
	}
	err := u.file.Close()
	if len(u.open) == 0 {
		err = cmp.Or(err, os.Remove(u.file.Name()))
	}
	u.file = nil
	return err
}

// Started implements b2sync.UploadRecord.
func (u *Uploads) Started(s b2sync.StartedUpload) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.add(s)
}

// Ended implements b2sync.UploadRecord.
func (u *Uploads) Ended(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, ok := u.open[id]; ok && u.say(u.file, uploadLine{ID: id, Ended: true}) == nil {
		delete(u.open, id)
	}
}

// Left implements b2sync.UploadRecord. What it gives is in our own file from
// then on.
func (u *Uploads) Left(bucketID, prefix string) []b2sync.StartedUpload {
	u.mu.Lock()
	defer u.mu.Unlock()
	var left []b2sync.StartedUpload
	for _, path := range u.others() {
		left = append(left, u.takeOver(path, func(s b2sync.StartedUpload) bool {
			return s.BucketID == bucketID && strings.HasPrefix(s.Name, prefix)
		})...)
	}
	return left
}

// Busy implements b2sync.UploadRecord.
func (u *Uploads) Busy(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, path := range u.others() {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		_, has := readUploads(file)[id]
		if has && filelock.Try(file) != nil {
			file.Close()
			return true
		}
		file.Close()
	}
	return false
}

// others are the files of other runs.
func (u *Uploads) others() (paths []string) {
	entries, _ := os.ReadDir(u.dir) // without the folder there are none
	for _, e := range entries {
		path := filepath.Join(u.dir, e.Name())
		if u.file == nil || path != u.file.Name() {
			paths = append(paths, path)
		}
	}
	return paths
}

// takeOver moves what is wanted of a file to ours, if its run is over, and
// removes the file when nothing is left in it.
func (u *Uploads) takeOver(path string, want func(b2sync.StartedUpload) bool) (taken []b2sync.StartedUpload) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil
	}
	defer file.Close()
	if filelock.Try(file) != nil || !named(file) {
		return nil
	}
	open := readUploads(file)
	for _, id := range slices.Sorted(maps.Keys(open)) {
		s := open[id]
		if !want(s) || !u.add(s) || u.say(file, uploadLine{ID: id, Ended: true}) != nil {
			continue
		}
		delete(open, id)
		taken = append(taken, s)
	}
	if len(open) == 0 {
		os.Remove(path)
	}
	return taken
}

// named says whether a file still has its name.
func named(file *os.File) bool {
	opened, err1 := file.Stat()
	now, err2 := os.Lstat(file.Name())
	return err1 == nil && err2 == nil && os.SameFile(opened, now)
}

// add puts an upload into our file, which is made if need be.
func (u *Uploads) add(s b2sync.StartedUpload) bool {
	if u.file == nil {
		file, err := u.make()
		if err != nil {
			return false
		}
		u.file = file
	}
	if u.say(u.file, uploadLine{Bucket: s.BucketID, Name: s.Name, ID: s.ID, Source: s.Source}) != nil {
		return false
	}
	u.open[s.ID] = s
	return true
}

// make makes and locks a file for us. Another run may take it for one that is
// over before it is locked, and remove it; then there is another name.
func (u *Uploads) make() (*os.File, error) {
	const tries = 100
	if err := os.MkdirAll(u.dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	for range tries {
		var file *os.File
		path := filepath.Join(u.dir, strconv.FormatUint(rand.Uint64(), 16)+".jsonl")
		if file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600); err != nil {
			continue
		}
		if err = filelock.Try(file); err == nil && named(file) {
			return file, nil
		}
		file.Close()
	}
	return nil, cmp.Or(err, errors.New("no file for the record of uploads can be made"))
}

// say adds a line, by one write.
func (u *Uploads) say(file *os.File, line uploadLine) error {
	text, err := json.Marshal(line)
	if err == nil {
		_, err = file.Write(append(text, '\n'))
	}
	return err
}

// readUploads is what a file says has not ended. A line that cannot be read,
// such as a last one that was cut short, says nothing.
func readUploads(r io.ReaderAt) map[string]b2sync.StartedUpload {
	const most = 64 << 20
	open := map[string]b2sync.StartedUpload{}
	lines := bufio.NewScanner(io.NewSectionReader(r, 0, most))
	for lines.Scan() {
		var line uploadLine
		switch {
		case json.Unmarshal(lines.Bytes(), &line) != nil || line.ID == "":
		case line.Ended:
			delete(open, line.ID)
		default:
			open[line.ID] = b2sync.StartedUpload{BucketID: line.Bucket, Name: line.Name, ID: line.ID, Source: line.Source}
		}
	}
	return open
}
