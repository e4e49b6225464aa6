package main

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/bench/stage"
	"github.com/bowline-sync/bowline/bench/synth"
)

// Names of tools in the runs without changes.
const (
	scanAlone = "scan alone"
	listAlone = "list alone"
)

func (b *bench) noop() Case {
	n := b.sizes.noop
	dir, bucket := b.path(fmt.Sprintf("empty-%d", n)), synth.BucketName(n)
	return Case{
		Name:  "no-op",
		About: fmt.Sprintf("A sync that finds nothing to do: %s empty files in %s folders, synthetic listing, no latency.", count(n), count(n/corpus.PerFolder)),
		Setup: func() error {
			if err := corpus.Empty(dir, n); err != nil {
				return err
			}
			return b.synth.start(b.self)
		},
		Tools: b.tools(
			b.noopTool(bowline, n, func() *exec.Cmd { return b.bowline(b.synth, "sync", "--no-progress", dir, "b2://"+bucket) }),
			b.noopTool(scanAlone, n, func() *exec.Cmd { return b.floor(nil, "scan", "-dir", dir, "-threads", "4") }),
			b.noopTool(listAlone, n, func() *exec.Cmd { return b.floor(b.synth, "list", "-bucket", bucket) }),
			b.noopTool(rclone, n, func() *exec.Cmd { return b.peer(b.synth, "sync", "--fast-list", dir, "b2:"+bucket) }),
		),
		Goals: []Goal{
			{Text: "time over scan alone + list alone, at most 1.25", Most: 1.25, Measure: func(r *results) float64 {
				return quotient(r.wall(bowline).Seconds(), (r.wall(scanAlone) + r.wall(listAlone)).Seconds())
			}},
			{Text: "times faster than rclone, at least 8", Least: 8, Measure: ratio(rclone, bowline)},
			{Text: "peak MiB, at most 48", Most: 48, Measure: peakMiB(bowline)},
		},
	}
}

// noopTool talks to the synthetic server, which refuses whatever is not a
// listing: a tool that found something to do fails.
func (b *bench) noopTool(name string, files int, command func() *exec.Cmd) Tool {
	return Tool{
		Name: name, Files: files, Command: command, Server: b.synth,
		Prepare: func() error { return b.synth.setUp(stage.Setup{}) },
	}
}

func (b *bench) noopHuge() Case {
	n, part := b.sizes.huge, b.sizes.million
	dir, bucket := b.path(fmt.Sprintf("links-%d", n)), synth.BucketName(n)
	all, first := "all "+count(n), "the first "+count(part)
	prefix := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(corpus.Name(0)))))
	perFile := func(r *results, tool string, files int) float64 { return r.wall(tool).Seconds() / float64(files) }
	return Case{
		Name: "no-op-huge",
		About: fmt.Sprintf("The same with %s objects, and with the first %s of the same tree and bucket. "+
			"The local names are hard links, 60,000 to a file, so that the kernel can hold them.", count(n), count(part)),
		Setup: func() error {
			if err := corpus.Links(dir, n); err != nil {
				return err
			}
			return b.synth.start(b.self)
		},
		Tools: []Tool{
			b.noopTool(all, n, func() *exec.Cmd { return b.bowline(b.synth, "sync", "--no-progress", dir, "b2://"+bucket) }),
			b.noopTool(first, part, func() *exec.Cmd {
				return b.bowline(b.synth, "sync", "--no-progress", filepath.Join(dir, prefix), "b2://"+bucket+"/"+prefix)
			}),
		},
		Goals: []Goal{
			{Text: "peak memory over that of the smaller, at most 1.25", Most: 1.25, Measure: func(r *results) float64 {
				return quotient(float64(r.peak(all)), float64(r.peak(first)))
			}},
			{Text: "time per file over that of the smaller, at most 1.2", Most: 1.2, Measure: func(r *results) float64 {
				return quotient(perFile(r, all, n), perFile(r, first, part))
			}},
		},
	}
}

