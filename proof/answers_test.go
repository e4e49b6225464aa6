//go:build unix

package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/b2test"
)

// mostMemory is what a program may take, whatever the service answers.
var mostMemory int64 = 128 << 20

// The names of the calls that answers are spoilt of.
const (
	authorize    = "b2_authorize_account"
	listBuckets  = "b2_list_buckets"
	listNames    = "b2_list_file_names"
	listVersions = "b2_list_file_versions"
	uploadURL    = "b2_get_upload_url"
	uploadFile   = "b2_upload_file"
	startLarge   = "b2_start_large_file"
	partURL      = "b2_get_upload_part_url"
	uploadPart   = "b2_upload_part"
	finishLarge  = "b2_finish_large_file"
	download     = "b2_download_file_by_id"
	copyFile     = "b2_copy_file"
	deleteOne    = "b2_delete_file_version"
)

// The syncs that the answers are met by, each with --delete.
var (
	up     = [2]string{"local/src", "b2/dst/"}
	down   = [2]string{"b2/src/", "local/dst"}
	across = [2]string{"b2/src/", "b2/dst/"}
	large  = [2]string{"local/large", "b2/dst/"}
)

// An answerCase is a lie of the service.
type answerCase struct {
	name  string
	call  string
	sides [2]string
	fault b2test.Fault
	say   string // a regular expression that the lines on standard error match
}

// respond answers with a body that is written by fn.
func respond(status int, contentType string, fn func(io.Writer)) b2test.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fn(w)
	}
}

func text(status int, contentType, body string) b2test.Fault {
	return respond(status, contentType, func(w io.Writer) { _, _ = io.WriteString(w, body) })
}

func html(status int) b2test.Fault {
	return text(status, "text/html", "<!DOCTYPE html>\n<html><body>\x1b[31mPlease log in to HotelWiFi\n</body></html>\n")
}

// endless writes a beginning, then the same again and again until the client
// has had enough, or up to 1 GB.
func endless(status int, begin, again string) b2test.Fault {
	return respond(status, "application/json", func(w io.Writer) {
		_, _ = io.WriteString(w, begin)
		chunk := []byte(strings.Repeat(again, 1+64<<10/len(again)))
		for range 1 << 30 / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
}

// edit serves the call and changes the fields of its JSON answer.
func edit(change func(answer map[string]any)) b2test.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		var answer map[string]any
		d := json.NewDecoder(rec.Body)
		d.UseNumber()
		if rec.Code != http.StatusOK || d.Decode(&answer) != nil {
			http.Error(w, "nothing to edit", http.StatusTeapot)
			return
		}
		change(answer)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func field(name string, value any) b2test.Fault {
	return edit(func(answer map[string]any) { answer[name] = value })
}

// inFiles changes the list of files of a listing.
func inFiles(change func(files []any) []any) b2test.Fault {
	return edit(func(answer map[string]any) { answer["files"] = change(answer["files"].([]any)) })
}

func fileField(name string, value any) b2test.Fault {
	return inFiles(func(files []any) []any {
		for _, f := range files {
			f.(map[string]any)[name] = value
		}
		return files
	})
}

// content serves a download and changes it on its way.
func content(change func(h http.Header, body []byte) []byte) b2test.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		body := change(rec.Header(), bytes.Clone(rec.Body.Bytes()))
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	}
}

const anEntry = `{"accountId":"a","action":"upload","bucketId":"b","contentLength":1,"contentSha1":"none","contentType":"t","fileId":"i%d","fileInfo":{},"fileName":"src/f","uploadTimestamp":1},`

