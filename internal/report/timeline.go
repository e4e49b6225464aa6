package report

import "time"

// slots is how many points of time a timeline keeps at most.
const slots = 240

// Timeline is how much was moved when. Its slots get wider as the run gets
// longer.
type Timeline struct {
	Width   time.Duration `json:"width"` // of a slot
	Up      []int64       `json:"up"`    // bytes sent in each slot
	Down    []int64       `json:"down"`  // bytes received
	Retries []int64       `json:"retries"`
}

func newTimeline() *Timeline { return &Timeline{Width: time.Second} }

// slot is the index of a moment since the start; the timeline is made wide
// enough to have it.
func (t *Timeline) slot(at time.Duration) int {
	at = max(at, 0)
	for at >= t.Width*slots {
		t.Up, t.Down, t.Retries = halved(t.Up), halved(t.Down), halved(t.Retries)
		t.Width *= 2
	}
	i := int(at / t.Width)
	for len(t.Up) <= i {
		t.Up, t.Down, t.Retries = append(t.Up, 0), append(t.Down, 0), append(t.Retries, 0)
	}
	return i
}

// halved joins the slots two by two.
func halved(slots []int64) []int64 {
	half := slots[:0]
	for i := 0; i < len(slots); i += 2 {
		sum := slots[i]
		if i+1 < len(slots) {
			sum += slots[i+1]
		}
		half = append(half, sum)
	}
	return half
}

// spread adds what was moved from one moment to another, evenly.
func (t *Timeline) spread(from, to time.Duration, up, down int64) {
	last := t.slot(to)
	first := min(t.slot(from), last)
	n := int64(last - first + 1)
	for i := first; i <= last; i++ {
		t.Up[i] += up / n
		t.Down[i] += down / n
	}
	t.Up[last] += up % n
	t.Down[last] += down % n
}

// retry marks a try that failed and will be repeated.
func (t *Timeline) retry(at time.Duration) { t.Retries[t.slot(at)]++ }