func (b *bench) noopSlow() Case {
	n := b.sizes.pages
	dir, bucket := b.path(fmt.Sprintf("links-%d", n)), synth.BucketName(n)
	const pages = "pages one after another"
	slow := func(t Tool) Tool {
		t.Prepare = func() error { return b.synth.setUp(stage.Setup{Latency: b.sizes.latency}) }
		return t
	}
	fewest := float64((n + 9_999) / 10_000)
	return Case{
		Name: "no-op-latency",
		About: fmt.Sprintf("%s files that need nothing, %s per call. The bare program lists pages of 10,000 one after another; "+
			"its two calls before those are not counted, as Bowline's account is stored.", count(n), b.sizes.latency),
		Setup: func() error {
			if err := corpus.Links(dir, n); err != nil {
				return err
			}
			if err := b.synth.start(b.self); err != nil {
				return err
			}
			if err := b.synth.setUp(stage.Setup{}); err != nil {
				return err
			}
			return b.logIn(b.synth, "ls", "b2://"+bucket+"/none/")
		},
		Tools: []Tool{
			slow(b.noopTool(bowline, n, func() *exec.Cmd { return b.stored("sync", "--no-progress", dir, "b2://"+bucket) })),
			slow(b.noopTool(pages, n, func() *exec.Cmd { return b.floor(b.synth, "list", "-bucket", bucket) })),
		},
		Goals: []Goal{
			{Text: "times faster than pages one after another, at least 5", Least: 5, Measure: func(r *results) float64 {
				return quotient((r.wall(pages) - 2*b.sizes.latency).Seconds(), r.wall(bowline).Seconds())
			}},
			{Text: "list calls over the fewest possible, at most 1.15", Most: 1.15, Measure: func(r *results) float64 {
				return float64(r.calls(bowline, listCalls...)) / fewest
			}},
		},
	}
}

// listCalls are the calls that page through a bucket.
var listCalls = []string{"b2_list_file_names", "b2_list_file_versions"}

func (b *bench) findOne() Case {
	n := b.sizes.pages
	bucket := synth.BucketName(n)
	const byRegex, byKey = "by --include-regex", "by a prefix key"
	wanted := corpus.Name(n - n/7)
	folder := filepath.Dir(wanted)
	into := b.path("found")
	prepare := func() error {
		if _, err := b.freshFolder("found"); err != nil {
			return err
		}
		return b.synth.setUp(stage.Setup{})
	}
	return Case{
		Name:  "find-one",
		About: fmt.Sprintf("One object, or one folder of %d, out of %s: nothing else may be listed.", corpus.PerFolder, count(n)),
		Setup: func() error { return b.synth.start(b.self) },
		Tools: []Tool{
			{Name: byRegex, Server: b.synth, Prepare: prepare, Command: func() *exec.Cmd {
				return b.bowline(b.synth, "sync", "--no-progress", "--exclude-regex", ".*", "--include-regex", wanted, "b2://"+bucket, into)
			}, Check: func(map[string]int64) error { return holds(into, 1) }},
			{Name: byKey, Server: b.synth, Prepare: prepare, Command: func() *exec.Cmd {
				cmd := b.bowline(b.synth, "sync", "--no-progress", "b2://"+bucket+"/"+folder, into)
				cmd.Env = append(cmd.Env, "B2_APPLICATION_KEY_ID="+synth.PrefixKey+folder+"/")
				return cmd
			}, Check: func(map[string]int64) error { return holds(into, corpus.PerFolder) }},
		},
		Goals: []Goal{
			{Text: "list calls with the regular expression, at most 2", Most: 2, Measure: func(r *results) float64 { return float64(r.calls(byRegex, listCalls...)) }},
			{Text: "list calls with the prefix key, at most 2", Most: 2, Measure: func(r *results) float64 { return float64(r.calls(byKey, listCalls...)) }},
		},
	}
}
