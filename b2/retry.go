package b2

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// An action is what follows a failed attempt.
type action int

const (
	giveUp    action = iota
	backOff          // the same again, later
	renewURL         // another upload URL: at once the first time, then later
	reconnect        // authorise again, then the same
)

// A family of calls is retried by the same rules.
type family int

const (
	anyCall family = iota
	authorizing
	listing // of files
	sending // content to an upload URL
)

func familyOf(call string) family {
	switch call {
	case wire.CallAuthorize:
		return authorizing
	case wire.CallListNames, wire.CallListVersions:
		return listing
	case wire.CallUploadFile, wire.CallUploadPart:
		return sending
	}
	return anyCall
}

// What the service has no code for and says in its message only.
const (
	saysChecksum = "checksum_refused"
	anyCode      = "*"
)

// rules is the whole of what is done about failures (API documentation,
// "Integration Checklist"). The first line that fits an answer counts; status
// 0 is no answer at all. What no line fits is given up.
var rules = []struct {
	family   family
	from, to int // status
	code     string
	action   action
}{
	{authorizing, 401, 401, anyCode, giveUp},

	{sending, 0, 0, anyCode, renewURL},
	{sending, 401, 401, anyCode, renewURL},
	{sending, 400, 400, wire.CodeAuthTokenLimit, renewURL},
	{sending, 400, 400, saysChecksum, renewURL},
	{sending, 408, 408, anyCode, renewURL},
	{sending, 429, 429, anyCode, renewURL},
	{sending, 500, 599, anyCode, renewURL},

	// Too many hidden names in a row: only a listing of versions gets past.
	{listing, 503, 503, wire.CodeBadRequest, giveUp},

	{anyCall, 401, 401, wire.CodeBadAuthToken, reconnect},
	{anyCall, 401, 401, wire.CodeExpiredAuthToken, reconnect},
	{anyCall, 401, 401, wire.CodeMissingAuthToken, reconnect},
	{anyCall, 401, 401, "", reconnect}, // HEAD: no body, no code
	{anyCall, 0, 0, anyCode, backOff},
	{anyCall, 408, 408, anyCode, backOff},
	{anyCall, 429, 429, anyCode, backOff},
	{anyCall, 500, 599, anyCode, backOff},
}

// actionFor reads the table.
func actionFor(e *Error) action {
	if permanent(e.Cause) {
		return giveUp
	}
	f, code := familyOf(e.Call), codeOf(e)
	for _, r := range rules {
		if (r.family == anyCall || r.family == f) && r.from <= e.Status && e.Status <= r.to &&
			(r.code == anyCode || r.code == code) {
			return r.action
		}
	}
	return giveUp
}

// permanent says whether another attempt would fail the same way: an answer
// that is not the API's, unless somebody else gave it, or a certificate that
// nobody vouches for.
func permanent(cause error) bool {
	if cause == nil {
		return false
	}
	_, certificate := errors.AsType[*tls.CertificateVerificationError](cause)
	lie := errors.Is(cause, ErrAnswer) && !garbled(cause)
	return certificate || lie || errors.Is(cause, ErrListOrder)
}

// codeOf is the error's code. Two refusals of uploads come as bad_request and
// can be told by their words only (API documentation, b2_upload_file).
func codeOf(e *Error) string {
	if e.Code != wire.CodeBadRequest {
		return e.Code
	}
	words := strings.ToLower(e.Message)
	switch {
	case strings.HasPrefix(words, "more than one upload using auth token"):
		return wire.CodeAuthTokenLimit
	case strings.Contains(words, "checksum did not match"), strings.Contains(words, "sha1 did not match"):
		return saysChecksum
	}
	return e.Code
}

// Bounds of one operation.
const (
	mostTries     = 20 // while other requests of the client succeed
	mostChecksums = 5  // bodies that the service found to have another hash
	mostRenewals  = 3  // tokens in a row that the service refused
	mostGarbled   = 5  // answers that were not the service's
	firstWait     = 2 * time.Second
	longestWait   = 64 * time.Second
)

// health is what the client knows of the service from all its requests
// together.
type health struct {
	epoch     time.Time
	successes atomic.Int64
	down      atomic.Int64 // when the first attempt failed after the last success, ns since epoch; 0 when none did
	outages   outages
}

// succeeded says that the service works, by a call.
func (h *health) succeeded(call string) {
	h.successes.Add(1)
	if h.down.Load() != 0 {
		h.down.Store(0)
	}
	h.outages.of(call).succeeded(h.epoch)
}

// failed says that a call did not, and how long nothing has succeeded.
func (h *health) failed(call string) time.Duration {
	now := max(1, int64(time.Since(h.epoch)))
	h.outages.of(call).failed(now)
	if h.down.CompareAndSwap(0, now) {
		return 0
	}
	return time.Duration(max(0, now-h.down.Load()))
}

