package b2server

import (
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// response wraps the connection's writer: it knows what was sent, for the log
// and the metrics, and cuts off peers that do not move.
type response struct {
	http.ResponseWriter
	status  int
	written int64
	failed  *apiError
	head    bool // the request was HEAD: errors have no body

	patience time.Duration // for every piece of a body or an answer to move
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.written += int64(n)
	return n, err
}

// awaitBody gives the peer time to send more of the body.
func (w *response) awaitBody() { w.setReadDeadline(time.Now().Add(w.patience)) }

// bodyRead ends that: what the server does now may take longer, and a deadline
// that passes meanwhile would look like a peer that went away.
func (w *response) bodyRead() { w.setReadDeadline(time.Time{}) }

func (w *response) setReadDeadline(at time.Time) {
	if c, ok := w.ResponseWriter.(interface{ SetReadDeadline(time.Time) error }); ok {
		_ = c.SetReadDeadline(at)
	}
}

// awaitReader gives the peer time to take more of the answer. net/http forgets
// the deadline before the next request.
func (w *response) awaitReader() {
	if c, ok := w.ResponseWriter.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = c.SetWriteDeadline(time.Now().Add(w.patience))
	}
}

// Values of headers that every answer has; shared, never changed.
var (
	jsonType = []string{"application/json;charset=UTF-8"}
	noCache  = []string{"max-age=0, no-cache, no-store"}
)

const (
	jsonPiece  = 1 << 20 // of a long page, must move within the patience
	shortReply = 2 << 10 // below it net/http counts the body itself, and cheaper
)

// json sends a body of JSON.
func (w *response) json(status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Cache-Control"] = noCache
	if len(body) >= shortReply || w.head {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	if w.head {
		return
	}
	for len(body) > 0 {
		n := min(len(body), jsonPiece)
		if n < len(body) || len(body) > chunkSize {
			w.awaitReader()
		}
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		body = body[n:]
	}
}

// fail sends an error.
func (w *response) fail(e *apiError) {
	if w.status != 0 { // too late: the client must notice that the body is short
		panic(http.ErrAbortHandler)
	}
	w.failed = e
	if e.closing {
		w.Header().Set("Connection", "close")
	}
	b := append(make([]byte, 0, 160), `{"code":`...)
	b = appendString(b, e.code)
	b = append(b, `,"message":`...)
	b = appendString(b, strings.ToValidUTF8(e.message, "\uFFFD"))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(e.status), 10)
	w.json(e.status, append(b, '}'))
}

// badBody is the error for a body that could not be read to its end.
func badBody(err error) *apiError {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &apiError{status: http.StatusRequestTimeout, code: wire.CodeRequestTimeout,
			message: "the request body came too slowly", closing: true}
	}
	return &apiError{status: http.StatusBadRequest, code: wire.CodeBadRequest,
		message: "error reading uploaded data", closing: true}
}
