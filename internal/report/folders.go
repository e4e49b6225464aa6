package report

import (
	"cmp"
	"slices"
	"strings"
)

// The bounds of what is kept of the folders.
const (
	folderDepth  = 3    // levels of folders told apart at first
	foldersKept  = 2000 // while the run goes on
	foldersShown = 150  // in the page
)

// Folder is what changed below a folder.
type Folder struct {
	Path  string `json:"path"` // "" for files that lie in none
	Count int64  `json:"count"`
	Bytes int64  `json:"bytes"`
}

// folders sums up changes by folder: as deep as there is room for.
type folders struct {
	depth int
	sums  map[string]*Folder
	rest  Folder // of folders that were too many and too small
}

func newFolders() *folders { return &folders{depth: folderDepth, sums: make(map[string]*Folder)} }

func (f *folders) add(name string, bytes int64) {
	f.addTo(folderOf(name, f.depth), 1, bytes)
	if len(f.sums) > foldersKept {
		f.shrink()
	}
}

func (f *folders) addTo(path string, count, bytes int64) {
	sum := f.sums[path]
	if sum == nil {
		sum = &Folder{Path: strings.Clone(path)}
		f.sums[sum.Path] = sum
	}
	sum.Count += count
	sum.Bytes += bytes
}

// folderOf is the folder of a name, at most depth levels of it.
func folderOf(name string, depth int) string {
	end := 0
	for range depth {
		i := strings.IndexByte(name[end:], '/')
		if i < 0 {
			break
		}
		end += i + 1
	}
	return strings.TrimSuffix(name[:end], "/")
}

// shrink gives up a level of folders, or the small ones if there is one level
// only.
func (f *folders) shrink() {
	if f.depth > 1 {
		f.depth--
		deep := f.sums
		f.sums = make(map[string]*Folder)
		for path, sum := range deep {
			f.addTo(folderOf(path+"/", f.depth), sum.Count, sum.Bytes)
		}
		return
	}
	all := f.sorted()
	for _, small := range all[len(all)/2:] {
		f.rest.Count += small.Count
		f.rest.Bytes += small.Bytes
		delete(f.sums, small.Path)
	}
}

// sorted are the folders, those with the most bytes first.
func (f *folders) sorted() []Folder {
	all := make([]Folder, 0, len(f.sums))
	for _, sum := range f.sums {
		all = append(all, *sum)
	}
	slices.SortFunc(all, func(a, b Folder) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Path, b.Path))
	})
	return all
}

// top are the folders to show, and the sum of all others.
func (f *folders) top() ([]Folder, Folder) {
	all, rest := f.sorted(), f.rest
	if len(all) <= foldersShown {
		return clipPaths(all), rest
	}
	for _, small := range all[foldersShown:] {
		rest.Count += small.Count
		rest.Bytes += small.Bytes
	}
	return clipPaths(all[:foldersShown]), rest
}

func clipPaths(all []Folder) []Folder {
	for i := range all {
		all[i].Path = clip(all[i].Path)
	}
	return all
}
