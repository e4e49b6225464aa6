package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

// What the service answers is told in the words of the reference, which people
// and scripts look for: mostly the service's own message with its code in
// brackets behind it, and a sentence where the service has none.

// explain is an error in words that say what to do about it.
func (e *env) explain(err error) string {
	failed, ok := errors.AsType[*b2.Error](err)
	if !ok || failed.Status == 0 {
		return strings.TrimPrefix(err.Error(), "b2: ") // which package says it is no news to a user
	}
	words := e.serviceWords(failed)
	if errors.Is(err, b2.ErrUnauthorized) && failed.Call == wire.CallAuthorize {
		words = "unable to authorize account: " + words
	}
	return strings.Replace(err.Error(), failed.Error(), words, 1)
}

// serviceWords are the reference's words for an answer.
func (e *env) serviceWords(f *b2.Error) string {
	denied := f.Code == wire.CodeUnauthorized || f.Code == wire.CodeAccessDenied
	switch {
	case denied && (f.Call == wire.CallUpdateRetention || f.Call == wire.CallUpdateLegalHold):
		return "Auth token not authorized to write retention or file already in 'compliance' mode or " +
			"bypassGovernance=true parameter missing"
	case denied && f.Status == http.StatusForbidden:
		return forbidden(f.Call)
	case denied && f.Call != wire.CallAuthorize:
		return e.deniedWords(f)
	case f.Code == wire.CodeBadAuthToken, f.Code == wire.CodeExpiredAuthToken:
		return fmt.Sprintf("Invalid authorization token. Server said: %s (%s)", f.Message, f.Code)
	case f.Code == wire.CodeStorageCap:
		return "Cannot upload or copy files, storage cap exceeded." + capAdvice
	case f.Code == wire.CodeTransactionCap:
		return "Cannot perform the operation, transaction cap exceeded." + capAdvice
	case conflicts[f.Code] != "":
		return conflicts[f.Code]
	case f.Code != "" && f.Message != "" && (f.Status == http.StatusBadRequest || f.Status == http.StatusUnauthorized):
		return fmt.Sprintf("%s (%s)", printableMessage(f), f.Code)
	}
	return f.Error()
}

const capAdvice = " Raise the cap in the account's settings, or wait for the next day."

// conflicts are settings of a bucket that the service does not let be.
var conflicts = map[string]string{
	wire.CodeFileLockConflict:    "Disabling file lock is not supported",
	wire.CodeReplicationConflict: "Operation not supported for buckets with source replication",
	wire.CodeRestrictedBucket:    "Turning on file lock for a restricted bucket is not allowed",
}

// forbidden is what a 403 without a cap means: a read was refused for its
// SSE-C key, anything else for what it asks for.
func forbidden(call string) string {
	switch call {
	case wire.CallDownloadByID, wire.CallDownloadByName, wire.CallCopyFile, wire.CallCopyPart:
		return "Wrong or no SSE-C key provided when reading a file."
	}
	return "This call with these parameters is not allowed for this auth token"
}

// deniedWords say what the key may do, because it may not do what was asked.
// What the service says beyond the bare refusal stands behind.
func (e *env) deniedWords(f *b2.Error) string {
	what := "unauthorized"
	if f.Code == wire.CodeAccessDenied {
		what = "Access Denied"
	}
	words := fmt.Sprintf("%s for application key %s (%s)", what, e.keyWords(), f.Code)
	if f.Message != "" && !strings.EqualFold(f.Message, what) {
		words += ": " + printableMessage(f)
	}
	return words
}

// keyWords are what the key in use is confined to. They come from the
// authorisation at hand; nothing is called.
func (e *env) keyWords() string {
	noCall, cancel := context.WithCancel(context.Background())
	cancel()
	if e.client == nil {
		return "that is not known"
	}
	a, err := e.client.Account(noCall)
	if err != nil {
		return "that is not known"
	}
	var limits []string
	if missing := func(c string) bool { return !a.Allowed.Can(c) }; slices.ContainsFunc(knownCapabilities, missing) {
		limits = append(limits, fmt.Sprintf("with capabilities '%s'", strings.Join(slices.Sorted(slices.Values(a.Allowed.Capabilities)), ",")))
	}
	if a.Allowed.Buckets != nil {
		limits = append(limits, "restricted to buckets "+bucketList(a.Allowed))
	}
	if a.Allowed.Prefix != "" {
		limits = append(limits, fmt.Sprintf("restricted to files that start with '%s'", a.Allowed.Prefix))
	}
	if limits == nil {
		return "with no restrictions"
	}
	return strings.Join(limits, ", ")
}

// bucketList are the buckets that a key is confined to, as the reference puts
// them: ['one', 'two'].
func bucketList(allowed b2.Allowed) string {
	var names []string
	for _, ref := range allowed.Buckets {
		if ref.Name != "" {
			names = append(names, "'"+ref.Name+"'")
		}
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// printableMessage is the service's message on one line, which is not long.
func printableMessage(f *b2.Error) string {
	const most = 500
	text := strings.TrimSpace(f.Message)
	return ui.Escaped(strings.ToValidUTF8(text[:min(len(text), most)], ""))
}
