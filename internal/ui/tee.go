package ui

import "github.com/bowline-sync/bowline/b2sync"

// Tee is a listener that tells every event to all of the listeners, in order.
// Nil listeners are left out; nil is returned when none is left, so that the
// engine need not make events that nobody hears.
func Tee(listeners ...b2sync.Listener) b2sync.Listener {
	var all tee
	for _, l := range listeners {
		if l != nil {
			all = append(all, l)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

type tee []b2sync.Listener

func (t tee) Event(e b2sync.Event) {
	for _, l := range t {
		l.Event(e)
	}
}
