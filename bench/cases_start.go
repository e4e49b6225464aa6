package main

import (
	"os/exec"

	"github.com/bowline-sync/bowline/bench/stage"
)

// referenceStart is the processor time that the reference takes to start, in
// seconds, by an earlier measurement.
const referenceStart = 0.22

func (b *bench) startUp() Case {
	const version, emptySync = "b2 version", "sync of two empty sides"
	emptyArgs := []string{"sync", "--no-progress", "--allow-empty-source", b.path("nothing"), "b2://" + bucketOne}
	cpu := func(tool string) func(*results) float64 {
		return func(r *results) float64 { return r.cpu(tool).Seconds() / referenceStart }
	}
	return Case{
		Name:  "start",
		About: "What it costs to begin: credentials are stored, the bucket's id is known.",
		Setup: func() error {
			if err := b.real.start(b.self); err != nil {
				return err
			}
			if err := b.real.empty(stage.Setup{}, bucketOne); err != nil {
				return err
			}
			if _, err := b.freshFolder("nothing"); err != nil {
				return err
			}
			return b.logIn(b.real, emptyArgs...)
		},
		Tools: []Tool{
			{Name: version, Command: func() *exec.Cmd { return b.stored("version") }},
			{
				Name: emptySync, Command: func() *exec.Cmd { return b.stored(emptyArgs...) }, Server: b.real,
				Prepare: func() error { return b.real.setUp(stage.Setup{Keep: true}) },
				Check:   callsAre(map[string]int64{"b2_authorize_account": 0, "b2_list_buckets": 0}),
			},
		},
		Goals: []Goal{
			{Text: "processor time of `b2 version` over the reference's start (0.22 s), at most 0.1", Most: 0.1, Measure: cpu(version)},
			{Text: "processor time of the empty sync over the same, at most 0.1", Most: 0.1, Measure: cpu(emptySync)},
			{Text: "calls of the empty sync, at most 1", Most: 1, Measure: func(r *results) float64 {
				good := r.good(emptySync)
				if len(good) == 0 {
					return 0
				}
				return float64(requests(good[len(good)-1]))
			}},
		},
	}
}
