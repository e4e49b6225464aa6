package ui

import (
	"errors"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/bowline-sync/bowline/b2sync"
)

// refreshBlock is how often the block is drawn, and so how long a line that
// scrolls above it may take to appear.
const refreshBlock = 200 * time.Millisecond

// blockMost keeps the block narrower than most terminals: a line that is wider
// than the window after it was made smaller would wrap and leave remains.
const blockMost = 100

// block is the status block at the foot of a terminal: two lines, without
// colours, so that NO_COLOR has nothing to turn off. Lines written to it scroll
// above.
type block struct {
	terminal io.Writer
	bars     *mpb.Progress
	bar      *mpb.Bar
	progress func() b2sync.Progress
	meter    *Meter
	speed    speed
	second   string // drawn after the first line, by the same goroutine
}

func newBlock(terminal io.Writer, progress func() b2sync.Progress, meter *Meter) *block {
	b := &block{terminal: terminal, progress: progress, meter: meter}
	b.bars = mpb.New(mpb.WithOutput(terminal), mpb.WithRefreshRate(refreshBlock))
	b.bar = b.bars.MustAdd(0, mpb.BarFillerFunc(b.drawFirst), mpb.BarFillerTrim(),
		mpb.BarExtender(mpb.BarFillerFunc(b.drawSecond), false))
	return b
}

// drawFirst looks at the run and draws the first line.
func (b *block) drawFirst(w io.Writer, at decor.Statistics) error {
	lines := b.look().lines(min(at.AvailableWidth-1, blockMost))
	b.second = lines[1]
	_, err := io.WriteString(w, lines[0])
	return err
}

func (b *block) drawSecond(w io.Writer, _ decor.Statistics) error {
	_, err := io.WriteString(w, b.second+"\n")
	return err
}

func (b *block) look() *status {
	s := &status{Progress: b.progress(), now: time.Now()}
	b.speed.add(s.now, s.Done.Bytes)
	s.rate = b.speed.perSecond()
	if b.meter != nil {
		s.wait, s.waiting = b.meter.Waiting()
	}
	return s
}

// Write prints whole lines above the block.
func (b *block) Write(lines []byte) (int, error) {
	n, err := b.bars.Write(lines)
	if errors.Is(err, mpb.ErrDone) { // the block gave up; the lines must not be lost
		return b.terminal.Write(lines)
	}
	return n, err
}

// close takes the block off the screen.
func (b *block) close() {
	b.bar.Abort(true)
	b.bars.Wait()
}
