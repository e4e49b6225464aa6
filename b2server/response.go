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
	code    string // of an error
	head    bool   // the request was HEAD: errors have no body
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

// readBefore gives the peer so long to send more of the body.
func (w *response) readBefore(d time.Duration) {
	if c, ok := w.ResponseWriter.(interface{ SetReadDeadline(time.Time) error }); ok {
		_ = c.SetReadDeadline(time.Now().Add(d))
	}
}

// writeBefore gives the peer so long to take more of the answer.
func (w *response) writeBefore(d time.Duration) {
	if c, ok := w.ResponseWriter.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = c.SetWriteDeadline(time.Now().Add(d))
	}
}

// Values of headers that every answer has; shared, never changed.
var (
	jsonType = []string{"application/json;charset=UTF-8"}
	noCache  = []string{"max-age=0, no-cache, no-store"}
)

// json sends a body of JSON.
func (w *response) json(status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Cache-Control"] = noCache
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	if !w.head {
		_, _ = w.Write(body)
	}
}

// fail sends an error.
func (w *response) fail(e *apiError) {
	if w.status != 0 { // too late: the client must notice that the body is short
		panic(http.ErrAbortHandler)
	}
	w.code = e.code
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
