package synth

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bowline-sync/bowline/bench/corpus"
	"github.com/bowline-sync/bowline/internal/wire"
)

// post makes a call and decodes its answer into out.
func post(t *testing.T, call, body string, out any) {
	t.Helper()
	w := httptest.NewRecorder()
	new(Server).ServeHTTP(w, httptest.NewRequest("POST", "/b2api/v4/"+call, strings.NewReader(body)))
	if w.Code != 200 {
		t.Fatalf("%s %s: %d %s", call, body, w.Code, w.Body)
	}
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		t.Fatalf("%s: %v", call, err)
	}
}

// listAll pages through the bucket of n files, and answers names and calls.
func listAll(t *testing.T, n int, call, fields string) (names []string, calls int) {
	t.Helper()
	start := ""
	for {
		body := `{"bucketId":"` + bucketID(n) + `"` + fields
		if start != "" {
			body += `,"startFileName":"` + start + `"`
		}
		var page wire.ListFileVersionsResponse
		post(t, call, body+"}", &page)
		calls++
		for _, f := range page.Files {
			names = append(names, f.FileName)
		}
		if page.NextFileName == nil {
			return names, calls
		}
		start = *page.NextFileName
	}
}

func TestListsEveryFileOnce(t *testing.T) {
	const n = 12_345
	for _, call := range []string{wire.CallListNames, wire.CallListVersions} {
		names, calls := listAll(t, n, call, `,"maxFileCount":1000`)
		if len(names) != n || calls != 13 {
			t.Fatalf("%s: %d names in %d calls", call, len(names), calls)
		}
		for i, name := range names {
			if name != corpus.Name(i) {
				t.Fatalf("%s: name %d is %q, want %q", call, i, name, corpus.Name(i))
			}
		}
	}
}

func TestPrefixAndDelimiter(t *testing.T) {
	names, _ := listAll(t, 12_345, wire.CallListNames, `,"maxFileCount":10000,"prefix":"m00/p00002/d0000123/"`)
	if len(names) != 45 || names[0] != corpus.Name(12_300) {
		t.Errorf("with a prefix: %d names, the first %q", len(names), names[0])
	}
	names, calls := listAll(t, 12_345, wire.CallListNames, `,"maxFileCount":2,"prefix":"m00/","delimiter":"/"`)
	if got := strings.Join(names, " "); got != "m00/p00000/ m00/p00001/ m00/p00002/" || calls != 2 {
		t.Errorf("with a delimiter: %q in %d calls", got, calls)
	}
}

func TestEntryIsThatOfTheDocumentation(t *testing.T) {
	var page wire.ListFileNamesResponse
	post(t, wire.CallListNames, `{"bucketId":"`+bucketID(5)+`","startFileName":null}`, &page)
	if len(page.Files) != 5 {
		t.Fatalf("%d files, want 5", len(page.Files))
	}
	f := page.Files[3]
	if f.Action != "upload" || f.BucketID != bucketID(5) || f.FileInfo["src_last_modified_millis"] != modTime || f.FileRetention == nil || f.LegalHold == nil {
		t.Errorf("entry %+v", f)
	}
	if i, err := fileNumber(*f.FileID); i != 3 || err != nil {
		t.Errorf("the id %s leads to file %d, %v", *f.FileID, i, err)
	}
}

func TestRefusesChanges(t *testing.T) {
	w := httptest.NewRecorder()
	new(Server).ServeHTTP(w, httptest.NewRequest("POST", "/b2api/v4/b2_get_upload_url", strings.NewReader(`{}`)))
	if w.Code != 400 {
		t.Errorf("get_upload_url answered %d", w.Code)
	}
}
