package main

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "500": 500, "500K": 500 << 10, "10M": 10 << 20, "1.5G": 3 << 29, "2t": 2 << 40, "1KiB": 1 << 10, "1kB": 1 << 10, "7B": 7,
		"": -1, "K": -1, "-1": -1, "1X": -1, "1e400": -1, "nan": -1, "1MK": -1, "99999999999T": -1,
	} {
		got, err := parseBytes(text)
		if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestBandwidth(t *testing.T) {
	for text, want := range map[string]bandwidth{
		"10M": {10 << 20, 10 << 20}, "1K:2K": {1 << 10, 2 << 10}, "0:5": {0, 5},
	} {
		var got bandwidth
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "1:", "1:2:3", "-1"} {
		if new(bandwidth).Set(text) == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// TestFormatJSON holds the form to the reference's: keys in order, four
// spaces, ASCII.
func TestFormatJSON(t *testing.T) {
	got, err := formatJSON(map[string]any{"b": []int{}, "a": "ż<&\U0001f600\x01\x7f\"", "c": map[string]any{}, "n": nil, "i": int64(1) << 60})
	want := `{
    "a": "\u017c<&\ud83d\ude00\u0001` + "\x7f" + `\"",
    "b": [],
    "c": {},
    "i": 1152921504606846976,
    "n": null
}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}

func FuzzFormatJSON(f *testing.F) {
	f.Add("ż\U0001f600\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := formatJSON([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexFunc(got, func(r rune) bool { return r > 0x7f }) >= 0 {
			t.Errorf("%q is not ASCII: %s", text, got)
		}
		plain, _ := json.Marshal([]string{text})
		var a, b []string
		if json.Unmarshal(plain, &a) != nil || json.Unmarshal(got, &b) != nil || a[0] != b[0] {
			t.Errorf("%q was read back as %q", text, b)
		}
	})
}

func TestReadable(t *testing.T) {
	got := readable([]any{
		map[string]any{"name": "on-upload", "isEnabled": true, "count": "12", "empty": "", "list": []any{"a", "b"}, "inner": map[string]any{"id": 1.0, "a": nil}},
	})
	const want = `- name: on-upload
  count: '12'
  empty: ''
  inner: 
    id: 1
    a: null
  isEnabled: true
  list: 
    - a
    - b
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestNumbersArePythons holds what int() and float() take and refuse.
func TestNumbersArePythons(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, " 7 ": 7, "+7": 7, "-7": -7, "007": 7, "1_000": 1000} {
		var n number
		if err := n.Set(text); err != nil || n.value != want {
			t.Errorf("%q is %d, %v; want %d", text, n.value, err, want)
		}
	}
	for _, text := range []string{"", "7.0", "1__0", "_1", "1_", "0x7", "1e3", "sieben"} {
		if err := new(number).Set(text); err == nil {
			t.Errorf("%q was taken for a whole number", text)
		}
	}
	for text, want := range map[string]float64{"7": 7, " .5 ": .5, "1_0.5": 10.5, "1e3": 1000, "inf": math.Inf(1), "1e999": math.Inf(1)} {
		var d decimal
		if err := d.Set(text); err != nil || d.value != want {
			t.Errorf("%q is %v, %v; want %v", text, d.value, err, want)
		}
	}
	for _, text := range []string{"", "0x10", "0x1p-2", "1_.5", "_1", "1,5"} {
		if err := new(decimal).Set(text); err == nil {
			t.Errorf("%q was taken for a number", text)
		}
	}
}

func TestPeriod(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "2h30m": 150 * time.Minute, "1d": 24 * time.Hour, "1d12h": 36 * time.Hour, "65535d": 65535 * 24 * time.Hour,
		"": 0, "5": 0, "0": 0, "0s": 0, "0d": 0, "-1s": 0, "-1d": 0, "1d-1h": 0, "d": 0, "1.5d": 0, "1h1d": 0, "65536d": 0, "65535d2000000h": 0, "1w": 0,
	} {
		var p period
		if err := p.Set(text); (err == nil) != (want != 0) || p.Duration != want {
			t.Errorf("%q is %v, %v; want %v", text, p.Duration, err, want)
		}
		if again := new(period); want != 0 && (again.Set(p.String()) != nil || *again != p) {
			t.Errorf("%q is written as %q, which is not read as the same", text, p.String())
		}
	}
}
