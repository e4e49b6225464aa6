package ui

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// refreshBlock is how often the block is drawn, and so how long a line that
// scrolls above it may take to appear.
const refreshBlock = 200 * time.Millisecond

// blockMost keeps the block calm on a wide terminal: what is far apart is not
// read together.
const blockMost = 100

// block is the status block at the foot of a terminal: two lines, three while
// something takes its time, without colours, so that NO_COLOR has nothing to
// turn off. Lines written to it scroll above.
type block struct {
	frame *frame
	bars  *mpb.Progress
	bar   *mpb.Bar
	from  Sources
	speed speed
	rest  []string // drawn after the first line, by the same goroutine
}

func newBlock(terminal *os.File, from Sources) *block {
	understandEscapes(terminal)
	b := &block{frame: &frame{terminal: terminal}, from: from}
	b.bars = mpb.New(mpb.WithOutput(b.frame), mpb.WithAutoRefresh(), mpb.WithRefreshRate(refreshBlock))
	b.bar = b.bars.MustAdd(0, mpb.BarFillerFunc(b.drawFirst), mpb.BarFillerTrim(),
		mpb.BarExtender(mpb.BarFillerFunc(b.drawRest), false))
	return b
}

// drawFirst looks at the run and draws the first line.
func (b *block) drawFirst(w io.Writer, _ decor.Statistics) error {
	columns, rows := b.frame.size()
	lines := b.look().lines(min(columns-1, blockMost))
	lines = lines[:min(len(lines), max(rows-1, 1))] // one row is for what scrolls above
	b.rest = lines[1:]
	_, err := io.WriteString(w, frameStart+lines[0])
	return err
}

func (b *block) drawRest(w io.Writer, _ decor.Statistics) error {
	if len(b.rest) == 0 {
		return nil
	}
	_, err := io.WriteString(w, strings.Join(b.rest, "\n")+"\n")
	return err
}

func (b *block) look() *status {
	s := &status{Progress: b.from.Progress(), now: time.Now()}
	b.speed.add(s.now, s.Done.Bytes)
	s.rate = b.speed.perSecond()
	if b.from.Meter != nil {
		s.wait, s.waiting = b.from.Meter.Waiting()
	}
	if b.from.Transfers != nil {
		s.flying = b.from.Transfers()
	}
	return s
}

// Write prints whole lines above the block.
func (b *block) Write(lines []byte) (int, error) {
	n, err := b.bars.Write(lines)
	if errors.Is(err, mpb.ErrDone) { // the block gave up; the lines must not be lost
		return b.frame.terminal.Write(lines)
	}
	return n, err
}

// beside is an output as it is to be written to while the block is drawn: what
// goes into a pipe may come out on the same terminal.
func (b *block) beside(w io.Writer) io.Writer {
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
			return aside{b.frame, w}
		}
	}
	return w
}

// close takes the block off the screen.
func (b *block) close() {
	b.bar.Abort(true)
	b.bars.Wait()
}
