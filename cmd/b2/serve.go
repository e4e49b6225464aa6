package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/internal/ui"
	"github.com/bowline-sync/bowline/internal/wire"
)

// serveOptions are the options of `b2 serve`.
type serveOptions struct {
	listen, data      string
	tlsCert, tlsKey   string
	tlsSelfSigned     bool
	clockAhead        period
	url               string
	noSync            bool
	strictNames       bool
	defaultEncryption *string
	latency           period
	bandwidth         string
	faults            decimal
	faultSeed         uint64
	log, accessLog    bool
	minPart, partSize number
	capB, capC        number
	capDownload       string
	capStorage        string
}

func newServe(e *env) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use: "serve", Short: "Run a B2 server on this computer",
		Long: `Runs a server that B2 clients can use in place of Backblaze's: this program, the
reference, rclone, restic and others. Its buckets are kept in a folder.

The first lines printed are ready for a shell: they make this program, and the
reference, use the server. The master key is taken from B2_APPLICATION_KEY_ID and
B2_APPLICATION_KEY, or made at the first start and kept in the data folder.

An interrupt (Ctrl-C) or SIGTERM lets requests end and stops the server; a second
one stops it at once. A page at / shows what the server holds, to whoever gives a
key id as the user name and the key as the password. Metrics for Prometheus are
served at /metrics, and /healthz answers "ok".`,
		Example: `    b2 serve
    b2 serve --listen 127.0.0.1:8000 --data ~/b2-data
    b2 serve --listen 0.0.0.0:8000 --tls-self-signed
    b2 serve --data /tmp/test --latency 50ms --bandwidth 10M --faults 0.01`,
		Args: params,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if os.Getenv("GOGC") == "" {
				debug.SetGCPercent(100) // what runs for days need not be as small as a sync
			}
			return e.serve(cmd.Context(), &o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "listen on this `ADDRESS`; port 0 takes a free one")
	flags.StringVar(&o.data, "data", "", "keep buckets in this `FOLDER` (default: a folder for this user)")
	flags.StringVar(&o.tlsCert, "tls-cert", "", "serve HTTPS with the certificate in this `FILE`")
	flags.StringVar(&o.tlsKey, "tls-key", "", "the certificate's private key, a `FILE`")
	flags.BoolVar(&o.tlsSelfSigned, "tls-self-signed", false, "serve HTTPS with a certificate of the server's own, kept in the data folder; prints its fingerprint")
	flags.StringVar(&o.url, "url", "", "the `URL` that clients reach the server at, when a proxy stands before it")
	flags.BoolVar(&o.noSync, "no-sync", false, "do not wait for the disk: faster, but a loss of power may cost data")
	flags.BoolVar(&o.strictNames, "strict-names", false, "refuse file names that Backblaze's documentation forbids but its service takes")
	o.defaultEncryption = addChoice(flags, "default-encryption", b2server.EncryptionB2,
		"encrypt files in new buckets, unless they ask for more: SSE-B2 (the default), or none, as Backblaze did before 2026", b2server.EncryptionNone, b2server.EncryptionB2)
	flags.BoolVar(&o.log, "log", false, "log to standard error what the server does, and not problems only")
	flags.BoolVar(&o.accessLog, "access-log", false, "log each request to standard error, as a line of JSON")
	flags.Var(&o.clockAhead, "clock-ahead", "set the server's clock forward by this `TIME`, such as 48h, so that tokens expire and lifecycle rules run")
	flags.Var(&o.latency, "latency", "wait this `TIME` before each answer, such as 50ms")
	flags.StringVar(&o.bandwidth, "bandwidth", "", "move at most this `RATE` of content a second, such as 10M")
	flags.Var(&o.faults, "faults", "answer this `SHARE` of calls, 0 to 1, with a 503 at random")
	flags.Uint64Var(&o.faultSeed, "fault-seed", 0, "make the random faults the same in each run, by a `NUMBER`")
	flags.Var(&o.minPart, "min-part-size", "the smallest part of a large file, in `BYTES` (default 5000000)")
	flags.Var(&o.partSize, "recommended-part-size", "the part size that clients are told to use, in `BYTES` (default 100000000)")
	flags.Var(&o.capB, "cap-class-b", "class B calls a day, as a `NUMBER`; 0 is no cap")
	flags.Var(&o.capC, "cap-class-c", "class C calls a day, as a `NUMBER`; 0 is no cap")
	flags.StringVar(&o.capDownload, "cap-download", "", "download a day, as an `AMOUNT` such as 1G")
	flags.StringVar(&o.capStorage, "cap-storage", "", "storage in all, as an `AMOUNT` such as 10G")
	return cmd
}

// serve runs the server until the context ends.
func (e *env) serve(ctx context.Context, o *serveOptions) error {
	cfg, err := o.config(e)
	if err != nil {
		return err
	}
	dir := o.data
	if dir == "" {
		if dir, err = e.dataFolder(); err != nil {
			return err
		}
	}
	held, err := holdFolder(ctx, dir, e.program+" serve")
	if err != nil {
		return err
	}
	defer held.release()
	pair, made, err := o.certificate(dir)
	if err != nil {
		return err
	}
	if cfg.Store, err = b2server.OpenDiskStore(dir, b2server.DiskOptions{NoSync: o.noSync, Log: o.serverLog(e)}); err != nil {
		return err
	}
	server, err := b2server.New(cfg)
	if err != nil {
		return errors.Join(err, cfg.Store.Close())
	}
	if made != "" {
		fmt.Fprintf(e.stdout, "# The certificate is %s, its SHA-256 fingerprint\n# %s\n", oneLine(made), fingerprint(pair))
	}
	served, closed := e.listen(ctx, o, server, pair), server.Close()
	if closed != nil { // a signal ends the program with words of its own
		cfg.Log.Error("the store could not be closed: the next start checks it", slog.Any("error", closed))
	}
	return errors.Join(served, closed)
}

