package b2sync

import (
	"errors"
	"fmt"
	"strings"
)

// warnings tells of what a range's scans could not see, each thing once.
type warnings struct {
	*run
	// told are the names told of for which a second entry, of all that would
	// lie below the name, may still come.
	told map[string]bool
}

// of tells of the holes in a pair.
func (w *warnings) of(p *pair) {
	if p.src != nil && p.src.kind == isHole {
		w.hole(w.src, p.src)
	}
	if p.dst != nil && p.dst.kind == isHole {
		w.hole(w.dst, p.dst)
	}
}

func (w *warnings) hole(side Location, e *entry) {
	if name := strings.TrimSuffix(e.name, "/"); e.below && w.told[name] {
		delete(w.told, name)
		return
	}
	text := fmt.Sprintf("%s could not be accessed (%v)", side.full(e.name), e.err)
	if f, ok := side.(*folderSide); ok {
		if text = f.warning(e); text == "" {
			return
		}
	}
	if !e.below {
		if w.told == nil {
			w.told = map[string]bool{}
		}
		w.told[e.name] = true
	}
	w.report.problem(Problem{Name: e.name, Path: side.full(e.name), Err: errors.New(text), Warning: true})
}

// fileShadow finds names that cannot be made in a folder because the source
// has a file where they need a folder: a bucket can hold both "a" and "a/b".
type fileShadow struct {
	files []string // of the source, each of which may still be a prefix of names to come
}

// over says whether a file of the source lies over p's name.
func (s *fileShadow) over(p *pair) bool {
	for len(s.files) > 0 && p.name >= s.files[len(s.files)-1]+"0" { // '0' follows '/'
		s.files = s.files[:len(s.files)-1]
	}
	for _, f := range s.files {
		if strings.HasPrefix(p.name, f+"/") {
			return true
		}
	}
	if p.src != nil && p.src.kind == isFile {
		s.files = append(s.files, p.name)
	}
	return false
}
