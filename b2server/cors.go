package b2server

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bowline-sync/bowline/internal/wire"
)

// Pages of other origins may use a bucket as its CORS rules say. Without a
// rule that fits, no header of this file is sent, and browsers refuse.

// corsBucket is the bucket whose rules count for a request; nil when there is
// none or the call is not one for pages.
func (c *call) corsBucket() *bucket {
	switch c.name {
	case wire.CallDownloadByName:
		name, _, _ := strings.Cut(c.rest, "/")
		return c.s.buckets.byName(name)
	case wire.CallDownloadByID:
		return c.s.buckets.byID(bucketInID(c.r.URL.Query().Get("fileId")))
	case wire.CallUploadFile:
		id, _, _ := strings.Cut(c.rest, "/")
		return c.s.buckets.byID(id)
	case wire.CallUploadPart:
		id, _, _ := strings.Cut(c.rest, "/")
		return c.s.buckets.byID(bucketInID(id))
	}
	return nil
}

func bucketInID(fileID string) string {
	if _, ok := fileNumber(fileID); !ok {
		return ""
	}
	return fileID[3:27]
}

// corsRule finds the first rule for this origin and call.
func (c *call) corsRule(origin string, headers []string) *wire.CORSRule {
	b := c.corsBucket()
	if b == nil || origin == "" {
		return nil
	}
	for i := range b.CORS {
		r := &b.CORS[i]
		if slices.Contains(r.AllowedOperations, c.name) && matchesOrigin(r.AllowedOrigins, origin) && allowsHeaders(r.AllowedHeaders, headers) {
			return r
		}
	}
	return nil
}

func matchesOrigin(allowed []string, origin string) bool {
	return slices.ContainsFunc(allowed, func(pattern string) bool {
		switch {
		case pattern == "*", pattern == origin:
			return true
		case pattern == "https":
			return strings.HasPrefix(origin, "https://")
		}
		before, after, ok := strings.Cut(pattern, "*")
		return ok && len(origin) >= len(before)+len(after) && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after)
	})
}

// allowsHeaders says whether a rule allows all headers that a preflight asks
// for.
func allowsHeaders(allowed, asked []string) bool {
	return !slices.ContainsFunc(asked, func(header string) bool {
		return !slices.ContainsFunc(allowed, func(pattern string) bool {
			start, wild := strings.CutSuffix(strings.ToLower(pattern), "*")
			return start == header || wild && strings.HasPrefix(header, start)
		})
	})
}

// preflight answers an OPTIONS request.
func (c *call) preflight() error {
	h := c.r.Header
	var asked []string
	for name := range strings.SplitSeq(header(h, "Access-Control-Request-Headers"), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			asked = append(asked, name)
		}
	}
	rule := c.corsRule(header(h, "Origin"), asked)
	if rule == nil {
		return fail(http.StatusForbidden, wire.CodeAccessDenied, "no CORS rule of the bucket allows this")
	}
	methods := "GET, HEAD, POST"
	if c.name == wire.CallUploadFile || c.name == wire.CallUploadPart {
		methods = "POST"
	}
	c.grant(rule)
	out := c.w.Header()
	out.Set("Access-Control-Allow-Methods", methods)
	if asked != nil {
		out.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
	}
	out.Set("Access-Control-Max-Age", strconv.Itoa(rule.MaxAgeSeconds))
	out.Set("Content-Length", "0")
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// allowOrigin adds to an ordinary answer what a rule grants.
func (c *call) allowOrigin() {
	origin := c.r.Header["Origin"]
	if origin == nil {
		return
	}
	if rule := c.corsRule(origin[0], nil); rule != nil {
		c.grant(rule)
	}
}

func (c *call) grant(rule *wire.CORSRule) {
	h := c.w.Header()
	origin := header(c.r.Header, "Origin")
	if slices.Contains(rule.AllowedOrigins, "*") {
		origin = "*"
	} else {
		h.Set("Vary", "Origin")
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if len(rule.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(rule.ExposeHeaders, ", "))
	}
}