var answerCases = []answerCase{
	{"endless entries", listNames, down, endless(200, `{"files":[`, strings.ReplaceAll(anEntry, "%d", "1")), `order|more than the 10000 entries`},
	{"a listing of one endless string", listNames, down, endless(200, `{"files":[{"fileName":"`, "aaaaaaaa"), `longer than`},
	{"a listing of white space", listNames, down, endless(200, "", " "), `longer than \d+ bytes`},
	{"endless entries at the destination", listVersions, up, endless(200, `{"files":[`, strings.ReplaceAll(anEntry, "%d", "1")), `order|more than the 10000 entries`},
	{"a deep listing", listNames, down, endless(200, `{"x":`, "[[[[[["), `not an answer of the B2 API`},
	{"a deep listing of objects", listNames, down, endless(200, `{"files":[{"x":`, `{"x":`), `not an answer of the B2 API`},
	{"deep JSON", listBuckets, down, endless(200, `{"buckets":`, "[[[[[["), `not an answer of the B2 API`},
	{"an endless answer", listBuckets, down, endless(200, `{"buckets":[`, `{"bucketName":"x"},`), `longer than \d+ bytes`},
	{"an endless error", listNames, down, endless(400, `{"code":"`, "bad "), `status 400`},
	{"a huge header", listNames, down, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := range 1000 {
			w.Header().Set(fmt.Sprintf("X-Junk-%d", i), strings.Repeat("x", 4000))
		}
	}, `header`},

	{"names out of order", listNames, down, inFiles(func(f []any) []any { return append(f, f[0]) }), `order`},
	{"versions out of order", listVersions, up, inFiles(func(f []any) []any { return append([]any{f[len(f)-1]}, f...) }), `order`},
	{"names outside of the prefix", listNames, down, fileField("fileName", "elsewhere/f"), `order|prefix`},
	{"names before the prefix", listNames, down, fileField("fileName", "a"), `order|prefix`},
	{"a page that leads to itself", listNames, down, field("nextFileName", "src/"), `order|page`},
	{"a page that leads nowhere", listNames, down, edit(func(a map[string]any) { a["files"], a["nextFileName"] = []any{}, "src/f" }), `order|page|empty`},
	{"a size below zero", listNames, down, fileField("contentLength", -1), `length`},
	{"a size beyond all", listNames, down, fileField("contentLength", json.Number("9223372036854775807")), `length`},
	{"the largest size that a file can have", listNames, down, fileField("contentLength", json.Number("10000000000000")), `length|size|space|bytes`},
	{"a size that is no number", listNames, down, fileField("contentLength", "12"), `not an answer of the B2 API`},
	{"no names", listNames, down, fileField("fileName", nil), `without a name`},
	{"no id", listNames, down, fileField("fileId", nil), `without a name or an id`},
	{"files that are no list", listNames, down, field("files", map[string]any{}), `not an answer of the B2 API`},

	{"a longer download", download, down, content(func(h http.Header, b []byte) []byte {
		h.Set("Content-Length", fmt.Sprint(len(b)+3))
		return append(b, "abc"...)
	}), `length|size|does not match`},
	{"a shorter download", download, down, content(func(h http.Header, b []byte) []byte {
		h.Set("Content-Length", fmt.Sprint(len(b)-1))
		return b[:len(b)-1]
	}), `length|size|does not match`},
	{"another content", download, down, content(func(_ http.Header, b []byte) []byte { b[0] ^= 1; return b }), `SHA-1`},
	{"another version", download, down, content(func(h http.Header, b []byte) []byte { h.Set("X-Bz-File-Id", "4_zother"); return b }), `another version`},
	{"a download without a length", download, down, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Bz-Content-Sha1", "none")
		for range 1000 {
			_, _ = io.WriteString(w, "more and more ")
			_ = http.NewResponseController(w).Flush()
		}
	}, `without a length`},
	{"a page instead of content", download, down, html(200), `said to be any version`},
	{"nothing instead of content", download, down, text(200, "text/plain", ""), `said to be any version`},

	{"an upload of another name", uploadFile, up, field("fileName", "dst/other"), `under the name`},
	{"an upload of another size", uploadFile, up, field("contentLength", 5), `5 bytes`},
	{"an upload of another hash", uploadFile, up, field("contentSha1", strings.Repeat("0", 40)), `SHA-1`},
	{"an upload without a hash", uploadFile, up, field("contentSha1", nil), `SHA-1`},
	{"an upload without an id", uploadFile, up, field("fileId", ""), `file id|an id`},
	{"an upload URL that is none", uploadURL, up, field("uploadUrl", "gopher:\x1b[31m//x"), `address|URL`},
	{"no upload URL", uploadURL, up, field("uploadUrl", ""), `address|URL`},
	{"a part of another hash", uploadPart, large, field("contentSha1", strings.Repeat("0", 40)), `SHA-1|does not match`},
	{"a part of another size", uploadPart, large, field("contentLength", 5), `5|does not match`},
	{"a part of another number", uploadPart, large, field("partNumber", 77), `77|does not match`},
	{"a large file of another size", finishLarge, large, field("contentLength", 5), `5 bytes`},
	{"a large file of another name", finishLarge, large, field("fileName", "x"), `under the name`},
	{"a large file without an id", startLarge, large, field("fileId", ""), `id`},
	{"a copy of another size", copyFile, across, field("contentLength", 5), `5 bytes|does not match`},
	{"a copy of another name", copyFile, across, field("fileName", "x"), `name|does not match`},
	{"a token for nobody", authorize, up, field("authorizationToken", ""), `token`},
	{"an account without addresses", authorize, up, field("apiInfo", map[string]any{}), `address|URL|not an answer`},
}

// TestHostileAnswers: each lie ends in one clear line, with nothing damaged, in
// bounded memory and time.
func TestHostileAnswers(t *testing.T) {
	for _, c := range allAnswerCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := answerLab(t)
			l.server.Fail(c.call, 100, c.fault)
			args := []string{"sync", "--delete", "--retry-for", "100ms", l.side(c.sides[0]), l.side(c.sides[1])}
			r := l.run(args...)
			l.server.DropFaults()
			l.checkLie(c, r)
		})
	}
}

