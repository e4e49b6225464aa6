package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2sync"
)

func TestCost(t *testing.T) {
	known := DefaultPrices()
	known.DownloadPerGB = new(0.01)
	unknown := &Prices{Currency: "EUR"}
	for _, c := range []struct {
		name   string
		prices *Prices
		calls  Calls
		down   int64
		want   string
	}{
		{"nothing", DefaultPrices(), Calls{}, 0, "$0.00"},
		{"class A is free", DefaultPrices(), Calls{A: 1e9}, 0, "$0.00"},
		{"within the allowance", DefaultPrices(), Calls{B: 2500, C: 900}, 0, "$0.00"},
		{"the allowance may be used up", DefaultPrices(), Calls{C: 2500}, 0, "$0.00 to $0.01"},
		{"above it", DefaultPrices(), Calls{C: 1_002_500}, 0, "$4.00 to $4.01"},
		{"traffic", DefaultPrices(), Calls{B: 1}, 1e9, "$0.00 (download traffic unpriced)"},
		{"traffic with a price", known, Calls{B: 1}, 250e9, "$2.50"},
		{"nothing known", unknown, Calls{A: 1, C: 5}, 5, "0.00 EUR (class A, class C, download traffic unpriced)"},
	} {
		if got := c.prices.Of(c.calls, c.down).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestBuiltInPricesSayWhereTheyComeFrom(t *testing.T) {
	if p := DefaultPrices(); p.Date == "" || p.Source == "" || p.DownloadPerGB != nil {
		t.Errorf("the built-in prices are %+v", p)
	}
}

func TestLoadPrices(t *testing.T) {
	for text, good := range map[string]bool{
		`{"currency":"EUR","classes":{"C":{"price":1,"per":1000}}}`: true,
		`{}`:                                       true,
		`{"classes":{"C":{"price":1}}}`:            false,
		`{"classes":{"C":{"price":-1,"per":1}}}`:   false,
		`{"classes":{"D":{"price":1,"per":1000}}}`: false,
		`{"downloadPerGB":-1}`:                     false,
		`not JSON`:                                 false,
		`[]`:                                       false,
		`{"classes":3}`:                            false,
		``:                                         false,
	} {
		file := filepath.Join(t.TempDir(), "prices.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := LoadPrices(file); (err == nil) != good {
			t.Errorf("%s gives %+v, %v", text, p, err)
		} else if err != nil && strings.Contains(err.Error(), "ui.") {
			t.Errorf("%s gives words for programmers: %v", text, err)
		}
	}
	if _, err := LoadPrices("no-such-file"); err == nil {
		t.Error("a missing file is no error")
	}
}

// cutsOf100 cuts into parts of 100.
type cutsOf100 struct{}

func (cutsOf100) Upload(size int64) int64 {
	if size <= 100 {
		return 0
	}
	return (size + 99) / 100
}

func (c cutsOf100) Copy(size int64) int64                { return c.Upload(size) }
func (cutsOf100) Download(size int64, streams int) int64 { return int64(max(streams, 1)) }

func TestEstimate(t *testing.T) {
	e := NewEstimator(3)
	e.By(cutsOf100{})
	for _, a := range []b2sync.Action{
		{Kind: b2sync.Upload, Size: 100},              // 1 A
		{Kind: b2sync.Upload, Size: 101},              // start, 2 parts, finish: 4 A; a look at what is unfinished: 1 C
		{Kind: b2sync.Upload, Size: 300},              // 5 A
		{Kind: b2sync.Download, Size: 1e9},            // 3 B
		{Kind: b2sync.Copy, Size: 100},                // 1 C
		{Kind: b2sync.Copy, Size: 201},                // start, finish: 2 A; 3 parts: 3 C
		{Kind: b2sync.Hide},                           // 1 A
		{Kind: b2sync.Delete},                         // 1 A
		{Kind: b2sync.Delete, Note: b2sync.NoteLocal}, // none
		{Kind: b2sync.MakeFolder},                     // none
	} {
		e.Event(b2sync.ActionDone{Action: a})
	}
	e.Event(b2sync.Remark{})
	want := Plan{Calls: Calls{A: 14, B: 3, C: 5}, Stored: 802}
	if got := e.Plan(); got != want {
		t.Errorf("the plan is %+v, want %+v", got, want)
	}
}
