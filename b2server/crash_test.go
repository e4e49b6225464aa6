//go:build unix

package b2server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// uploadUntilKilled is a child process: a server that uploads to itself and says
// which names were answered.
func uploadUntilKilled(dir string) {
	store, err := OpenDiskStore(dir, DiskOptions{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	store.index.journal.room = 4 << 10 // so that kills also strike while it goes into the index
	s, err := New(Config{Store: store, MaintainEvery: -1})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	bucketID := strings.Repeat("ab", 12)
	if s.buckets.byID(bucketID) == nil {
		_ = s.putBucket(&bucket{ID: bucketID, Name: "a-bucket", Type: "allPublic"})
	}
	var out sync.Mutex
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)
				if crashUpload(s, bucketID, name) {
					out.Lock()
					fmt.Println(name)
					out.Unlock()
				}
			}
		}()
	}
	select {}
}

// crashContent is what is stored under a name: some inline, some in files.
func crashContent(name string) string {
	return strings.Repeat(name, 1+len(name)*int(name[len(name)-1]-'0')*4)
}

func crashUpload(s *Server, bucketID, name string) bool {
	nonce := newNonce()
	r := httptest.NewRequest("POST", fmt.Sprintf("/b2api/v4/b2_upload_file/%s/%x", bucketID, nonce), strings.NewReader(crashContent(name)))
	r.Header = http.Header{"X-Bz-File-Name": {name}, "Content-Type": {"text/plain"}, "X-Bz-Content-Sha1": {"do_not_verify"},
		"Authorization": {s.tokens.sign(token{Kind: tokenUpload, Expires: 1 << 50, Nonce: nonce, KeyID: s.account, Subject: bucketID})}}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code == 200
}

// Every upload that was answered survives kill -9 at any moment; nothing that
// was not answered is left half-done.
func TestAnsweredUploadsSurviveKill(t *testing.T) {
	dir := t.TempDir()
	var answered []string
	for range 4 {
		cmd := child("crash", dir)
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(pipe)
		stop := 5 + rand.IntN(40)
		for n := 0; lines.Scan(); n++ {
			if strings.HasPrefix(lines.Text(), "error") {
				t.Error(lines.Text())
			}
			answered = append(answered, lines.Text())
			if n == stop {
				go func() {
					time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
					_ = cmd.Process.Kill()
				}()
			}
		}
		_ = cmd.Wait()
	}
	if len(answered) < 20 {
		t.Fatalf("only %d uploads were answered", len(answered))
	}
	s, err := New(Config{Store: openDisk(t, dir), MaintainEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range answered {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/file/a-bucket/"+name, nil))
		if body, _ := io.ReadAll(w.Body); w.Code != 200 || !bytes.Equal(body, []byte(crashContent(name))) {
			t.Errorf("%s: %d, %d bytes", name, w.Code, len(body))
		}
	}
	d := s.store.(*DiskStore)
	if lost, err := d.dropLost(); lost != 0 || err != nil {
		t.Errorf("lost %d, %v", lost, err)
	}
	if orphans, err := d.removeOrphans(); orphans != 0 || err != nil {
		t.Errorf("%d orphans after the repair, %v", orphans, err)
	}
}