// allAnswerCases are those above, and for every call what any proxy may say.
func allAnswerCases() []answerCase {
	all := answerCases
	for call, sides := range map[string][2]string{
		authorize: up, listBuckets: up, listNames: down, listVersions: up, uploadURL: up, uploadFile: up,
		startLarge: large, partURL: large, uploadPart: large, finishLarge: large, copyFile: across, download: down,
	} {
		if call != download {
			all = append(all,
				answerCase{"a page, " + call, call, sides, html(200), call},
				answerCase{"nothing, " + call, call, sides, text(200, "application/json", ""), call},
				answerCase{"null, " + call, call, sides, text(200, "application/json", "null"), "."},
				answerCase{"a list, " + call, call, sides, text(200, "application/json", "[]"), call},
				answerCase{"cut JSON, " + call, call, sides, text(200, "application/json", `{"files":[{"fileName":"src/f`), call})
		}
		all = append(all,
			answerCase{"no content, " + call, call, sides, text(204, "", ""), call + ".*204"},
			answerCase{"a page about an error, " + call, call, sides, html(404), call + ".*404"})
	}
	return all
}

// answerLab has one file that is to be replaced and one that is too many, on
// each side.
func answerLab(t *testing.T) *lab {
	l := newLab(t)
	l.write("src/f", "new content")
	l.write("large/f", strings.Repeat("large content", 20_000))
	l.write("dst/f", "old")
	l.write("dst/too-many", "x")
	l.put("src/f", "new content")
	l.put("src/g", "more content")
	l.put("dst/f", "old")
	l.put("dst/too-many", "x")
	l.put("elsewhere", "untouched")
	return l
}

// side is a place by its short name.
func (l *lab) side(name string) string {
	kind, rest, _ := strings.Cut(name, "/")
	if kind == "local" {
		return l.path(rest)
	}
	return l.at(rest)
}

func (l *lab) checkLie(c answerCase, r result) {
	l.t.Helper()
	if r.code != 1 {
		l.t.Errorf("exit status %d: %v", r.code, r)
	}
	if r.peak > mostMemory {
		l.t.Errorf("it took %d MB of memory", r.peak>>20)
	}
	if !regexp.MustCompile(c.say).MatchString(r.errs) {
		l.t.Errorf("nothing about %s is said: %v", c.say, r)
	}
	if lines := strings.Count(r.errs, "\n"); lines == 0 || lines > 3 || len(r.errs) > 2000 {
		l.t.Errorf("%d lines are no clear word: %v", lines, r)
	}
	if strings.ContainsAny(r.all(), "\x1b\x00") {
		l.t.Errorf("a control character was printed: %v", r)
	}
	// What was to be replaced is there whole, old or new.
	listing := strings.Contains(r.errs, "listing")
	for _, side := range []map[string]string{l.objects("dst/"), l.tree("dst")} {
		switch side["f"] {
		case "old", "new content", strings.Repeat("large content", 20_000):
		default:
			l.t.Errorf("dst/f has the content %.40q", side["f"])
		}
		if listing && side["too-many"] == "" {
			l.t.Error("something was deleted on half knowledge")
		}
		for name := range side {
			if name != "f" && name != "g" && name != "too-many" {
				l.t.Errorf("%q was left behind", name)
			}
		}
	}
	if got := l.objects("elsewhere"); got[""] != "untouched" {
		l.t.Errorf("a neighbour was changed: %v", got)
	}
}

// TestRedirectsAreNotFollowed: no token, and no request at all, goes to a host
// that an answer names in a redirect.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for call, sides := range map[string][2]string{
		authorize: up, listBuckets: up, listVersions: up, uploadURL: up, uploadFile: up, deleteOne: up,
		listNames: down, download: down, copyFile: across, startLarge: large, uploadPart: large,
	} {
		statuses := []int{http.StatusFound}
		if call == listNames || call == uploadFile {
			statuses = []int{301, 302, 303, 307, 308}
		}
		for _, status := range statuses {
			t.Run(fmt.Sprintf("%s, %d", call, status), func(t *testing.T) {
				t.Parallel()
				elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					t.Errorf("the other host was visited: %s %s %q", r.Method, r.URL, r.Header.Get("Authorization"))
				}))
				defer elsewhere.Close()
				l := answerLab(t)
				l.server.Fail(call, 100, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
					http.Redirect(w, r, elsewhere.URL+"/stolen", status)
				})
				r := l.run("sync", "--delete", l.side(sides[0]), l.side(sides[1]))
				l.server.DropFaults()
				if r.code != 1 || !strings.Contains(r.errs, "redirect") {
					t.Error(r)
				}
			})
		}
	}
}

// TestRetryAfterForYears: a service that asks for patience without end gets as
// much as --retry-for allows.
func TestRetryAfterForYears(t *testing.T) {
	for _, seconds := range []string{"999999999", "9223372036854775807", "99999999999999999999", "-1", "soon"} {
		t.Run(seconds, func(t *testing.T) {
			t.Parallel()
			l := answerLab(t)
			l.server.Fail(listNames, 100, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
				w.Header().Set("Retry-After", seconds)
				b2test.Busy()(w, r, server)
			})
			r := l.run("sync", "--retry-for", "100ms", l.path("src"), l.at("dst/"))
			l.server.DropFaults()
			if r.code != 1 || !strings.Contains(r.errs, listNames) {
				t.Error(r)
			}
		})
	}
}
