package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bowline-sync/bowline/bench/stage"
)

// sample is one run of one tool.
type sample struct {
	wall      time.Duration
	cpu       time.Duration // of the tool
	serverCPU time.Duration
	peak      int64 // most memory of the tool at one time, bytes
	others    float64
	stats     stage.Stats
	counted   int64 // calls in the tool's window, if it has one
	err       error
}

// longest is how long one run may take. A tool that retries a broken server
// for hours must not hold the harness.
const longest = 4 * time.Minute

// take runs cmd to its end. s may be nil, for a tool that needs no server;
// during, if not nil, is called beside the run, and waited for.
func take(cmd *exec.Cmd, s *server, during func()) (m sample) {
	var out tail
	cmd.Stdout = &out
	if cmd.Stderr == nil { // no terminal
		cmd.Stderr = &out
	}
	var before, after stage.Stats
	if s != nil {
		if before, m.err = s.stats(); m.err != nil {
			return m
		}
	}
	idle := readProcessors()
	began := time.Now()
	if m.err = cmd.Start(); m.err != nil {
		return m
	}
	ended := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watchMemory(cmd.Process.Pid, ended) }()
	var beside sync.WaitGroup
	if during != nil {
		beside.Go(during)
	}
	timeout := time.AfterFunc(longest, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timeout.Stop()
	m.wall = time.Since(began)
	close(ended)
	beside.Wait()
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if m.peak = <-peak; m.peak == 0 {
		m.peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	if s != nil {
		if after, m.err = s.stats(); m.err != nil {
			return m
		}
		m.stats, m.serverCPU = after, after.CPU-before.CPU
	}
	m.others = readProcessors().others(idle, m.cpu+m.serverCPU)
	if err != nil {
		m.err = fmt.Errorf("%w: %s", err, out.text())
	}
	return m
}

// watchMemory answers the peak of a process's memory, read until ended from
// VmHWM: the maxrss that the kernel reports afterwards includes the memory of
// the parent at the fork.
func watchMemory(pid int, ended <-chan struct{}) (peak int64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return peak
		case <-tick.C:
			peak = max(peak, highWater(pid))
		}
	}
}

// highWater reads VmHWM in bytes; 0 when the process is gone.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib << 10
}

// tail keeps the end of what a tool prints, for when it fails.
type tail struct{ bytes.Buffer }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const enough = 16 << 10
	if t.Len() > enough {
		t.Next(t.Len() - enough/2)
	}
	return t.Buffer.Write(p)
}

// text is the last lines.
func (t *tail) text() string {
	lines := strings.Split(strings.TrimSpace(t.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}

// processors is the time that all processors were busy since the machine
// started, and when that was read.
type processors struct {
	busy time.Duration
	own  time.Duration
	at   time.Time
}

// tick is the unit of /proc/stat.
const tick = time.Second / 100

func readProcessors() processors {
	p := processors{at: time.Now()}
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) == nil {
		p.own = time.Duration(use.Utime.Nano() + use.Stime.Nano())
	}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return p
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, field := range strings.Fields(line)[1:] {
		const idle, ioWait, guest = 3, 4, 8
		if n, err := strconv.ParseInt(field, 10, 64); err == nil && i != idle && i != ioWait && i < guest {
			p.busy += time.Duration(n) * tick
		}
	}
	return p
}

// others answers how many processors were busy with other things between two
// readings, given what was used by the tools measured.
func (p processors) others(before processors, used time.Duration) float64 {
	rest := p.busy - before.busy - (p.own - before.own) - used
	return max(0, rest.Seconds()/p.at.Sub(before.at).Seconds())
}

// waitForQuiet waits until nothing else has used the processors for a second,
// or until patience is at its end.
func waitForQuiet(patience time.Duration) {
	const look = time.Second
	for ; patience >= look; patience -= look {
		before := readProcessors()
		time.Sleep(look)
		if readProcessors().others(before, 0) < noisy {
			return
		}
	}
}
