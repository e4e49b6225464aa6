package b2

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bowline-sync/bowline/internal/wire"
)

// documented is the example of the API documentation, with a hide marker and a
// folder after it.
const documented = `{"files":[{
  "accountId": "a30f20426f0b1", "action": "upload", "bucketId": "e73ede9969c64355ef8b0012", "contentLength": 11,
  "contentMd5": "5eb63bbbe01eeed093cb22bb8f5acdc3", "contentSha1": "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed",
  "contentType": "text/plain",
  "fileId": "4_ze73ede9969c64355ef8b0012_f117c1bdee4b1c0de_d20260102_m030405_c005_v0501013_t0020_u01767323045000",
  "fileInfo": { "src_last_modified_millis": "1767323000123" }, "fileName": "nightly/hello.txt",
  "fileRetention": { "isClientAuthorizedToRead": true, "value": { "mode": "governance", "retainUntilTimestamp": 1767323999000 } },
  "legalHold": { "isClientAuthorizedToRead": true, "value": "on" },
  "serverSideEncryption": { "algorithm": "AES256", "mode": "SSE-B2" }, "replicationStatus": "pending", "uploadTimestamp": 1767323045000
}, {"action":"hide","contentLength":0,"contentMd5":null,"contentSha1":null,"contentType":"application/x-bz-hide-marker",
  "fileId":"4_z2","fileInfo":{},"fileName":"nightly/hello.txt","uploadTimestamp":1767323044000},
{"action":"folder","contentLength":0,"contentSha1":null,"contentType":null,"fileId":null,"fileInfo":{},"fileName":"z/","uploadTimestamp":0}],
"nextFileName":"z/a","nextFileId":null}`

// scanPage runs the scanner over a whole page.
func scanPage(r io.Reader) (files []File, next, nextID *string, err error) {
	s := pageScanner{body: r, most: wire.MaxListFiles}
	s.emit = func(f *File) error { files = append(files, *f); return nil }
	err = s.scan()
	return files, s.nextName, s.nextID, err
}

// decodePage is the same by encoding/json.
func decodePage(b []byte) (files []File, next, nextID *string, err error) {
	var page wire.ListFileVersionsResponse
	if err := json.Unmarshal(b, &page); err != nil {
		return nil, nil, nil, err
	}
	for i := range page.Files {
		files = append(files, *fileOf(&page.Files[i]))
	}
	return files, page.NextFileName, page.NextFileID, nil
}

// plainInfo makes infos comparable: a scanner keeps the text, a decoder the map.
func plainInfo(files []File) (infos []map[string]string) {
	for i := range files {
		infos = append(infos, files[i].Info())
		files[i].info = ""
	}
	return infos
}

func samePage(t *testing.T, body []byte, r io.Reader) {
	t.Helper()
	want, wantNext, wantID, wantErr := decodePage(body)
	got, next, id, err := scanPage(r)
	if err != nil || wantErr != nil {
		t.Fatalf("scanner: %v, encoding/json: %v\n%.2000s", err, wantErr, body)
	}
	if gi, wi := plainInfo(got), plainInfo(want); !reflect.DeepEqual(gi, wi) {
		t.Errorf("infos differ: %q, want %q", gi, wi)
	}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual([]*string{next, id}, []*string{wantNext, wantID}) {
		t.Errorf("scanner: %+v\nencoding/json: %+v", got, want)
	}
}

func TestPageOfTheDocumentation(t *testing.T) {
	samePage(t, []byte(documented), strings.NewReader(documented))
	files, next, _, err := scanPage(iotest.OneByteReader(strings.NewReader(documented)))
	if err != nil || len(files) != 3 || *next != "z/a" {
		t.Fatalf("%d files, %v", len(files), err)
	}
	f := files[0]
	if f.Name != "nightly/hello.txt" || f.Size != 11 || f.Uploaded != 1767323045000 || f.SSEMode != "SSE-B2" || !f.LegalHold ||
		f.RetentionMode != "governance" || f.RetainUntil != 1767323999000 || f.SHA1 != "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed" {
		t.Errorf("%+v", f)
	}
	if v, ok := f.InfoValue(InfoModTime); v != "1767323000123" || !ok {
		t.Errorf("modification time %q", v)
	}
}

