package corpus

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// linksPerInode stays below the 65,000 links that ext4 allows a file.
const linksPerInode = 60_000

// Empty makes a folder of n empty files, if it is not there already.
func Empty(dir string, n int) error {
	return once(dir, fmt.Sprintf("%d empty files", n), func() error {
		return eachFolder(n, func(folder string, first, end int) error {
			return fill(filepath.Join(dir, folder), first, end, nil)
		})
	})
}

// Small makes a folder of n files of size bytes each, all different, if it is
// not there already.
func Small(dir string, n, size int) error {
	return once(dir, fmt.Sprintf("%d files of %d bytes", n, size), func() error {
		return eachFolder(n, func(folder string, first, end int) error {
			random := rand.New(rand.NewPCG(1, uint64(first)))
			content := make([]byte, size)
			return fill(filepath.Join(dir, folder), first, end, func() []byte {
				for k := range content {
					content[k] = byte(random.Uint32())
				}
				return content
			})
		})
	})
}

// Links makes a folder of n names of empty files, if it is not there already.
// Up to 60,000 names are hard links to one file: ten million names cost 170
// files, and a scan of them fits the memory of a small machine.
func Links(dir string, n int) error {
	return once(dir, fmt.Sprintf("%d links", n), func() error {
		seeds := filepath.Join(filepath.Dir(dir), filepath.Base(dir)+".seeds")
		if err := makeSeeds(seeds, n); err != nil {
			return err
		}
		return eachFolder(n, func(folder string, first, end int) error {
			folder = filepath.Join(dir, folder)
			if err := os.MkdirAll(folder, 0o777); err != nil {
				return err
			}
			for i := first; i < end; i++ {
				if err := os.Link(seed(seeds, i), filepath.Join(folder, filepath.Base(Name(i)))); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func seed(dir string, i int) string { return filepath.Join(dir, fmt.Sprint(i/linksPerInode)) }

func makeSeeds(dir string, n int) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for i := 0; i < n; i += linksPerInode {
		if err := write(seed(dir, i), nil); err != nil {
			return err
		}
	}
	return nil
}

// Large makes one file of the repeated Pattern, size bytes long, alone in a
// folder, if it is not there already.
func Large(dir string, size int64) error {
	return once(dir, fmt.Sprintf("one file of %d bytes", size), func() error {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		name := filepath.Join(dir, LargeName)
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		defer f.Close()
		w := bufio.NewWriter(f)
		for left := size; left > 0; left -= int64(len(Pattern)) {
			if _, err := w.Write(Pattern[:min(left, int64(len(Pattern)))]); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		return os.Chtimes(name, ModTime, ModTime)
	})
}

// LargeName is the name of the file that Large makes.
const LargeName = "large.bin"

// Pattern is what large files repeat: a mebibyte of noise, the same every time.
var Pattern = func() []byte {
	random := rand.NewChaCha8([32]byte{1})
	p := make([]byte, 1<<20)
	_, _ = random.Read(p)
	return p
}()

// once makes dir unless a note beside it says that it is whole and like what.
func once(dir, like string, make func() error) error {
	note := dir + ".whole"
	if have, err := os.ReadFile(note); err == nil && string(have) == like {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := make(); err != nil {
		return err
	}
	return os.WriteFile(note, []byte(like), 0o666)
}

// eachFolder calls fn for every folder of n files, from two goroutines.
func eachFolder(n int, fn func(folder string, first, end int) error) error {
	var (
		next  atomic.Int64
		wg    sync.WaitGroup
		first = make(chan error, 2)
	)
	for range cap(first) {
		wg.Go(func() {
			for {
				i := int(next.Add(PerFolder)) - PerFolder
				if i >= n {
					return
				}
				if err := fn(string(AppendFolder(nil, i)), i, min(i+PerFolder, n)); err != nil {
					first <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(first)
	return <-first
}

// fill makes the files first to end-1 in folder; content nil makes them empty.
func fill(folder string, first, end int, content func() []byte) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for i := first; i < end; i++ {
		var data []byte
		if content != nil {
			data = content()
		}
		if err := write(filepath.Join(folder, filepath.Base(Name(i))), data); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, data []byte) error {
	if err := os.WriteFile(path, data, 0o666); err != nil {
		return err
	}
	return os.Chtimes(path, ModTime, ModTime)
}
