//go:build unix

package b2server

import (
	"bufio"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// uploadTo is the bucket of the servers that uploads are measured with.
var uploadTo = strings.Repeat("ab", 12)

// serveUploads is a child process: a server with an empty bucket.
func serveUploads(store Store, err error) {
	if err != nil {
		panic(err)
	}
	s, err := New(Config{Store: store, MaintainEvery: -1})
	if err == nil {
		err = s.putBucket(&bucket{ID: uploadTo, Name: "a-bucket", Type: "allPrivate"})
	}
	if err != nil {
		panic(err)
	}
	serveChild(s, func() string {
		nonce := newNonce()
		return fmt.Sprintf("/b2api/v4/b2_upload_file/%s/%x %s", uploadTo, nonce, s.benchToken(tokenUpload, nonce, uploadTo))
	})
}

// serveBare is a child process: the least that takes an upload. It reads and
// hashes the body.
func serveBare() {
	serveChild(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha1.New()
		_, _ = io.CopyBuffer(h, r.Body, make([]byte, 2<<10))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"sha1":"%x"}`, h.Sum(nil))
	}), func() string { return "/ none" })
}

// serveChild serves on a free port, which it prints. Beside h, it answers at
// /target where to upload and with which token, and at /cpu how much processor
// time the process has used.
func serveChild(h http.Handler, target func() string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	panic(NewHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/target":
			fmt.Fprint(w, target())
		case "/cpu":
			fmt.Fprint(w, int64(cpuTime()))
		default:
			h.ServeHTTP(w, r)
		}
	})).Serve(l))
}

// BenchmarkUpload uploads 1 KiB at a time over 8 connections, each with an
// upload URL of its own, to a process of its own, and reports the processor
// time that this process takes. It takes turns with the bare handler, so that
// both have the same of what else the machine does; x-bare is the ratio.
func BenchmarkUpload(b *testing.B) {
	for _, kind := range []string{"memory", "disk", "disk-sync"} {
		b.Run(kind, func(b *testing.B) {
			server, bare := newLoad(b, kind, 8), newLoad(b, "bare", 8)
			server.run(b, 1000) // the first ones make folders and fill caches
			bare.run(b, 1000)
			var cpu, bareCPU time.Duration
			const turn = 1000
			b.ResetTimer()
			for left := b.N; left > 0; left -= turn {
				n := min(left, turn)
				cpu += server.run(b, n)
				b.StopTimer()
				bareCPU += bare.run(b, n)
				b.StartTimer()
			}
			b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(cpu)/float64(bareCPU), "x-bare")
		})
	}
}

// startChild starts a server that ends with the benchmark.
func startChild(b *testing.B, kind string) (addr string) {
	b.Helper()
	cmd := child(kind, b.TempDir())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

func ask(b *testing.B, addr, path string) (answer string) {
	b.Helper()
	res, err := http.Get("http://" + addr + path)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		b.Fatal(res.Status, err)
	}
	return string(text)
}

func childCPU(b *testing.B, addr string) (d time.Duration) {
	b.Helper()
	if _, err := fmt.Sscan(ask(b, addr, "/cpu"), &d); err != nil {
		b.Fatal(err)
	}
	return d
}

// load is the client of a process that it starts: it does as little as it can,
// so that the server has the processor.
type load struct {
	addr  string
	conns []net.Conn
	heads []string // of requests, up to the file name
	names atomic.Int64
}

func newLoad(b *testing.B, kind string, conns int) *load {
	b.Helper()
	addr := startChild(b, kind)
	l := &load{addr: addr}
	for range conns {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		path, auth, _ := strings.Cut(ask(b, addr, "/target"), " ")
		l.conns = append(l.conns, conn)
		l.heads = append(l.heads, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nAuthorization: %s\r\n"+
			"Content-Type: b2/x-auto\r\nContent-Length: %d\r\nX-Bz-Content-Sha1: %s\r\n"+
			"X-Bz-Info-Src_last_modified_millis: 1767323045000\r\nX-Bz-File-Name: ", path, addr, auth, len(loadContent), loadSHA1))
	}
	return l
}

var (
	loadContent = strings.Repeat("x", 1024)
	loadSHA1    = func() string { sum := sha1.Sum([]byte(loadContent)); return hex.EncodeToString(sum[:]) }()
)

// run makes n uploads and answers the processor time that the server took.
func (l *load) run(b *testing.B, n int) time.Duration {
	b.Helper()
	began := childCPU(b, l.addr)
	var turns atomic.Int64
	var wg sync.WaitGroup
	for i, conn := range l.conns {
		wg.Go(func() {
			in := bufio.NewReader(conn)
			var out []byte
			for turns.Add(1) <= int64(n) {
				out = fmt.Appendf(append(out[:0], l.heads[i]...), "dir/file-%07d\r\n\r\n%s", l.names.Add(1), loadContent)
				if _, err := conn.Write(out); err != nil {
					b.Error(err)
					return
				}
				res, err := http.ReadResponse(in, nil)
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
				}
				if err != nil || res.StatusCode != 200 {
					b.Error(res, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return childCPU(b, l.addr) - began
}
