package localfs

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A journal lies beside an unfinished download and says what is there of it:
//
//	b2sync 1 52428800 "4_z27c88f1d182b150646ff0b16_f100..." "adc83b19..." "film.mov"
//	0 1048576
//	4194304 5242880
//	over
//
// The first line is the form of the journal, the size, id and hash of the
// version, and the name that the file will have. A line of two numbers is a
// range that was written, added after the bytes were. "over" means that the
// journal speaks of nothing any more. A last line that was cut short counts as
// not there.
type journal struct {
	file *os.File
	step int64          // a range of so many bytes is worth a line
	sync func() error   // makes the content durable before a line speaks of it; nil if nobody asks for that
	mu   sync.Mutex     // guards what follows
	open map[int64]Span // ranges that are still growing, by their end
}

// Span is a range of bytes: from Off on, before End.
type Span struct{ Off, End int64 }

// Version is what a download is of.
type Version struct {
	ID   string // tells one version from another
	Size int64  // bytes
	SHA1 string // or "" where nobody knows it
}

const (
	journalForm = "b2sync 1"
	journalOver = "over"
	mostJournal = 1 << 20 // bytes that are read
	leastStep   = 1 << 20 // bytes of content to a line
	mostSteps   = 4096    // lines of a journal, about
)

// A log is what a journal says.
type log struct {
	version Version
	base    string // the name that the file will have, in its folder
	have    []Span // in order, apart from each other
	over    bool
	length  int // bytes of the journal, up to the end of the last whole line
}

// parseJournal reads a journal. ok is false for what is none; nothing of it is
// to be trusted then.
func parseJournal(text []byte) (l log, ok bool) {
	head, rest, found := bytes.Cut(text, []byte("\n"))
	if !found || !l.parseHead(string(head)) {
		return log{}, false
	}
	for l.length = len(head) + 1; ; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if !whole {
			break
		}
		if string(line) == journalOver {
			l.over = true
		} else if s, ok := parseSpan(string(line), l.version.Size); ok {
			l.have = append(l.have, s)
		} else {
			return log{}, false
		}
		l.length += len(line) + 1
		rest = after
	}
	if l.over {
		l.have = nil
	}
	l.have = mergeSpans(l.have)
	return l, true
}

func (l *log) parseHead(head string) bool {
	rest, ok := strings.CutPrefix(head, journalForm+" ")
	if !ok {
		return false
	}
	size, rest, ok := strings.Cut(rest, " ")
	if !ok {
		return false
	}
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 {
		return false
	}
	l.version.Size = n
	for i, to := range []*string{&l.version.ID, &l.version.SHA1, &l.base} {
		if i > 0 {
			if rest, ok = strings.CutPrefix(rest, " "); !ok {
				return false
			}
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return false
		}
		rest = rest[len(quoted):]
		if *to, err = strconv.Unquote(quoted); err != nil {
			return false
		}
	}
	return rest == ""
}

func parseSpan(line string, size int64) (s Span, ok bool) {
	off, end, ok := strings.Cut(line, " ")
	if !ok {
		return s, false
	}
	var err1, err2 error
	s.Off, err1 = strconv.ParseInt(off, 10, 64)
	s.End, err2 = strconv.ParseInt(end, 10, 64)
	return s, err1 == nil && err2 == nil && 0 <= s.Off && s.Off < s.End && s.End <= size
}

// mergeSpans puts ranges in order and joins those that touch.
func mergeSpans(all []Span) []Span {
	slices.SortFunc(all, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Off, b.Off), cmp.Compare(a.End, b.End)) })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s.Off <= merged[n-1].End {
			merged[n-1].End = max(merged[n-1].End, s.End)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// readJournal reads what a file says as a journal.
func readJournal(file *os.File) (l log, ok bool) {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, mostJournal+1))
	if err != nil || len(text) > mostJournal {
		return log{}, false
	}
	return parseJournal(text)
}

// startJournal goes on with the journal in a file, or begins it anew if that is
// not of this version, promises more than size bytes of content, or has more
// beside it than the version has, and gives what is there.
func startJournal(file *os.File, v Version, base string, size int64) (*journal, []Span, error) {
	j := &journal{file: file, step: max(leastStep, v.Size/mostSteps), open: map[int64]Span{}}
	l, ok := readJournal(file)
	if !ok || l.over || l.version != v || l.base != base || size > v.Size || len(l.have) > 0 && l.have[len(l.have)-1].End > size {
		return j, nil, j.begin(v, base)
	}
	if err := file.Truncate(int64(l.length)); err != nil {
		return j, nil, err
	}
	_, err := file.Seek(int64(l.length), io.SeekStart)
	return j, l.have, err
}

// begin makes the journal say that nothing is there.
func (j *journal) begin(v Version, base string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	clear(j.open)
	if err := j.file.Truncate(0); err != nil {
		return err
	}
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return j.say(fmt.Sprintf("%s %d %q %q %q", journalForm, v.Size, v.ID, v.SHA1, base))
}

// note takes down that a range was written.
func (j *journal) note(s Span) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if before, ok := j.open[s.Off]; ok {
		delete(j.open, s.Off)
		s.Off = before.Off
	}
	if s.End-s.Off < j.step {
		j.open[s.End] = s
		return nil
	}
	return j.record(s)
}

// record adds the line of a range.
func (j *journal) record(s Span) error {
	line := fmt.Sprintf("%d %d", s.Off, s.End)
	if j.sync == nil {
		return j.say(line)
	}
	if err := j.sync(); err != nil {
		return err
	}
	if err := j.say(line); err != nil {
		return err
	}
	return j.file.Sync()
}

// flush takes down the ranges that were still growing.
func (j *journal) flush() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for end, s := range j.open {
		if err := j.record(s); err != nil {
			return err
		}
		delete(j.open, end)
	}
	return nil
}

// end makes the journal void.
func (j *journal) end() error { return j.say(journalOver) }

// say adds a line, by one write.
func (j *journal) say(line string) error {
	_, err := j.file.WriteString(line + "\n")
	return err
}
