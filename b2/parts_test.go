package b2

import "testing"

func TestCuts(t *testing.T) {
	c := &Cuts{account: &Account{RecommendedPartSize: 100e6, MinPartSize: 5e6}, slots: 10}
	for _, one := range []struct {
		what      string
		got, want int64
	}{
		{"upload of what fits in a part", c.Upload(100e6), 0},
		{"upload of two parts, cut so that all slots are busy", c.Upload(200e6), 10},
		{"upload of 10 GB", c.Upload(10e9), 100},
		{"upload that 10,000 parts just hold", c.Upload(5e12), 10_000},
		{"copy of 5 GB", c.Copy(5e9), 0},
		{"copy of more", c.Copy(5e9 + 1), 10},
		{"copy of 12 GB", c.Copy(12e9), 12},
		{"download of an empty file", c.Download(0, 0), 1},
		{"download by one stream", c.Download(199e6, 0), 1},
		{"download by several", c.Download(200e6, 0), 4},
		{"download in many ranges", c.Download(1e9, 0), 10},
		{"download by as many as asked for", c.Download(300, 3), 3},
		{"download of less bytes than streams", c.Download(2, 3), 1},
	} {
		if one.got != one.want {
			t.Errorf("%s: %d calls, want %d", one.what, one.got, one.want)
		}
	}
}
