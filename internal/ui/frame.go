package ui

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// frame stands between mpb and a terminal. It leaves the cursor on the first
// character of the block instead of below it: a terminal that wraps lines anew
// when its window changes moves the cursor with the character, so the block is
// found again whatever became of its lines. Counting rows upwards, as mpb does,
// would leave some of them behind.
type frame struct {
	terminal *os.File

	mu    sync.Mutex
	out   []byte
	shown bool      // the block is on the screen
	quiet time.Time // before this, it is not drawn
}

// frameStart stands before the first line of the block in what mpb writes.
const frameStart = "\x00"

// size is the terminal's, in columns and rows.
func (f *frame) size() (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.terminal.Fd()))
	if err != nil || columns < 1 || rows < 1 {
		return 80, 24
	}
	return columns, rows
}

// Write takes what mpb writes at a time: its way back to the top of the last
// block, lines to scroll above, and the new block.
func (f *frame) Write(p []byte) (int, error) {
	above, block, drawn := bytes.Cut(cutReturn(p), []byte(frameStart))
	f.mu.Lock()
	defer f.mu.Unlock()
	drawn = drawn && !time.Now().Before(f.quiet)
	f.out = f.out[:0]
	if f.shown && (len(above) > 0 || !drawn) {
		f.out = append(f.out, clearBlock...)
	}
	f.out = append(f.out, above...)
	if drawn {
		f.draw(bytes.TrimSuffix(block, []byte("\n")))
	}
	f.shown = drawn
	if _, err := f.terminal.Write(f.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// asideQuiet is for how long the block stays away when something was written
// beside it: time for a program such as tee to bring it to the terminal, and
// long enough that the block does not blink while lines follow each other.
const asideQuiet = 500 * time.Millisecond

// aside is an output that may come to the same terminal by another way, such as
// a pipe to tee. The block makes room for what is written to it.
type aside struct {
	frame *frame
	to    io.Writer
}

// Write writes when the block is gone.
func (a aside) Write(p []byte) (int, error) {
	f := a.frame
	f.mu.Lock()
	if f.shown {
		f.shown = false
		_, _ = f.terminal.WriteString(clearBlock) // if that fails, there is nobody to see it
	}
	f.quiet = time.Now().Add(asideQuiet)
	f.mu.Unlock()
	return a.to.Write(p)
}

// clearBlock clears all from the start of the block, but for one space: tmux
// keeps what it shows as history when the whole of a window is cleared. The
// first line is cleared before, because tmux takes what was cleared from the
// middle of a line on for blanks, which wrap in a narrower window.
const clearBlock = "\r\x1b[K \x1b[J\r"

// draw draws the block over the last one and goes back to its start. Each line
// clears its own rest, so that nothing flickers.
func (f *frame) draw(block []byte) {
	f.out = append(f.out, bytes.ReplaceAll(block, []byte("\n"), []byte("\x1b[K\n"))...)
	f.out = append(f.out, "\x1b[J\r"...)
	if up := bytes.Count(block, []byte("\n")); up > 0 { // some terminals take 0 for 1
		f.out = fmt.Appendf(f.out, "\x1b[%dA", up)
	}
}

// cutReturn takes mpb's way back off, which is "up some lines, clear below".
func cutReturn(p []byte) (rest []byte) {
	const up, clear = "\x1b[", "A\x1b[J"
	digits, isUp := bytes.CutPrefix(p, []byte(up))
	count, rest, isClear := bytes.Cut(digits, []byte(clear))
	if !isUp || !isClear || len(bytes.Trim(count, "0123456789")) > 0 {
		return p
	}
	return rest
}