// An effort is one operation with all its attempts. An operation may be
// several requests (an upload URL, then the upload); they share the effort, so
// that retries are never nested.
type effort struct {
	c         *Client
	tries     int   // failures while others succeeded
	successes int64 // of the client, at the last failure
	renewals  int
	checksums int
	garbled   int
	fresh     bool          // the next new upload URL needs no waiting
	moving    bool          // much of a body was read since the last failure: going on with it needs none either
	backoff   time.Duration // upper bound of the next wait
	lost      bool          // an attempt ended without an answer; it may have been carried out

	failure *Error // of the last attempt that was judged
	retry   bool
	wait    time.Duration
}

// attempt runs op until it succeeds or an attempt within it is given up. Errors
// that are not an attempt's end it at once.
func (c *Client) attempt(ctx context.Context, op func(e *effort) error) error {
	e := c.newEffort()
	for {
		err := op(e)
		if err == nil {
			return nil
		}
		if err := e.again(ctx, err); err != nil {
			return err
		}
	}
}

func (c *Client) newEffort() *effort {
	return &effort{c: c, fresh: true, backoff: firstWait}
}

// again waits as long as the last attempt's failure asks for and gives nil when
// there is to be another one. Otherwise it gives the error to end with.
func (e *effort) again(ctx context.Context, err error) error {
	failure := e.failure
	e.failure = nil
	if failure == nil || !e.retry || !errors.Is(err, error(failure)) {
		return err
	}
	if failure.RetryAfter > 0 {
		return sleep(ctx, e.wait) // the service knows when
	}
	return e.c.health.outages.of(failure.Call).pause(ctx, e.wait)
}

// judge decides what follows a failed attempt.
func (e *effort) judge(err *Error) {
	e.failure, e.retry, e.wait = err, false, 0
	act := actionFor(err)
	if act == giveUp {
		if err.Status != 0 {
			e.c.health.succeeded(err.Call) // a definite answer: the service works
		}
		return
	}
	if err.Status == 0 || err.Status >= 500 || err.Status == http.StatusRequestTimeout {
		e.lost = true
	}
	if !e.patient(err) {
		return
	}
	e.retry = true
	switch {
	case err.RetryAfter > 0:
		e.wait = err.RetryAfter + jitter(err.RetryAfter/10)
		e.backoff = firstWait
	case act == reconnect && e.renewals == 1:
	case act == backOff && e.moving && err.Status == 0:
	case act == renewURL && e.fresh && err.Status != http.StatusTooManyRequests:
		e.fresh = false
	default:
		e.wait = e.backoff/2 + jitter(e.backoff/2)
		e.backoff = min(2*e.backoff, longestWait)
	}
	e.wait = min(e.wait, e.c.retryFor())
	e.moving = false
}

// patient counts the failure and says whether the operation may go on: for 20
// tries while other requests succeed, and while nothing at all does, for the
// client's RetryFor.
func (e *effort) patient(err *Error) bool {
	down := e.c.health.failed(err.Call)
	if n := e.c.health.successes.Load(); e.tries == 0 || n != e.successes {
		e.successes = n
		e.tries++
	}
	if codeOf(err) == saysChecksum {
		e.checksums++
	}
	if actionFor(err) == reconnect {
		e.renewals++
	}
	if garbled(err.Cause) {
		e.garbled++
	}
	return e.tries < mostTries && e.checksums < mostChecksums && e.renewals <= mostRenewals && e.garbled < mostGarbled &&
		down < e.c.retryFor()
}

// moved says that content moved: a body that breaks again and again, but
// further on each time, is not a failure that repeats itself.
func (e *effort) moved() {
	e.tries, e.renewals, e.backoff = 0, 0, firstWait
	e.c.health.succeeded(wire.CallDownloadByID)
}

func (c *Client) retryFor() time.Duration {
	if c.cfg.RetryFor > 0 {
		return c.cfg.RetryFor
	}
	return time.Hour
}

// report tells the client's observer of an attempt, judging it if it failed.
func (e *effort) report(a Attempt, err *Error) {
	if err == nil {
		e.c.health.succeeded(a.Call)
	} else {
		e.judge(err)
		a.Err, a.Code, a.Status = err, err.Code, err.Status
		a.Retry, a.Wait = e.retry, e.wait
	}
	a.Class = byte(wire.ClassOf[a.Call])
	e.c.logAttempt(&a)
	if e.c.cfg.Observe != nil {
		e.c.cfg.Observe(a)
	}
}

// logAttempt logs an attempt at level debug. What is sent and received is
// never part of it, only how much.
func (c *Client) logAttempt(a *Attempt) {
	ctx := context.Background()
	if !c.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("call", a.Call), slog.Int("status", a.Status), slog.Float64("seconds", a.Took.Seconds()),
		slog.Int64("sent", a.Sent), slog.Int64("received", a.Received),
		slog.String("class", string(rune(a.Class))), slog.Int("units", a.Units),
	}
	if a.Err != nil {
		attrs = append(attrs, slog.Any("error", a.Err), slog.Bool("retry", a.Retry), slog.Float64("wait_seconds", a.Wait.Seconds()))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "call", attrs...)
}

func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
