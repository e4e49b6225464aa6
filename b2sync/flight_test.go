package b2sync

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestFlights(t *testing.T) {
	var f flights
	var moved [3]atomic.Int64
	at := time.Unix(1000, 0)
	young := f.begin("young", 10, &moved[0], at.Add(time.Second))
	f.begin("b-old", 20, &moved[1], at)
	f.begin("a-old", 30, &moved[2], at)
	moved[1].Store(7)
	check := func(want ...string) {
		t.Helper()
		list := f.list()
		if len(list) != len(want) {
			t.Fatalf("under way are %v, want %v", list, want)
		}
		for i := range want {
			if list[i].Name != want[i] {
				t.Errorf("number %d is %s, want %s", i, list[i].Name, want[i])
			}
		}
	}
	check("a-old", "b-old", "young")
	if b := f.list()[1]; b.Size != 20 || b.Moved != 7 || b.Started != at {
		t.Errorf("b-old is %+v", b)
	}
	f.end(young)
	check("a-old", "b-old")
}
