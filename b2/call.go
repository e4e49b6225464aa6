package b2

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// apiPath is the version of the API that everything is called at.
const apiPath = "/b2api/v4/"

// Bounds of what is read of an answer, in bytes.
const (
	mostAnswer = 16 << 20 // of a JSON call
	mostError  = 64 << 10 // of an error
)

// A request is one attempt, yet to be made.
type request struct {
	call, method, url string
	token             Secret // sent as it is in Authorization
	basic             bool   // authorise by the key instead
	header            http.Header
	json              []byte
	content           *content // instead of json
	gathered          []byte   // all of content, if it is short
}

// An answer is a successful attempt whose body is still to be read. It must be
// ended.
type answer struct {
	*http.Response
	effort  *effort
	attempt Attempt
	asked   request // for what it carries
	started time.Time
	dog     *watchdog
	cancel  context.CancelCauseFunc
	ctx     context.Context
	parent  context.Context
}

// send makes one attempt. Statuses other than 200 and 206 are errors, and so
// are redirects: no token goes to a host that was not announced.
func (e *effort) send(ctx context.Context, r request) (*answer, error) {
	limit := answerTime
	if oneOf(r.call, wire.CallCopyFile, wire.CallCopyPart, wire.CallFinishLarge) {
		limit = slowAnswerTime
	}
	a := &answer{effort: e, asked: r, parent: ctx, started: time.Now(), attempt: Attempt{Call: r.call, Units: 1}}
	a.ctx, a.dog, a.cancel = watch(ctx, limit)
	if r.content != nil {
		r.content.dog = a.dog
		var err error
		if r.gathered, err = r.content.gather(); err != nil {
			a.release()
			return nil, err
		}
	}
	req, err := e.c.newRequest(a, r)
	if err != nil {
		a.release()
		return nil, &Error{Call: r.call, Cause: err}
	}
	resp, err := e.c.transport.RoundTrip(req)
	if r.content != nil {
		a.attempt.Sent = r.content.stop()
	}
	a.dog.disarm()
	if r.content != nil {
		if err := r.content.err; err != nil { // ours, not the service's
			if resp != nil {
				resp.Body.Close()
			}
			a.release()
			return nil, err
		}
	}
	if err != nil {
		return nil, a.end(err)
	}
	a.Response = resp
	a.attempt.Status = resp.StatusCode
	e.c.clock.observe(resp.Header.Get("Date"))
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		return nil, a.refused()
	}
	return a, nil
}

// newRequest builds the HTTP request of an attempt.
func (c *Client) newRequest(a *answer, r request) (*http.Request, error) {
	var body io.Reader
	switch {
	case r.gathered != nil:
		body = bytes.NewReader(r.gathered)
	case r.content != nil:
		body = r.content
	case r.json != nil:
		body = bytes.NewReader(r.json)
	}
	req, err := http.NewRequestWithContext(a.ctx, r.method, r.url, body)
	if err != nil {
		return nil, errors.New("the service announced an address that is not a URL")
	}
	if r.header != nil {
		req.Header = r.header
	}
	req.Header["User-Agent"] = c.userAgent
	if r.content != nil && r.gathered == nil {
		req.ContentLength = r.content.length()
	}
	if r.json != nil {
		req.Header["Content-Type"] = []string{"application/json"}
	}
	switch {
	case r.basic:
		req.SetBasicAuth(c.cfg.KeyID, string(c.cfg.Key))
	case r.token != "":
		req.Header["Authorization"] = []string{string(r.token)}
	}
	return req, nil
}

// refused makes the error of an answer that is not a success.
func (a *answer) refused() error {
	failure := &Error{Call: a.attempt.Call, Status: a.StatusCode}
	body, _ := io.ReadAll(io.LimitReader(a, mostError))
	var said wire.Error
	if json.Unmarshal(body, &said) == nil {
		failure.Code, failure.Message = a.redact(said.Code), a.redact(said.Message)
	}
	switch {
	case a.StatusCode < 300:
		failure.Cause = fmt.Errorf("%w: unexpected success", ErrAnswer)
	case a.StatusCode < 400:
		failure.Cause = fmt.Errorf("%w: a redirect, which is not followed", ErrAnswer)
	case a.StatusCode == http.StatusTooManyRequests || a.StatusCode == http.StatusRequestTimeout || a.StatusCode >= 500:
		failure.RetryAfter = retryAfter(a.Header.Get("Retry-After"))
	}
	return a.end(failure)
}

