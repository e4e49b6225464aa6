package main

import (
	"testing"

	"github.com/bowline-sync/bowline/internal/wire"
)

// The parts of a stream grow up to what memory can be asked for, and never
// beyond what the service takes.
func TestStreamSizes(t *testing.T) {
	for _, c := range []struct {
		atLeast, first, last, limit int64
	}{
		{0, 16 << 20, 256 << 20, 1_862_270_976_000},
		{100_000_000, 100_000_000, 256 << 20, 0},
		{600_000_000, 600_000_000, 600_000_000, 6_000_000_000_000},
		{1 << 60, wire.MaxSinglePart, wire.MaxSinglePart, wire.MaxFileSize},
	} {
		sizes := streamSizes(c.atLeast)
		if first, last := sizes.size(1), sizes.size(wire.MaxParts); first != c.first || last != c.last {
			t.Errorf("--min-part-size %d: parts of %d to %d bytes, want %d to %d", c.atLeast, first, last, c.first, c.last)
		}
		if got := sizes.limit(); c.limit != 0 && got != c.limit {
			t.Errorf("--min-part-size %d: %d bytes in all, want %d", c.atLeast, got, c.limit)
		}
		for number := 2; number <= wire.MaxParts; number++ {
			if sizes.size(number) < sizes.size(number-1) {
				t.Fatalf("--min-part-size %d: part %d is smaller than the one before", c.atLeast, number)
			}
		}
	}
}
