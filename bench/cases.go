package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/bowline-sync/bowline/bench/corpus"
)

// cases answers all cases in the order of the documentation's table.
func (b *bench) cases() []Case {
	all := []Case{b.noop(), b.noopHuge(), b.noopSlow(), b.reporting()}
	for _, threads := range []int{10, 32} {
		all = append(all, b.up(threads))
	}
	for _, threads := range b.sizes.slowThreads {
		all = append(all, b.upSlow(threads))
	}
	all = append(all, b.down(), b.upLarge(), b.downLarge())
	for _, threads := range b.sizes.slowThreads {
		if threads != 32 || len(b.sizes.slowThreads) == 1 {
			all = append(all, b.copySlow(threads))
		}
	}
	all = append(all, b.findOne(), b.startUp())
	if b.sizes.trials {
		all = append(all, b.autoCases()...)
	}
	return all
}

// Names of tools in more than one case.
const (
	bowline = "bowline"
	rclone  = "rclone"
	loader  = "bare loader"
	formula = "formula"
)

// tools leaves out rclone if it is not wanted.
func (b *bench) tools(all ...Tool) []Tool {
	if b.peers {
		return all
	}
	var own []Tool
	for _, t := range all {
		if t.Name != rclone {
			own = append(own, t)
		}
	}
	return own
}

// ratio is the quotient of two tools' times.
func ratio(above, below string) func(*results) float64 {
	return func(r *results) float64 { return quotient(r.wall(above).Seconds(), r.wall(below).Seconds()) }
}

// rates is the quotient of two tools' rates, whose times are for as much work.
func rates(above, below string) func(*results) float64 { return ratio(below, above) }

func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// peakMiB is the peak memory of a tool.
func peakMiB(tool string) func(*results) float64 {
	return func(r *results) float64 { return float64(r.peak(tool)) / (1 << 20) }
}

// callsAre answers a check that each call was made exactly so often.
func callsAre(want map[string]int64) func(map[string]int64) error {
	return func(calls map[string]int64) error {
		for name, n := range want {
			if calls[name] != n {
				return fmt.Errorf("%d calls of %s, want %d", calls[name], name, n)
			}
		}
		return nil
	}
}

// freshFolder makes an empty folder in the cache, and answers its path. What
// it held is removed.
func (b *bench) freshFolder(name string) (string, error) {
	dir := b.path(name)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o777)
}

// newFolder makes another folder below one of the cache. Removing thousands of
// files before each run instead would slow it: ext4 passes over the inodes of
// files that were deleted in the last minutes, one by one.
func (b *bench) newFolder(below string) (string, error) {
	if err := os.MkdirAll(b.path(below), 0o777); err != nil {
		return "", err
	}
	return os.MkdirTemp(b.path(below), "")
}

// holds counts the files below a folder.
func holds(dir string, want int) error {
	n := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	})
	if err == nil && n != want {
		err = fmt.Errorf("%d files arrived, want %d", n, want)
	}
	return err
}

func (b *bench) smallDir(n int) string { return b.path(fmt.Sprintf("small-%d", n)) }

// startReal starts the project's own server and makes folders of small files.
func (b *bench) startReal(counts ...int) error {
	for _, n := range counts {
		if err := corpus.Small(b.smallDir(n), n, 1<<10); err != nil {
			return err
		}
	}
	return b.real.start(b.self)
}

// seed uploads a folder to a bucket with the bare loader, unmeasured.
func (b *bench) seed(program, dir, bucket string, more ...string) error {
	out, err := b.floor(b.real, program, append([]string{"-dir", dir, "-bucket", bucket, "-threads", "16"}, more...)...).CombinedOutput()
	if err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}

// slowTime is the time that n requests take in threads at once, when each
// takes latency, after some that have to come one after another.
func slowTime(before, n, threads int, latency time.Duration) time.Duration {
	return time.Duration(before)*latency + time.Duration(float64(n)*float64(latency)/float64(threads))
}

func count(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