// shortestSecret is the length from on which a secret is taken out of what is
// said: a shorter one, as tests have them, would be found in plain words.
const shortestSecret = 8

// redact takes out what the service, or a proxy before it, repeats of the
// request's secrets.
func (a *answer) redact(said string) string {
	secrets := []Secret{a.asked.token}
	if a.asked.basic {
		login := a.effort.c.cfg.KeyID + ":" + string(a.effort.c.cfg.Key)
		secrets = []Secret{a.effort.c.cfg.Key, Secret(base64.StdEncoding.EncodeToString([]byte(login)))}
	}
	for _, secret := range secrets {
		if len(secret) >= shortestSecret {
			said = strings.ReplaceAll(said, string(secret), redacted)
		}
	}
	return said
}

// retryAfter reads the header of that name: seconds, as B2 sends it.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return 0
	}
	const most = 24 * 60 * 60
	return time.Duration(min(n, most)) * time.Second
}

// Read reads the body. The watchdog watches only while we wait for it.
func (a *answer) Read(p []byte) (int, error) {
	a.dog.arm(stallTime)
	n, err := a.Body.Read(p)
	a.dog.disarm()
	a.attempt.Received += int64(n)
	return n, err
}

// end closes the attempt, well or not, and reports it. The error that it
// returns is what the attempt came to.
func (a *answer) end(err error) error {
	if cause := context.Cause(a.ctx); err != nil && errors.Is(cause, ErrStalled) {
		err = cause
	}
	a.release()
	a.attempt.Took = time.Since(a.started)
	if err == nil {
		a.effort.report(a.attempt, nil)
		return nil
	}
	if cause := context.Cause(a.parent); cause != nil {
		return cause // the caller gave up, not the service
	}
	failure, ok := errors.AsType[*Error](err)
	if !ok {
		failure = &Error{Call: a.attempt.Call, Cause: err}
	}
	a.effort.report(a.attempt, failure)
	return failure
}

func (a *answer) release() {
	a.dog.disarm()
	if a.Response != nil {
		a.Body.Close()
	}
	a.cancel(nil)
}

// texts are for the bodies of answers, which are read whole but for listings
// and downloads.
var texts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// text reads the whole body, shows it to read, which must keep nothing of it,
// and ends the attempt.
func (a *answer) text(read func(body []byte) error) error {
	buf := texts.Get().(*bytes.Buffer)
	buf.Reset()
	_, err := buf.ReadFrom(io.LimitReader(a, mostAnswer+1))
	switch {
	case err != nil:
	case buf.Len() > mostAnswer:
		err = fmt.Errorf("%w: longer than %d bytes", ErrAnswer, mostAnswer)
	default:
		err = read(buf.Bytes())
	}
	if buf.Cap() <= mostError {
		texts.Put(buf)
	}
	return a.end(err)
}

// decode reads the whole body as one JSON value and ends the attempt.
func (a *answer) decode(into any) error {
	return a.text(func(body []byte) error { return decode(body, into) })
}

func decode(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	return notAnAnswer(body, fmt.Errorf("%w: %v", ErrAnswer, err))
}

// notAnAnswer is what to make of a body that err was found wrong with: the
// service's own lie if it is JSON, else somebody else's word.
func notAnAnswer(body []byte, err error) error {
	if json.Valid(body) {
		return err
	}
	return &garbledError{err}
}

// post makes one attempt at a JSON call.
func post[T any](ctx context.Context, e *effort, call string, req any) (*T, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call, err)
	}
	account, err := e.c.account(ctx, e)
	if err != nil {
		return nil, err
	}
	a, err := e.send(ctx, request{call: call, method: http.MethodPost, url: account.APIURL + apiPath + call,
		token: account.Token, json: body})
	if err != nil {
		return nil, e.c.distrust(account, err)
	}
	out := new(T)
	return out, a.decode(out)
}

// call makes a JSON call, with retries.
func call[T any](ctx context.Context, c *Client, name string, req any) (out *T, err error) {
	err = c.attempt(ctx, func(e *effort) error {
		out, err = post[T](ctx, e, name, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
