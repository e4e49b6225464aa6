package localfs

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"
)

// HasFile says whether there is any regular file, or link to one, below root.
// It stops at the first. Links are followed.
//
// If it finds none, but could not see everything, it returns the first error
// that it met below root. A link that leads nowhere is not such an error:
// fs.ErrNotExist and ErrNotDir are always about the root itself.
func HasFile(ctx context.Context, root string) (bool, error) {
	tree, err := openTree(root)
	if err != nil {
		return false, err
	}
	defer tree.close()
	s := &search{ctx: ctx, tree: tree}
	found := s.below("", rootLink(root), true)
	switch {
	case found:
		return true, nil
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	}
	return false, s.err
}

// search looks for a file.
type search struct {
	ctx  context.Context
	tree *tree
	buf  dirBuffer
	err  error // the first
}

// A lead is a name that may be a folder with files, or lead to one.
type lead struct {
	name string
	seen sight
}

func (s *search) below(folder string, links *trail, follow bool) bool {
	if s.ctx.Err() != nil {
		return false
	}
	dir, err := s.tree.open(folder, follow)
	if err != nil {
		s.fail(folder, err)
		return false
	}
	found, leads := s.list(dir, folder)
	linked := map[string]*trail{}
	if !found {
		found = s.follow(dir, folder, links, leads, linked)
	}
	dir.close()
	for _, l := range leads {
		trail := links
		if l.seen != directory {
			if trail = linked[l.name]; trail == nil {
				continue
			}
		}
		found = found || s.below(folder+l.name+"/", trail, l.seen != directory)
	}
	return found
}

// list reads a folder up to its first regular file.
func (s *search) list(dir *dir, folder string) (found bool, leads []lead) {
	err := dir.read(&s.buf, func(name []byte, seen sight) bool {
		switch {
		case seen == other || seen != directory && isOwnTemp(name):
		case seen == regular:
			found = true
		default:
			leads = append(leads, lead{string(name), seen})
		}
		return !found
	})
	if err != nil {
		s.fail(folder, err)
	}
	return found, leads
}

// follow looks at what is a link or of unknown kind. Those that are folders to
// be searched go to linked.
func (s *search) follow(dir *dir, folder string, links *trail, leads []lead, linked map[string]*trail) bool {
	for _, l := range leads {
		if l.seen == directory {
			continue
		}
		st, err := dir.stat(l.name, true)
		switch {
		case err != nil:
			s.fail(folder+l.name, err)
		case st.seen == regular:
			return true
		case st.seen == directory && !links.has(st.dev, st.ino):
			linked[l.name] = &trail{dev: st.dev, ino: st.ino, up: links}
		}
	}
	return false
}

// fail keeps an error, unless it only says that nothing is there.
func (s *search) fail(name string, err error) {
	if Broken(err) || s.err != nil {
		return
	}
	s.err = s.tree.pathError("scan", name, err)
}

// Broken reports whether err says that a name leads nowhere: nothing is there,
// or it is a link to nothing, to below a file, or to itself.
func Broken(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// TopNames is the names of the folders right below root, in scan order and
// each with a slash at the end; where these are few, also those of the folders
// in them. They are places where a scan may be split into ranges. Links are
// not followed, and what cannot be read is passed over.
func TopNames(root string) ([]string, error) {
	const few = 64
	tree, err := openTree(root)
	if err != nil {
		return nil, err
	}
	defer tree.close()
	names, err := tree.folders("")
	if err != nil {
		return nil, tree.pathError("readdir", "", err)
	}
	if len(names) >= few {
		return names, nil
	}
	all := slices.Clone(names)
	for _, name := range names {
		if inner, err := tree.folders(name); err == nil {
			all = append(all, inner...)
		}
	}
	slices.Sort(all)
	return all, nil
}

// CountNames counts the files, or what is not known to be folders, below the
// folder of that name, up to most of them. Folders are read, but no file is
// looked at: that takes a fifth of the time of a scan. Links are not followed,
// what cannot be read is passed over, and so are the folders in without, which
// are names as TopNames gives them.
func CountNames(ctx context.Context, root, folder string, without []string, most int) (int, error) {
	tree, err := openTree(root)
	if err != nil {
		return 0, err
	}
	defer tree.close()
	c := &census{ctx: ctx, tree: tree, without: without, most: most}
	c.below(folder)
	return c.names, nil
}

// census counts names.
type census struct {
	ctx     context.Context
	tree    *tree
	without []string // sorted
	most    int
	buf     dirBuffer
	names   int
}

func (c *census) below(folder string) {
	dir, err := c.tree.open(folder, folder == "")
	if err != nil {
		return
	}
	var inner []string
	_ = dir.read(&c.buf, func(name []byte, seen sight) bool {
		if seen == directory {
			inner = append(inner, folder+string(name)+"/")
		} else {
			c.names++
		}
		return c.more()
	})
	dir.close()
	for _, name := range inner {
		if _, skip := slices.BinarySearch(c.without, name); !skip && c.more() {
			c.below(name)
		}
	}
}

func (c *census) more() bool { return c.names < c.most && c.ctx.Err() == nil }

// folders is the names of the folders in a folder, sorted.
func (t *tree) folders(name string) ([]string, error) {
	dir, err := t.open(name, name == "")
	if err != nil {
		return nil, err
	}
	defer dir.close()
	var names []string
	err = dir.read(new(dirBuffer), func(sub []byte, seen sight) bool {
		if seen == directory {
			names = append(names, name+string(sub)+"/")
		}
		return true
	})
	slices.Sort(names)
	return names, err
}
