package ui

import (
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// count is n with a comma between the thousands.
func count(n int64) string { return humanize.Comma(n) }

// size is n bytes in decimal units: 3.2 GB.
func size(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// rate is n bytes in d per second: 45 MB/s.
func rate(n int64, d time.Duration) string {
	return size(int64(float64(n)/d.Seconds())) + "/s"
}

// span is a duration as people say it: tenths of seconds when it is short, no
// fraction otherwise.
func span(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

// plural is n things: "1 retry", "3 retries".
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
