package main

import (
	"fmt"
	"os/exec"
	"strconv"

	"github.com/bowline-sync/bowline/bench/stage"
)

const (
	bucketOne = "bench-one"
	bucketTwo = "bench-two"
)

// The rates of the reference against the bare loader at 10 and 32 threads, by
// an earlier measurement on a machine of this kind.
var referenceShare = map[int]float64{10: 627.0 / 29_000, 32: 557.0 / 32_000}

func (b *bench) up(threads int) Case {
	n, few := b.sizes.small, b.sizes.peer
	c := strconv.Itoa(threads)
	return Case{
		Name:  "up-small-" + c,
		About: fmt.Sprintf("%s files of 1 KiB up, no latency, %d threads. rclone sends %s of them.", count(n), threads, count(few)),
		Setup: func() error { return b.startReal(n, few) },
		Tools: b.tools(
			b.upTool(bowline, n, stage.Setup{}, func(dir string) *exec.Cmd {
				return b.bowline(b.real, "sync", "--no-progress", "--threads", c, dir, "b2://"+bucketOne)
			}),
			b.upTool(loader, n, stage.Setup{}, func(dir string) *exec.Cmd {
				return b.floor(b.real, "post", "-dir", dir, "-bucket", bucketOne, "-threads", c)
			}),
			b.seldom(b.upTool(rclone, few, stage.Setup{}, func(dir string) *exec.Cmd {
				return b.peer(b.real, "sync", "--transfers", c, dir, "b2:"+bucketOne)
			})),
		),
		Goals: []Goal{
			{Text: "files/s over the bare loader's, at least 0.70 (stretch 0.85)", Least: 0.70, Measure: rates(bowline, loader)},
			{Text: "rate over the reference's, relative to the loader, at least 20", Least: 20, Measure: func(r *results) float64 {
				return rates(bowline, loader)(r) / referenceShare[threads]
			}},
		},
	}
}

// seldom limits a slow peer to two rounds.
func (b *bench) seldom(t Tool) Tool {
	t.Rounds = 2
	return t
}

// upTool uploads a folder of n small files to an empty bucket.
func (b *bench) upTool(name string, n int, set stage.Setup, command func(dir string) *exec.Cmd) Tool {
	return Tool{
		Name: name, Files: n, Server: b.real,
		Prepare: func() error { return b.real.empty(set, bucketOne) },
		Command: func() *exec.Cmd { return command(b.smallDir(n)) },
		Check:   callsAre(map[string]int64{"b2_upload_file": int64(n)}),
	}
}

func (b *bench) upSlow(threads int) Case {
	n, latency := b.sizes.slow, b.sizes.latency
	c := strconv.Itoa(threads)
	set := stage.Setup{Latency: latency}
	return Case{
		Name:  "up-latency-" + c,
		About: fmt.Sprintf("%s files of 1 KiB up, %s per call, %d threads. The formula is 4 L + N L / C.", count(n), latency, threads),
		Setup: func() error { return b.startReal(n) },
		Tools: b.tools(
			b.upTool(bowline, n, set, func(dir string) *exec.Cmd {
				return b.bowline(b.real, "sync", "--no-progress", "--threads", c, dir, "b2://"+bucketOne)
			}),
			Tool{Name: formula, Files: n, Formula: slowTime(4, n, threads, latency)},
			b.seldom(b.upTool(rclone, n, set, func(dir string) *exec.Cmd {
				return b.peer(b.real, "sync", "--transfers", c, dir, "b2:"+bucketOne)
			})),
		),
		Goals: []Goal{{Text: "time over the formula, at most 1.10", Most: 1.10, Measure: ratio(bowline, formula)}},
	}
}

func (b *bench) down() Case {
	n, few := b.sizes.small, b.sizes.peer
	var into string
	tool := func(name string, files int, command func() *exec.Cmd) Tool {
		return Tool{
			Name: name, Files: files, Server: b.real, Command: command,
			Prepare: func() (err error) {
				if into, err = b.newFolder("down"); err != nil {
					return err
				}
				return b.real.setUp(stage.Setup{Keep: true})
			},
			Check: func(map[string]int64) error { return holds(into, files) },
		}
	}
	return Case{
		Name:  "down-small",
		About: fmt.Sprintf("%s files of 1 KiB down, no latency, 10 threads. rclone fetches %s of them.", count(n), count(few)),
		Setup: func() error {
			if err := b.startReal(n, few); err != nil {
				return err
			}
			if err := b.real.empty(stage.Setup{}, bucketOne, bucketTwo); err != nil {
				return err
			}
			if err := b.seed("post", b.smallDir(n), bucketOne); err != nil {
				return err
			}
			return b.seed("post", b.smallDir(few), bucketTwo)
		},
		Tools: b.tools(
			tool(bowline, n, func() *exec.Cmd { return b.bowline(b.real, "sync", "--no-progress", "b2://"+bucketOne, into) }),
			tool(loader, n, func() *exec.Cmd { return b.floor(b.real, "get", "-dir", into, "-bucket", bucketOne) }),
			b.seldom(tool(rclone, few, func() *exec.Cmd { return b.peer(b.real, "sync", "--transfers", "10", "b2:"+bucketTwo, into) })),
		),
		Goals: []Goal{{Text: "files/s over the bare loader's, at least 0.70", Least: 0.70, Measure: rates(bowline, loader)}},
	}
}

func (b *bench) copySlow(threads int) Case {
	n, latency := b.sizes.slow, b.sizes.latency
	c := strconv.Itoa(threads)
	tool := func(name string, command func() *exec.Cmd) Tool {
		return Tool{
			Name: name, Files: n, Server: b.real, Command: command,
			Prepare: func() error {
				if err := b.real.empty(stage.Setup{}, bucketOne, bucketTwo); err != nil {
					return err
				}
				if err := b.seed("post", b.smallDir(n), bucketOne); err != nil {
					return err
				}
				if err := b.logIn(b.real, "sync", "--no-progress", "--dry-run", "b2://"+bucketOne, "b2://"+bucketTwo); err != nil {
					return err
				}
				return b.real.setUp(stage.Setup{Keep: true, Latency: latency})
			},
			Check: callsAre(map[string]int64{
				"b2_copy_file": int64(n), "b2_upload_file": 0, "b2_download_file_by_id": 0, "b2_download_file_by_name": 0,
			}),
		}
	}
	return Case{
		Name:  "copy-latency-" + c,
		About: fmt.Sprintf("%s objects from bucket to bucket, %s per call, %d threads, no byte through the client. The formula is 2 L + N L / C; Bowline's account is stored, as the formula assumes.", count(n), latency, threads),
		Setup: func() error { return b.startReal(n) },
		Tools: b.tools(
			tool(bowline, func() *exec.Cmd {
				return b.stored("sync", "--no-progress", "--threads", c, "b2://"+bucketOne, "b2://"+bucketTwo)
			}),
			tool(loader, func() *exec.Cmd {
				return b.floor(b.real, "copy", "-bucket", bucketOne, "-target", bucketTwo, "-threads", c)
			}),
			Tool{Name: formula, Files: n, Formula: slowTime(2, n, threads, latency)},
			b.seldom(tool(rclone, func() *exec.Cmd {
				return b.peer(b.real, "sync", "--transfers", c, "b2:"+bucketOne, "b2:"+bucketTwo)
			})),
		),
		Goals: []Goal{{Text: "time over the formula, at most 1.10", Most: 1.10, Measure: ratio(bowline, formula)}},
	}
}
