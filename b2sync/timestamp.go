package b2sync

import "errors"

// ParseTimestamp reads a time as seconds, milliseconds or microseconds since
// the epoch and returns milliseconds.
func ParseTimestamp(s string) (millis int64, err error) { return 0, errors.ErrUnsupported }
