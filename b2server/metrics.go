package b2server

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count what the server does.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	sent     prometheus.Counter
	received prometheus.Counter

	mu    sync.RWMutex
	lines map[outcome]line
}

// outcome is how a call ended. There are few: three dozen calls, a dozen
// statuses.
type outcome struct {
	call   string
	status int
}

// line is where an outcome is counted. Finding that by its labels costs more
// than the counting.
type line struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
}

func newMetrics(r *prometheus.Registry) (*metrics, error) {
	if r == nil {
		r = prometheus.NewRegistry()
	}
	m := &metrics{
		handler: promhttp.HandlerFor(r, promhttp.HandlerOpts{}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "b2server_requests_total", Help: "Answers by call and HTTP status.",
		}, []string{"call", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "b2server_request_seconds", Help: "Time from a request's header to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10),
		}, []string{"call"}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "b2server_sent_bytes_total", Help: "Bytes of answers."}),
		received: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "b2server_received_bytes_total", Help: "Bytes of request bodies, as announced."}),
		lines: map[outcome]line{},
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.sent, m.received} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// line finds the line of an outcome, or begins it.
func (m *metrics) line(o outcome) line {
	m.mu.RLock()
	l, ok := m.lines[o]
	m.mu.RUnlock()
	if ok {
		return l
	}
	l = line{m.requests.WithLabelValues(o.call, strconv.Itoa(o.status)), m.seconds.WithLabelValues(o.call)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines[o] = l
	return l
}

// done counts a request and writes its line of the access log. It runs also
// when the connection is being dropped.
func (s *Server) done(c *call, began time.Time) {
	took := time.Since(began)
	status := c.w.status
	if status == 0 {
		status = 499 // nobody was left to answer
	}
	l := s.metrics.line(outcome{c.name, status})
	l.requests.Inc()
	l.seconds.Observe(took.Seconds())
	s.metrics.sent.Add(float64(c.w.written))
	s.metrics.received.Add(float64(max(0, c.r.ContentLength)))
	if s.cfg.AccessLog == nil {
		return
	}
	// The path and the query are left out: they hold names and tokens.
	attrs := []slog.Attr{
		slog.String("call", c.name), slog.Int("version", c.version), slog.String("method", c.r.Method),
		slog.Int("status", status), slog.Int64("received", max(0, c.r.ContentLength)), slog.Int64("sent", c.w.written),
		slog.Duration("took", took), slog.String("remote", c.r.RemoteAddr), slog.String("agent", c.r.UserAgent()),
	}
	if e := c.w.failed; e != nil {
		attrs = append(attrs, slog.String("code", e.code))
		if e.reason != "" {
			attrs = append(attrs, slog.String("reason", e.reason))
		}
	}
	if c.key != nil {
		attrs = append(attrs, slog.String("key", c.key.ID))
	}
	s.cfg.AccessLog.LogAttrs(context.WithoutCancel(c.r.Context()), slog.LevelInfo, "request", attrs...)
}
