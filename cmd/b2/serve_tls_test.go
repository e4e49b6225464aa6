package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestSelfSignedCertificate(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	hosts := []string{"127.0.0.1", "localhost"}
	first, err := selfSigned(dir, hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, selfSignedKey))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the private key's file has the mode %v", info.Mode())
	}
	again := func(hosts []string, now time.Time) bool {
		t.Helper()
		pair, err := selfSigned(dir, hosts, now)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Equal(pair.Certificate[0], first.Certificate[0])
	}
	if !again(hosts, now.Add(300*24*time.Hour)) {
		t.Error("a good certificate was not kept")
	}

	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{*first}}
	server.StartTLS()
	defer server.Close()
	text, err := os.ReadFile(filepath.Join(dir, selfSignedCert))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	for _, name := range hosts {
		_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
		conn, err := tls.Dial("tcp", net.JoinHostPort("127.0.0.1", port), &tls.Config{RootCAs: roots, ServerName: name})
		if err != nil {
			t.Errorf("a client that trusts the file: %s: %v", name, err)
			continue
		}
		conn.Close()
	}

	if again(hosts, now.Add(360*24*time.Hour)) {
		t.Error("a certificate about to expire was kept")
	}
	if first, err = selfSigned(dir, hosts, now); err != nil {
		t.Fatal(err)
	}
	if again(append(hosts, "nas.lan"), now) {
		t.Error("a certificate was kept that another name is not in")
	}
}

func TestHostsOfServer(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	o := serveOptions{listen: "0.0.0.0:8000", url: "https://b2.lan:8443/"}
	want := []string{"127.0.0.1", "::1", "b2.lan", "localhost", name}
	slices.Sort(want)
	if got := o.hosts(); !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("hosts are %q, want %q", got, want)
	}
}