// config is the server that the options describe, without its store.
func (o *serveOptions) config(e *env) (b2server.Config, error) {
	cfg := b2server.Config{
		URL: strings.TrimSuffix(o.url, "/"), StrictNames: o.strictNames, DefaultEncryption: *o.defaultEncryption,
		MinPartSize: o.minPart.value, RecommendedPartSize: o.partSize.value,
		FaultRate: o.faults.value, FaultSeed: o.faultSeed,
		Caps: b2server.Caps{ClassB: o.capB.value, ClassC: o.capC.value},
	}
	if err := o.check(); err != nil {
		return cfg, err
	}
	keyID, key, err := e.environmentKey()
	if err != nil {
		return cfg, err
	}
	cfg.KeyID, cfg.Key = keyID, string(key)
	if o.latency.Duration > 0 {
		cfg.Latency = func(string) time.Duration { return o.latency.Duration }
	}
	for _, amount := range []struct {
		option, text string
		to           *int64
	}{
		{"--bandwidth", o.bandwidth, &cfg.Bandwidth},
		{"--cap-download", o.capDownload, &cfg.Caps.Download},
		{"--cap-storage", o.capStorage, &cfg.Caps.Storage},
	} {
		if amount.text == "" {
			continue
		}
		if *amount.to, err = parseBytes(amount.text); err != nil {
			return cfg, fmt.Errorf("%s: %w", amount.option, err)
		}
	}
	if o.clockAhead.Duration > 0 {
		cfg.Clock = func() time.Time { return time.Now().Add(o.clockAhead.Duration) }
	}
	cfg.Log = o.serverLog(e)
	if o.accessLog {
		cfg.AccessLog = slog.New(slog.NewJSONHandler(e.stderr, nil))
	}
	return cfg, nil
}

// check refuses values that no server can have.
func (o *serveOptions) check() error {
	least, usual := cmp.Or(o.minPart.value, wire.MinPartSize), cmp.Or(o.partSize.value, wire.RecommendedPartSize)
	address, err := url.Parse(o.url)
	switch {
	case o.url != "" && (err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https"):
		return fmt.Errorf("--url %s: must be an address such as https://b2.example.org", o.url)
	case !(o.faults.value >= 0 && o.faults.value <= 1):
		return fmt.Errorf("--faults %v: must be from 0 to 1", o.faults.value)
	case usual < least:
		return fmt.Errorf("--recommended-part-size is %d, which is less than --min-part-size, %d", usual, least)
	case o.capB.value < 0 || o.capC.value < 0:
		return errors.New("--cap-class-b and --cap-class-c must not be negative")
	}
	return cmp.Or(o.minPart.within("min-part-size", wire.MaxSinglePart), o.partSize.within("recommended-part-size", wire.MaxSinglePart))
}

// serverLog is where the server says what it does. Problems are always told: a
// version whose content is lost must not go unseen.
func (o *serveOptions) serverLog(e *env) *slog.Logger {
	level := slog.LevelWarn
	if o.log {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if o.accessLog { // which is read by programs
		return slog.New(slog.NewJSONHandler(e.stderr, options))
	}
	return slog.New(slog.NewTextHandler(e.stderr, options))
}

// stopWait is how long requests may go on when the server is told to stop.
const stopWait = 10 * time.Second

// listen serves until the context ends, and then lets requests end. With a
// certificate it speaks TLS.
func (e *env) listen(ctx context.Context, o *serveOptions, server *b2server.Server, pair *tls.Certificate) error {
	scheme := "http"
	tcp, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	var listener net.Listener = limitConnections(tcp, maxConnections)
	defer listener.Close()
	if pair != nil {
		scheme = "https"
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*pair}, MinVersion: tls.VersionTLS12})
	}
	base := strings.TrimSuffix(o.url, "/")
	if base == "" {
		base = scheme + "://" + reachable(listener.Addr())
	}
	id, key := server.MasterKey()
	e.tellShell(base, id, b2.Secret(key))

	httpServer := b2server.NewHTTPServer(server)
	httpServer.ErrorLog = slog.NewLogLogger(o.serverLog(e).Handler(), slog.LevelInfo) // what clients do wrong
	stopped := make(chan error, 1)
	go func() { stopped <- httpServer.Serve(listener) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer cancel()
	if err := httpServer.Shutdown(ending); err != nil {
		_ = httpServer.Close()
	}
	if err := <-stopped; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// tellShell prints what makes clients use the server, ready for a shell.
func (e *env) tellShell(base, keyID string, key b2.Secret) {
	fmt.Fprintf(e.stdout, "export B2_ENVIRONMENT=%s\nexport B2_APPLICATION_KEY_ID=%s\nexport B2_APPLICATION_KEY=%s\n",
		ui.ShellWord(base), ui.ShellWord(keyID), ui.ShellWord(string(key)))
}

// reachable is an address to connect to: this computer's, when the server
// listens on all.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return addr.String()
}
