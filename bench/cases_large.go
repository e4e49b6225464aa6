package main

import (
	"fmt"
	"os/exec"
	"syscall"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/bench/stage"
)

// Names of tools that send a large file with one read.
const (
	bowlineOnce = "bowline --no-large-file-sha1"
	loaderOnce  = "bare loader, one read"
	rcloneOnce  = "rclone --b2-disable-checksum"
)

func (b *bench) largeDir() string { return b.path(fmt.Sprintf("large-%d", b.sizes.large)) }

func (b *bench) startLarge() error {
	if err := corpus.Large(b.largeDir(), b.sizes.large); err != nil {
		return err
	}
	return b.real.start(b.self)
}

func (b *bench) upLarge() Case {
	dir := b.largeDir()
	tool := func(name string, command func() *exec.Cmd) Tool {
		return Tool{
			Name: name, Bytes: b.sizes.large, Server: b.real, Command: command,
			Prepare: func() error { return b.real.empty(stage.Setup{}, bucketOne) },
			Check:   callsAre(map[string]int64{"b2_finish_large_file": 1}),
		}
	}
	tools := []Tool{
		tool(bowline, func() *exec.Cmd { return b.bowline(b.real, "sync", "--no-progress", dir, "b2://"+bucketOne) }),
		tool(loader, func() *exec.Cmd { return b.floor(b.real, "post-parts", "-whole", "-dir", dir, "-bucket", bucketOne) }),
		tool(bowlineOnce, func() *exec.Cmd {
			return b.bowline(b.real, "sync", "--no-progress", "--no-large-file-sha1", dir, "b2://"+bucketOne)
		}),
		tool(loaderOnce, func() *exec.Cmd { return b.floor(b.real, "post-parts", "-dir", dir, "-bucket", bucketOne) }),
	}
	if b.peers {
		tools = append(tools,
			tool(rclone, func() *exec.Cmd { return b.peer(b.real, "sync", dir, "b2:"+bucketOne) }),
			tool(rcloneOnce, func() *exec.Cmd { return b.peer(b.real, "sync", "--b2-disable-checksum", dir, "b2:"+bucketOne) }))
	}
	return Case{
		Name:  "up-large",
		About: fmt.Sprintf("One file of %s MiB up, no latency, 10 threads (rclone: its defaults). The server checks every hash and keeps nothing.", count(int(b.sizes.large>>20))),
		Setup: b.startLarge,
		Tools: tools,
		Goals: []Goal{
			{Text: "MB/s over the bare loader's with two reads, at least 0.90", Least: 0.90, Measure: rates(bowline, loader)},
			{Text: "MB/s over the bare loader's with one read, at least 0.90", Least: 0.90, Measure: rates(bowlineOnce, loaderOnce)},
			{Text: "peak MiB, at most 48", Most: 48, Measure: peakMiB(bowline)},
		},
	}
}

func (b *bench) downLarge() Case {
	into := b.path("large-down")
	tool := func(name string, command func() *exec.Cmd) Tool {
		return Tool{
			Name: name, Bytes: b.sizes.large, Server: b.real, Command: command,
			Prepare: func() error {
				if _, err := b.freshFolder("large-down"); err != nil {
					return err
				}
				syscall.Sync() // what the run before wrote is not this one's to wait for
				return b.real.setUp(stage.Setup{Keep: true})
			},
			Check: func(map[string]int64) error { return holds(into, 1) },
		}
	}
	return Case{
		Name:  "down-large",
		About: fmt.Sprintf("One file of %s MiB down, no latency. The bare loader has 4 ranges in flight and hashes behind the writes.", count(int(b.sizes.large>>20))),
		Setup: func() error {
			if err := b.startLarge(); err != nil {
				return err
			}
			if err := b.real.empty(stage.Setup{}, bucketOne); err != nil {
				return err
			}
			return b.seed("post-parts", b.largeDir(), bucketOne, "-whole")
		},
		Tools: b.tools(
			tool(bowline, func() *exec.Cmd { return b.bowline(b.real, "sync", "--no-progress", "b2://"+bucketOne, into) }),
			tool(loader, func() *exec.Cmd {
				return b.floor(b.real, "get-ranges", "-dir", into, "-bucket", bucketOne, "-threads", "4")
			}),
			b.seldom(tool(rclone, func() *exec.Cmd { return b.peer(b.real, "sync", "b2:"+bucketOne, into) })),
		),
		Goals: []Goal{
			{Text: "MB/s over the bare loader's, at least 0.85", Least: 0.85, Measure: rates(bowline, loader)},
			{Text: "peak MiB, at most 48", Most: 48, Measure: peakMiB(bowline)},
		},
	}
}
