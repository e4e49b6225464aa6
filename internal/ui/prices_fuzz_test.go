package ui

import (
	"math"
	"testing"
)

// FuzzParsePrices: a price file is refused, or costs are numbers that are not
// below zero.
func FuzzParsePrices(f *testing.F) {
	f.Add([]byte(`{"currency":"EUR","classes":{"B":{"price":0.004,"per":10000,"freePerDay":2500}}}`))
	f.Add([]byte(`{"classes":{"A":{"price":1e308,"per":1}},"downloadPerGB":1e308}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePrices(text)
		if err != nil {
			return
		}
		if c := p.Of(Calls{A: 1, B: 2, C: 3}, 1<<40); c.Most < 0 || c.Least < 0 || math.IsNaN(c.Most) || math.IsNaN(c.Least) {
			t.Errorf("%s: %+v", text, c)
		}
	})
}
