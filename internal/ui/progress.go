package ui

import (
	"io"

	"github.com/vbauerster/mpb/v8"

	"github.com/bowline-sync/bowline/b2sync"
)

// block is the status block at the foot of a terminal.
type block struct {
	*mpb.Progress
	progress func() b2sync.Progress
	meter    *Meter
}

func newBlock(w io.Writer, progress func() b2sync.Progress, meter *Meter) *block {
	return &block{mpb.New(mpb.WithOutput(w)), progress, meter}
}

// close takes the block off the screen.
func (b *block) close() { b.Progress.Shutdown() }
