package ui

import (
	"context"
	"log/slog"

	"github.com/bowline-sync/bowline/b2sync"
)

// Log tells a run to a logger: actions at level debug, what went wrong at warn
// and error, the end at info. It is a [b2sync.Listener]. Names and errors are
// all that it writes; secrets are in neither.
type Log struct{ logger *slog.Logger }

// NewLog makes a listener that writes to the logger, which the caller closes.
func NewLog(logger *slog.Logger) *Log { return &Log{logger} }

// Event logs an event.
func (l *Log) Event(e b2sync.Event) {
	ctx := context.Background()
	switch e := e.(type) {
	case b2sync.ActionDone:
		l.action(ctx, e)
	case b2sync.Problem:
		level, message := slog.LevelError, "failed"
		if e.Warning {
			level, message = slog.LevelWarn, "warning"
		}
		l.logger.LogAttrs(ctx, level, message, slog.String("name", e.Name), slog.String("path", e.Path), slog.Any("error", e.Err))
	case b2sync.Remark:
		l.logger.LogAttrs(ctx, slog.LevelInfo, "note", slog.String("text", e.Text))
	}
}

func (l *Log) action(ctx context.Context, e b2sync.ActionDone) {
	level, message := slog.LevelDebug, "action"
	if e.Err != nil {
		level, message = slog.LevelError, "action failed"
	}
	if !l.logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("kind", kindName(e.Kind)), slog.String("name", e.Name), slog.Int64("bytes", e.Size),
		slog.Float64("seconds", e.Took.Seconds()), slog.String("version", e.Version),
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	l.logger.LogAttrs(ctx, level, message, attrs...)
}

// Close logs the verdict.
func (l *Log) Close(o *Outcome) {
	level := slog.LevelInfo
	if !o.OK() {
		level = slog.LevelError
	}
	l.logger.LogAttrs(context.Background(), level, "verdict", slog.String("text", Verdict(o)), slog.String("outcome", o.Word()))
}
