package ui

import (
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// Count is n with a comma between the thousands.
func Count(n int64) string { return humanize.Comma(n) }

// Size is n bytes in decimal units: 3.2 GB.
func Size(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// Rate is n bytes in d per second: 45 MB/s. Below one byte it is no rate, "".
func Rate(n int64, d time.Duration) string {
	if d <= 0 || float64(n) < d.Seconds() {
		return ""
	}
	return Size(int64(float64(n)/d.Seconds())) + "/s"
}

// Span is a duration as people say it: milliseconds or tenths of seconds when it
// is short, no fraction otherwise.
func Span(d time.Duration) string {
	switch {
	case d > 0 && d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

// Plural is n things: "1 retry", "3 retries".
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}
