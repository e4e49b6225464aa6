package main

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// results are the samples of a case by tool.
type results struct{ samples map[string][]sample }

// good answers the samples of a tool that did not fail.
func (r *results) good(tool string) (good []sample) {
	for _, s := range r.samples[tool] {
		if s.err == nil {
			good = append(good, s)
		}
	}
	return good
}

// median answers the median of a property over a tool's good samples, 0 when
// there are none.
func median[T int64 | float64 | time.Duration](r *results, tool string, of func(sample) T) T {
	var all []T
	for _, s := range r.good(tool) {
		all = append(all, of(s))
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

func (r *results) wall(tool string) time.Duration {
	return median(r, tool, func(s sample) time.Duration { return s.wall })
}

func (r *results) cpu(tool string) time.Duration {
	return median(r, tool, func(s sample) time.Duration { return s.cpu })
}

func (r *results) peak(tool string) int64 {
	return median(r, tool, func(s sample) int64 { return s.peak })
}

// calls answers how often a tool made a call, the most of all its runs.
func (r *results) calls(tool string, names ...string) (most int64) {
	for _, s := range r.good(tool) {
		n := int64(0)
		for _, name := range names {
			n += s.stats.Calls[name]
		}
		most = max(most, n)
	}
	return most
}

// rate is files or bytes per second.
func (r *results) rate(t *Tool) float64 {
	seconds := r.wall(t.Name).Seconds()
	counted := median(r, t.Name, func(s sample) int64 { return s.counted })
	switch {
	case t.Window != nil:
		return float64(counted) / t.Window.length().Seconds()
	case seconds == 0:
		return 0
	case t.Bytes > 0:
		return float64(t.Bytes) / seconds
	}
	return float64(t.Files) / seconds
}

// noisy is how many processors others may take before a table says so.
const noisy = 0.2

// print writes the table of a case and its goals, and answers how many goals
// were missed.
func (r *results) print(out io.Writer, c *Case) (missed int) {
	fmt.Fprintf(out, "### %s\n\n%s\n\n", c.Name, c.About)
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintln(w, "\t tool\t median\t min - max\t rate\t CPU s\t server CPU s\t peak MiB\t requests\t billed A/B/C\t others\t")
	fmt.Fprintln(w, "\t---\t---\t---\t---\t---\t---\t---\t---\t---\t---\t")
	for i := range c.Tools {
		fmt.Fprintln(w, r.row(&c.Tools[i]))
	}
	_ = w.Flush()
	fmt.Fprintln(out)
	for _, g := range c.Goals {
		value := g.Measure(r)
		verdict := "reached"
		if !(value > 0 && g.reached(value)) {
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(out, "- %s: **%.4g**, %s\n", g.Text, value, verdict)
	}
	fmt.Fprintln(out)
	r.printTroubles(out, c)
	return missed
}

func (r *results) row(t *Tool) string {
	good := r.good(t.Name)
	if len(good) == 0 {
		return "\t " + t.Name + "\t failed\t \t \t \t \t \t \t \t \t"
	}
	rate := fmt.Sprintf("%.0f files/s", r.rate(t))
	switch {
	case t.Bytes > 0:
		rate = fmt.Sprintf("%.0f MB/s", r.rate(t)/1e6)
	case t.Files == 0:
		rate = ""
	}
	if t.Command == nil {
		return fmt.Sprintf("\t %s\t %s\t \t %s\t \t \t \t \t \t \t", t.Name, seconds(t.Formula), rate)
	}
	walls := make([]time.Duration, len(good))
	for i, s := range good {
		walls[i] = s.wall
	}
	billed := good[len(good)-1].stats.Billed
	others := median(r, t.Name, func(s sample) float64 { return s.others })
	mark := ""
	if others > noisy {
		mark = " (!)"
	}
	return fmt.Sprintf("\t %s\t %s\t %s - %s\t %s\t %.2f\t %.2f\t %.0f\t %d\t %d/%d/%d\t %.2f%s\t",
		t.Name, seconds(r.wall(t.Name)), seconds(slices.Min(walls)), seconds(slices.Max(walls)), rate,
		r.cpu(t.Name).Seconds(), median(r, t.Name, func(s sample) time.Duration { return s.serverCPU }).Seconds(),
		float64(r.peak(t.Name))/(1<<20), requests(good[len(good)-1]), billed["A"], billed["B"], billed["C"], others, mark)
}

func requests(s sample) (n int64) {
	for _, count := range s.stats.Calls {
		n += count
	}
	return n
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// printTroubles names failed runs, and says when others used the machine.
func (r *results) printTroubles(out io.Writer, c *Case) {
	disturbed := 0
	for _, t := range c.Tools {
		for i, s := range r.samples[t.Name] {
			if s.err != nil {
				fmt.Fprintf(out, "Run %d of %s failed: %v\n\n", i+1, t.Name, s.err)
			}
			if s.others > noisy {
				disturbed++
			}
		}
	}
	if disturbed > 0 {
		fmt.Fprintf(out, "(!) In %d runs others took more than %.1f processors: trust ratios and CPU seconds more than times.\n\n", disturbed, noisy)
	}
}

// printHead says where and with what the figures were made.
func (b *bench) printHead() {
	version, _ := exec.Command(b.b2, "version").Output()
	fmt.Printf("%d rounds; %d processors, %s/%s, %s; %s; rclone %s\n\n", b.rounds, runtime.NumCPU(),
		runtime.GOOS, runtime.GOARCH, runtime.Version(), strings.TrimSpace(string(version)), rcloneVersion)
}
