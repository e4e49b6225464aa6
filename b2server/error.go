package b2server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"syscall"

	"github.com/bowline-sync/bowline/internal/wire"
)

// apiError is an error as a client sees it.
type apiError struct {
	status  int
	code    string
	message string
	reason  string // what the service keeps to itself; for the access log
	closing bool   // the connection is of no more use
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

func fail(status int, code, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) *apiError {
	return fail(http.StatusBadRequest, wire.CodeBadRequest, format, args...)
}

// unauthorized is the error for a token that is good, but not for this. The
// service says no more than the code; Backblaze's tools, and their tests, put
// what the key may do in place of the message.
func unauthorized(format string, args ...any) *apiError {
	return &apiError{status: http.StatusUnauthorized, code: wire.CodeUnauthorized, reason: fmt.Sprintf(format, args...)}
}

// accessDenied is the error for what a lock forbids. Its status depends on the
// call, and clients tell by it.
func accessDenied(status int, format string, args ...any) *apiError {
	return &apiError{status: status, code: wire.CodeAccessDenied, message: "Access Denied", reason: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *apiError {
	return fail(http.StatusNotFound, wire.CodeNotFound, format, args...)
}

func noBucket(id string) *apiError {
	return fail(http.StatusBadRequest, wire.CodeBadBucketID, "Bucket %s does not exist", id)
}

// asAPIError turns what went wrong inside into an answer that does not show
// the inside; the log has the rest.
func (s *Server) asAPIError(call string, err error) *apiError {
	if e, ok := err.(*apiError); ok {
		return e
	}
	s.log.Error("call failed", slog.String("call", call), slog.Any("error", err))
	return internalError(err)
}

// internalError is the answer for what is nobody's but the server's fault. A
// full disk is told apart: clients and people can do something about it.
func internalError(err error) *apiError {
	if errors.Is(err, syscall.ENOSPC) {
		return fail(http.StatusServiceUnavailable, wire.CodeServiceUnavailable, "not enough space in the store")
	}
	return fail(http.StatusInternalServerError, wire.CodeInternalError, "an internal error occurred; the server's log has the details")
}

// isStorage says whether an error of an upload came from the store.
func isStorage(err error) bool {
	_, ok := errors.AsType[storageError](err)
	return ok
}
