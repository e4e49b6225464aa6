package b2

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// outages are those of the two kinds of calls, which may fail apart: those that
// send content go to other machines than all the rest.
type outages struct{ sending, other outage }

// of is the outage that a call may be in.
func (o *outages) of(call string) *outage {
	switch call {
	case wire.CallUploadFile, wire.CallUploadPart:
		return &o.sending
	}
	return &o.other
}

// An outage is a time in which no call of a kind succeeds. The first that does
// wakes those that wait to be tried again: else they would sleep on for up to a
// minute after the service is back.
type outage struct {
	began atomic.Int64 // when the first call failed after the last success, ns since the client's epoch; 0 while calls succeed
	end   atomic.Pointer[outageEnd]
}

// outageEnd is told to all who wait for it.
type outageEnd struct {
	reached chan struct{}
	lasted  time.Duration // how long the outage was; to be read once the end is reached
}

// failed notes that a call failed at now.
func (o *outage) failed(now int64) { o.began.CompareAndSwap(0, now) }

// succeeded notes that one did not.
func (o *outage) succeeded(epoch time.Time) {
	if o.began.Load() == 0 {
		return
	}
	began := o.began.Swap(0)
	if end := o.end.Swap(nil); end != nil {
		end.lasted = time.Since(epoch) - time.Duration(began)
		close(end.reached)
	}
}

// next is the end of this outage, or of the next one.
func (o *outage) next() *outageEnd {
	for {
		if end := o.end.Load(); end != nil {
			return end
		}
		o.end.CompareAndSwap(nil, &outageEnd{reached: make(chan struct{})})
	}
}

// pause waits for d, or until shortly after the outage ends. An outage shorter
// than half of the wait does not end it: a service that answers now and then is
// busy, and is to be left alone for as long as was decided. Those that are woken
// do not come all at once.
func (o *outage) pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	over := time.NewTimer(d)
	defer over.Stop()
	due := time.Now().Add(d)
	for {
		end := o.next()
		select {
		case <-over.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-end.reached:
			if end.lasted >= d/2 {
				return sleep(ctx, min(time.Until(due), jitter(firstWait)))
			}
		}
	}
}
