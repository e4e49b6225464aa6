package b2server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bowline-sync/bowline/internal/wire"
)

// call is one request to the API, on its way through the server.
type call struct {
	s       *Server
	w       response
	r       *http.Request
	name    string
	version int    // 1 to 4
	rest    string // of the path, after the name of the call
	now     time.Time
	key     *key // who calls; nil for nobody (a public download)
}

// handler serves a call. What it answers is sent as JSON; nil means that it has
// answered itself.
type handler func(c *call) (any, error)

// jsonCall makes a handler of a function that takes the call's fields.
func jsonCall[T any](fn func(c *call, req *T) (any, error)) handler {
	return func(c *call) (any, error) {
		var req T
		if err := c.decode(&req); err != nil {
			return nil, err
		}
		return fn(c, &req)
	}
}

const (
	maxJSONBody  = 1 << 20 // the hashes of 10,000 parts are 430 KB
	maxJSONDepth = 32
)

// decode reads the fields of a call, from a JSON body or from the query. Absent
// and null are the same, unknown fields are ignored.
func (c *call) decode(into any) error {
	if c.r.Method == http.MethodGet {
		query, err := url.ParseQuery(c.r.URL.RawQuery)
		if err != nil {
			return badRequest("the query cannot be read: %v", err)
		}
		return unmarshal(queryToJSON(query, reflect.TypeOf(into).Elem()), into)
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	if err := c.readBody(buf); err != nil {
		return err
	}
	if len(bytes.TrimSpace(buf.Bytes())) == 0 {
		buf.WriteString("{}")
	}
	return unmarshal(buf.Bytes(), into)
}

func (c *call) readBody(buf *bytes.Buffer) error {
	if c.r.ContentLength > maxJSONBody {
		return &apiError{status: http.StatusBadRequest, code: wire.CodeBadRequest,
			message: "the request body is too large", closing: true}
	}
	c.w.awaitBody()
	n, err := buf.ReadFrom(io.LimitReader(c.r.Body, maxJSONBody+1))
	switch {
	case err != nil:
		return badBody(err)
	case n > maxJSONBody:
		return &apiError{status: http.StatusBadRequest, code: wire.CodeBadRequest,
			message: "the request body is too large", closing: true}
	}
	c.w.bodyRead()
	return nil
}

func unmarshal(data []byte, into any) error {
	if !utf8.Valid(data) {
		return fail(http.StatusBadRequest, wire.CodeBadJSON, "the request is not UTF-8")
	}
	if jsonDepth(data) > maxJSONDepth {
		return fail(http.StatusBadRequest, wire.CodeBadJSON, "the request is nested too deeply")
	}
	err := json.Unmarshal(data, into)
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if mistyped.Field == "" {
			return badRequest("the request must be a JSON object")
		}
		return badRequest("field %s has a wrong type or value", mistyped.Field)
	}
	if err != nil {
		return fail(http.StatusBadRequest, wire.CodeBadJSON, "the request is not the expected JSON: %v", err)
	}
	return nil
}

// jsonDepth answers how deeply arrays and objects are nested.
func jsonDepth(data []byte) (deepest int) {
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// queryToJSON makes of a query what the same call would have as its body. The
// types of the fields decide what is quoted. Lists are separated by commas;
// objects are written as JSON.
func queryToJSON(query url.Values, t reflect.Type) []byte {
	b := []byte{'{'}
	for _, field := range reflect.VisibleFields(t) { // also those of a struct within
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || !query.Has(name) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, name), ':')
		b = appendQueryValue(b, query.Get(name), field.Type)
	}
	return append(b, '}')
}

func appendQueryValue(b []byte, text string, t reflect.Type) []byte {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.String:
		return appendQuoted(b, text)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && !strings.HasPrefix(text, "["):
		b = append(b, '[')
		for i, item := range strings.Split(text, ",") {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuoted(b, item)
		}
		return append(b, ']')
	case json.Valid([]byte(text)):
		return append(b, text...)
	}
	return appendQuoted(b, text) // refused by the decoder, with the field's name
}

func appendQuoted(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s)
	if !utf8.ValidString(s) { // keep what is wrong, for unmarshal to see
		quoted = []byte(strconv.Quote(s))
		quoted[0] = 0xff
	}
	return append(b, quoted...)
}

// buffers hold request bodies and answers.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// putBuffer gives a buffer back, unless it grew so large that it is better
// forgotten.
func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 16<<20 {
		b.Reset()
		buffers.Put(b)
	}
}

// answer sends what a handler answered.
func (c *call) answer(v any) error {
	if v == nil {
		return nil
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("rendering the answer of %s: %w", c.name, err)
	}
	c.w.json(http.StatusOK, bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
	return nil
}

// answerFile answers one version.
func (c *call) answerFile(v *version, action string) (any, error) {
	sh := c.shape(v.Bucket)
	sh.action = action
	buf := buffers.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	buf.Grow(1024) // most are smaller
	c.w.json(http.StatusOK, appendFile(buf.AvailableBuffer(), v, sh))
	return nil, nil
}

// shape is how this caller sees the versions of a bucket.
func (c *call) shape(bucket string) shape {
	return shape{
		account: c.s.account, v1: c.version == 1,
		readRetention: c.key.can("readFileRetentions"),
		readHold:      c.key.can("readFileLegalHolds"),
	}
}

// checkAccount checks the accountId of a call.
func (c *call) checkAccount(id string) error {
	switch id {
	case c.s.account:
		return nil
	case "":
		return badRequest("required field accountId is missing")
	}
	return unauthorized("accountId %s is not the account of the token", id)
}

// bucket finds the bucket that a call names, if the key may touch it.
func (c *call) bucket(id string) (*bucket, error) {
	if id == "" {
		return nil, badRequest("required field bucketId is missing")
	}
	if !c.key.allowsBucket(id) {
		return nil, unauthorized("not allowed for bucket %s", id)
	}
	if b := c.s.buckets.byID(id); b != nil {
		return b, nil
	}
	return nil, noBucket(id)
}

// bucketFor is bucket, for a call that writes a file there.
func (c *call) bucketFor(id, name string) (*bucket, error) {
	b, err := c.bucket(id)
	if err != nil {
		return nil, err
	}
	return b, c.mayWrite(name)
}

// mayWrite checks the name of a new file, and that the key may write it.
func (c *call) mayWrite(name string) error {
	if !c.key.allowsName(name) {
		return unauthorized("not allowed for this file")
	}
	return c.s.checkName(name)
}

// require checks that the key has a capability.
func (c *call) require(capability string) error {
	switch {
	case c.key.can(capability):
		return nil
	case c.name == wire.CallUpdateRetention || c.name == wire.CallUpdateLegalHold: // b2sdk understands no other
		return accessDenied(http.StatusForbidden, "the key lacks the capability %s", capability)
	}
	return unauthorized("the key lacks the capability %s", capability)
}

// value is what p points to, or zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