// somePage is a page of n entries as a service may answer it.
func somePage(n int, rnd *rand.Rand) []byte {
	page := wire.ListFileVersionsResponse{Files: []wire.File{}}
	odd := []string{"plain", "sp ace", "ü", "自由", "😀", `"quoted"`, `back\slash`, "<&>", "\u2028", "tab\t", strings.Repeat("long/", 200)}
	for i := range n {
		name := fmt.Sprintf("dir%03d/%s-%07d", i/100, odd[rnd.IntN(len(odd))], i)
		f := wire.File{AccountID: "a30f20426f0b1", Action: "upload", BucketID: "e73ede9969c64355ef8b0012", ContentLength: rnd.Int64N(wire.MaxFileSize + 1),
			ContentMD5: new(fmt.Sprintf("%032x", i)), ContentSHA1: new(fmt.Sprintf("%040x", i)), ContentType: new("text/plain"),
			FileID:   new(fmt.Sprintf("4_ze73ede9969c64355ef8b0012_f1%016x_d20260102_m030405_c005_v0501013_t0020_u0%013d", i, i)),
			FileInfo: map[string]string{"src_last_modified_millis": fmt.Sprint(rnd.Int64N(2e12))}, FileName: name,
			FileRetention: &wire.FileRetentionAnswer{IsClientAuthorizedToRead: true, Value: &wire.FileRetention{}},
			LegalHold:     &wire.LegalHoldAnswer{IsClientAuthorizedToRead: true},
			SSE:           &wire.SSE{Algorithm: new("AES256"), Mode: new("SSE-B2")}, UploadTimestamp: rnd.Int64N(2e12)}
		switch rnd.IntN(8) {
		case 0:
			f.ContentSHA1 = new("unverified:" + *f.ContentSHA1)
		case 1:
			f.ContentSHA1, f.ContentMD5 = new("none"), nil
			f.FileInfo["large_file_sha1"] = fmt.Sprintf("%040x", i)
		case 2:
			f.ContentType = new("image/" + odd[rnd.IntN(len(odd))])
			f.FileInfo[odd[rnd.IntN(len(odd))]] = odd[rnd.IntN(len(odd))]
		}
		page.Files = append(page.Files, f)
	}
	if rnd.IntN(2) == 0 {
		page.NextFileName, page.NextFileID = new("next "+odd[rnd.IntN(len(odd))]), new("4_znext")
	}
	b, err := json.Marshal(page)
	if err != nil {
		panic(err)
	}
	return b
}

func TestPagesLikeEncodingJSON(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 300, 3000} {
		for range 3 {
			body := somePage(n, rnd)
			samePage(t, body, bytes.NewReader(body))
			samePage(t, body, iotest.HalfReader(bytes.NewReader(body)))
			samePage(t, body, io.MultiReader(bytes.NewReader(body), strings.NewReader(" \n\t")))
		}
	}
}

