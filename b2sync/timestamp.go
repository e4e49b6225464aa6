package b2sync

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The end of the year 9999, in seconds since the epoch. The reference takes a
// number above that for milliseconds, and one above a thousand times that for
// microseconds.
const maxTimestamp = 253402300800

// minTimestamp is the beginning of the year 1.
const minTimestamp = -62135596800

// ParseTimestamp reads a time as the reference's --exclude-if-modified-after
// and --exclude-if-uploaded-after do, and returns milliseconds since the epoch.
// The number is seconds, with a fraction if need be; 13 digits are milliseconds
// and 16 are microseconds. What is finer than a millisecond is cut off, after
// rounding to the microsecond.
func ParseTimestamp(s string) (millis int64, err error) {
	text := strings.TrimSpace(s)
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || math.IsInf(seconds, 0) || strings.ContainsAny(text, "xX_") {
		return 0, fmt.Errorf("%q is not a time: give the seconds since 1 January 1970, such as 1367900664 or 1367900664.152", s)
	}
	if seconds > maxTimestamp {
		switch {
		case seconds < maxTimestamp*1e3:
			seconds /= 1e3
		case seconds < maxTimestamp*1e6:
			seconds /= 1e6
		}
	}
	if seconds < minTimestamp || seconds >= maxTimestamp {
		return 0, fmt.Errorf("%q is not a time between the years 1 and 9999", s)
	}
	whole, fraction := math.Modf(seconds)
	micros := int64(whole)*1e6 + int64(math.RoundToEven(fraction*1e6))
	return floorDiv(micros, 1000), nil
}

// floorDiv divides and rounds down, for times before the epoch too.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
