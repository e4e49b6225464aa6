package b2server

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport, stop := Pipe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Hour)
			body, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, r.Host+" "+string(body))
		}))
		defer stop()
		client := &http.Client{Transport: transport}
		for _, url := range []string{"http://one.test/", "https://two.test:99/"} {
			began := time.Now()
			res, err := client.Post(url, "text/plain", strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if host, _, _ := strings.Cut(url[strings.Index(url, "//")+2:], "/"); string(body) != host+" hello" {
				t.Errorf("%s: %q", url, body)
			}
			if took := time.Since(began); took != time.Hour {
				t.Errorf("took %v", took)
			}
		}
		stop()
		if _, err := client.Get("http://one.test/"); err == nil {
			t.Error("a closed pipe answers")
		}
	})
}
