package main

import (
	"path/filepath"

	"github.com/bowline-sync/bowline/internal/history"
)

// ownFolders are where this program keeps its records and the buckets of its
// server, relative to the local folder, if they are in it. They change in each
// run, and a run must neither replace nor remove what it is writing, so a sync
// of somebody's home leaves them out.
func (j *syncJob) ownFolders() (inside []string) {
	for _, p := range []place{j.src, j.dst} {
		if p.inBucket {
			continue
		}
		if records, err := history.Dir(j.env.getenv, j.env.home); err == nil {
			inside = appendInside(inside, p.folder, records)
		}
		if buckets, err := j.env.dataFolder(); err == nil {
			inside = appendInside(inside, p.folder, buckets)
		}
	}
	return inside
}

// appendInside appends the relative path of a folder that lies below root.
func appendInside(list []string, root, folder string) []string {
	inside, err := filepath.Rel(realPath(root), realPath(folder))
	if err != nil || inside == "." || !filepath.IsLocal(inside) {
		return list
	}
	return append(list, filepath.ToSlash(inside))
}

// realPath is an absolute path without links, as far as it exists.
func realPath(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(realPath(parent), filepath.Base(path))
	}
	return path
}