// TestStoredFileLikeAPage: the answer of an upload is read as an entry of a
// page, and nothing but a whole one is taken.
func TestStoredFileLikeAPage(t *testing.T) {
	body := somePage(20, rand.New(rand.NewPCG(5, 6)))
	var page struct{ Files []json.RawMessage }
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatal(err)
	}
	want, _, _, err := scanPage(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range page.Files {
		got, err := scanFile(append(answer, " \n"...))
		if err != nil || !reflect.DeepEqual(*got, want[i]) {
			t.Fatalf("%s: %+v, %v; want %+v", answer, got, err, want[i])
		}
		if _, err := scanFile(append(answer, '}')); !errors.Is(err, ErrAnswer) {
			t.Errorf("something after the file: %v", err)
		}
		for cut := range answer {
			if _, err := scanFile(answer[:cut]); !errors.Is(err, ErrAnswer) {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
	}
}

func TestPagesThatAreRefused(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, body := range []string{
		``, `null`, `[]`, `{`, `{}`, `{"files":[]}`, `{"nextFileName":null}`, `{"files":null,"nextFileName":null}`,
		`{"files":[],"nextFileName":null}x`, `{"files":[],"files":[],"nextFileName":null}`, `{"files":[,],"nextFileName":null}`,
		`{"files":[{}],"nextFileName":null}`, `{"files":[{"fileName":""}],"nextFileName":null}`,
		`{"files":[{"fileName":null}],"nextFileName":null}`, `{"files":[{"fileName":7}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","contentLength":-1}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","action":"upload","contentLength":1}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","contentLength":10000000000001}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","contentLength":1.5}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","contentLength":01}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","contentLength":99999999999999999999}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","fileInfo":{"x":1}}],"nextFileName":null}`,
		`{"files":[{"fileName":"a","fileInfo":["x"]}],"nextFileName":null}`,
		"{\"files\":[{\"fileName\":\"a\nb\"}],\"nextFileName\":null}",
		`{"files":[{"fileName":"\x"}],"nextFileName":null}`, `{"files":[{"fileName":"a"},],"nextFileName":null}`,
		`{"files":[{"fileName":"a" "b":1}],"nextFileName":null}`, `{"files":[],"nextFileName":1}`, `{"files":[],"nextFileName":nul}`,
		`{"x":` + deep + `,"files":[],"nextFileName":null}`,
	} {
		if _, _, _, err := scanPage(strings.NewReader(body)); err == nil {
			t.Errorf("accepted %s", body)
		} else if !errors.Is(err, ErrAnswer) && err != io.ErrUnexpectedEOF {
			t.Errorf("%s: %v", body, err)
		}
	}
	for i := range len(documented) {
		if _, _, _, err := scanPage(strings.NewReader(documented[:i])); err != io.ErrUnexpectedEOF {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	broken := errors.New("connection reset")
	if _, _, _, err := scanPage(io.MultiReader(strings.NewReader(documented[:500]), iotest.ErrReader(broken))); err != broken {
		t.Errorf("got %v, want the reader's own error", err)
	}
}

// exact is a page decoded as the scanner does it: by the exact names of keys,
// the last of two counts, and what the scanner alone insists on is checked.
func exact(b []byte) (files []File, next, nextID *string, err error) {
	var page map[string]json.RawMessage
	if err := json.Unmarshal(b, &page); err != nil {
		return nil, nil, nil, err
	}
	var list []map[string]json.RawMessage
	for key, to := range map[string]any{"files": &list, "nextFileName": &next, "nextFileId": &nextID} {
		if raw, ok := page[key]; ok {
			err = errors.Join(err, json.Unmarshal(raw, to))
		}
	}
	for _, m := range list {
		var w wire.File
		var sse, retention, hold, value map[string]json.RawMessage
		get := func(from map[string]json.RawMessage, key string, to any) {
			if raw, ok := from[key]; ok {
				err = errors.Join(err, json.Unmarshal(raw, to))
			}
		}
		get(m, "action", &w.Action)
		get(m, "bucketId", &w.BucketID)
		get(m, "contentLength", &w.ContentLength)
		get(m, "contentMd5", &w.ContentMD5)
		get(m, "contentSha1", &w.ContentSHA1)
		get(m, "contentType", &w.ContentType)
		get(m, "fileId", &w.FileID)
		get(m, "fileInfo", &w.FileInfo)
		get(m, "fileName", &w.FileName)
		get(m, "uploadTimestamp", &w.UploadTimestamp)
		get(m, "replicationStatus", &w.ReplicationStatus)
		get(m, "serverSideEncryption", &sse)
		get(m, "fileRetention", &retention)
		get(m, "legalHold", &hold)
		w.SSE = new(wire.SSE)
		get(sse, "mode", &w.SSE.Mode)
		if hold != nil {
			w.LegalHold = new(wire.LegalHoldAnswer)
			get(hold, "isClientAuthorizedToRead", &w.LegalHold.IsClientAuthorizedToRead)
			get(hold, "value", &w.LegalHold.Value)
		}
		if retention != nil {
			w.FileRetention = &wire.FileRetentionAnswer{Value: new(wire.FileRetention)}
			get(retention, "isClientAuthorizedToRead", &w.FileRetention.IsClientAuthorizedToRead)
			get(retention, "value", &value)
			get(value, "mode", &w.FileRetention.Value.Mode)
			get(value, "retainUntilTimestamp", &w.FileRetention.Value.RetainUntilTimestamp)
		}
		files = append(files, *fileOf(&w))
	}
	return files, next, nextID, err
}

// FuzzPage holds the scanner against encoding/json: what the scanner takes, the
// other takes too, and they read the same.
func FuzzPage(f *testing.F) {
	f.Add([]byte(documented))
	f.Add(somePage(3, rand.New(rand.NewPCG(3, 4))))
	f.Add(flatPage(3)) // entries of one pattern
	for _, ms := range []string{"", "0", "-7", "+7", "1_0", "1e3", "\\u0031", `1","src_last_modified_millis":"2`, "9223372036854775808"} {
		f.Add(fmt.Appendf(nil, `{"files":[{"fileName":"a","fileInfo":{"src_last_modified_millis":"%s"}}],"nextFileName":null}`, ms))
	}
	f.Add([]byte(`{"files":[{"fileName":"\ud83d\ude00\ud800","fileInfo":{"A":null,"a":"\u0041"},"contentSha1":"none","x":[1e5,-0.1,true,{}]}],"nextFileName":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, next, id, err := scanPage(bytes.NewReader(body))
		again, _, _, errAgain := scanPage(iotest.HalfReader(bytes.NewReader(body)))
		if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(got, again) {
			t.Fatalf("another result when read in pieces: %v, %v\n%+v\n%+v", err, errAgain, got, again)
		}
		if err != nil {
			return
		}
		want, wantNext, wantID, err := exact(body)
		if err != nil {
			t.Fatalf("the scanner takes what encoding/json refuses: %v", err)
		}
		for i := range got {
			info := got[i].Info()
			for name, value := range info {
				if v, ok := got[i].InfoValue(name); v != value || !ok {
					t.Fatalf("info %q: %q, %v; want %q", name, v, ok, value)
				}
			}
			want, err := strconv.ParseInt(info[InfoModTime], 10, 64)
			if ms, ok := got[i].ModTime(); ok != (err == nil) || ok && ms != want {
				t.Fatalf("modification time %d, %v; want that of %q", ms, ok, info)
			}
		}
		if !reflect.DeepEqual(plainInfo(got), plainInfo(want)) || !reflect.DeepEqual(got, want) ||
			!reflect.DeepEqual([]*string{next, id}, []*string{wantNext, wantID}) {
			t.Fatalf("scanner: %+v\nencoding/json: %+v", got, want)
		}
	})
}

// TestNeighbourDoesNotMatter: an entry is read alike after one of its own
// pattern and after one of another, or refused alike, whatever byte of it is
// replaced, missing or too much.
func TestNeighbourDoesNotMatter(t *testing.T) {
	var text bytes.Buffer
	writeEntry(&text, 1)
	usual := text.String()
	text.Reset()
	writeEntry(&text, 2)
	entry := text.String()
	after := func(neighbour, entry string) (*File, error) {
		files, _, _, err := scanPage(strings.NewReader(`{"files":[` + neighbour + `,` + entry + `],"nextFileName":null}`))
		if err != nil {
			return nil, err
		}
		return &files[len(files)-1], nil
	}
	read, refused := 0, 0
	for i := range len(entry) {
		for _, c := range []string{"", "n", "0", "-", " ", `"`, `\`, "{", "}", ",", "\x01", "\xff", entry[i:i+1] + entry[i:i+1]} {
			changed := entry[:i] + c + entry[i+1:]
			got, err := after(usual, changed)
			want, wantErr := after(`{"fileName":"a","fileId":"4_z1"}`, changed)
			if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s\nafter its like: %+v, %v\nafter another: %+v, %v", changed, got, err, want, wantErr)
			}
			if err == nil {
				read++
			} else {
				refused++
			}
		}
	}
	if read < len(entry) || refused < len(entry) {
		t.Errorf("%d were read and %d refused: that is no trial", read, refused)
	}
}

func BenchmarkPageScan(b *testing.B) {
	body := flatPage(10_000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		s := pageScanner{body: bytes.NewReader(body), most: wire.MaxListFiles, emit: func(*File) error { n++; return nil }}
		if err := s.scan(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkPageEncodingJSON(b *testing.B) {
	body := flatPage(10_000)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		var page wire.ListFileVersionsResponse
		if err := json.Unmarshal(body, &page); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkInfoValue(b *testing.B) {
	f := File{info: `{"large_file_sha1":"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed","src_last_modified_millis":"1767323000123"}`}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := f.InfoValue(InfoModTime); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkModTime(b *testing.B) {
	f := File{info: `{"src_last_modified_millis":"1767323000123"}`}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := f.ModTime(); !ok {
			b.Fatal("not found")
		}
	}
}

// flatPage is a page of usual entries.
func flatPage(n int) []byte {
	var page bytes.Buffer
	page.WriteString(`{"files":[`)
	for i := range n {
		if i > 0 {
			page.WriteByte(',')
		}
		writeEntry(&page, i)
	}
	page.WriteString(`],"nextFileName":null,"nextFileId":null}`)
	return page.Bytes()
}

// writeEntry writes the i-th usual entry.
func writeEntry(w io.Writer, i int) {
	fmt.Fprintf(w, `{"accountId":"a30f20426f0b1","action":"upload","bucketId":"e73ede9969c64355ef8b0012","contentLength":%d,`+
		`"contentMd5":"5eb63bbbe01eeed093cb22bb8f5acdc3","contentSha1":"%040x","contentType":"application/octet-stream",`+
		`"fileId":"4_ze73ede9969c64355ef8b0012_f1%016x_d20260102_m030405_c005_v0501013_t0020_u01767323045000",`+
		`"fileInfo":{"src_last_modified_millis":"1767323000123"},"fileName":"dir%05d/file-%010d.txt",`+
		`"fileRetention":{"isClientAuthorizedToRead":true,"value":{"mode":null,"retainUntilTimestamp":null}},`+
		`"legalHold":{"isClientAuthorizedToRead":true,"value":null},`+
		`"serverSideEncryption":{"algorithm":"AES256","mode":"SSE-B2"},"uploadTimestamp":1767323045000}`, i, i, i, i/100, i)
}
