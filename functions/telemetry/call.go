package telemetry

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Call is what is measured of one call: a request, or a piece of work that nobody requested.
type Call struct {
	span trace.Span // nil without tracing

	mu      sync.Mutex
	traceID trace.TraceID
	code    string
	parts   [parts]spent
}

// spent is the time that a part has taken.
type spent struct {
	running int       // how often the part runs at the moment
	since   time.Time // of running being more than 0
	total   time.Duration
}

type callKey struct{}

// callOf returns the Call to which ctx belongs, or nil. A nil Call measures nothing.
func callOf(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// Start begins a call and returns its context. It continues the trace that traceparent names, the value of that header of the request,
// or begins a new one. End must be called.
func Start(ctx context.Context, name, traceparent string) (context.Context, *Call) {
	c := &Call{}
	ctx = extract(ctx, traceparent)
	if t := tracer.Load(); t != nil {
		ctx, c.span = (*t).Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer))
	}
	c.traceID = trace.SpanContextFromContext(ctx).TraceID()
	return context.WithValue(ctx, callKey{}, c), c
}

// End ends the call: failed if the fault is ours, not the caller's. The attributes are alternating keys and values for its span.
func (c *Call) End(failed bool, attributes ...string) {
	now := time.Now()
	for part, total := range c.totals(now) {
		if total > 0 {
			partSeconds[part].Add(total.Seconds())
		}
	}
	if c.span == nil || !c.span.IsRecording() {
		return
	}
	c.span.SetAttributes(keyValues(attributes)...)
	if code := c.Code(); code != "" {
		c.span.SetAttributes(attribute.String("error.type", code))
	}
	if failed {
		c.span.SetStatus(codes.Error, c.Code())
	}
	c.span.End(trace.WithTimestamp(now))
}

// Fail notes the code of the fault with which the call to which ctx belongs is answered.
func Fail(ctx context.Context, code string) {
	if c := callOf(ctx); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.code = code
	}
}

// Code returns the code of the fault with which the call is answered, or "".
func (c *Call) Code() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// shortPart is how long a part must take to be in the log line. Most waits are over at once.
const shortPart = 100 * time.Microsecond

// Fields returns the fields of the call's log line: trace_id, code, and the milliseconds of each part that took at least 0.1, such as
// db_ms.
func (c *Call) Fields() []slog.Attr {
	var fields []slog.Attr
	if id := c.trace(); id.IsValid() {
		fields = append(fields, slog.String("trace_id", id.String()))
	}
	if code := c.Code(); code != "" {
		fields = append(fields, slog.String("code", code))
	}
	for part, total := range c.totals(time.Now()) {
		if total >= shortPart {
			fields = append(fields, slog.Float64(names[part]+"_ms", Milliseconds(total)))
		}
	}
	return fields
}

// Level returns the level at which a response is logged: INFO also for a client's fault, WARN for 503, because a dependency, time or
// room was missing, and ERROR for other 5xx, which are faults of ours.
func Level(status int) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// Milliseconds returns a duration as log lines have it, with the precision of microseconds.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// TraceField returns the field trace_id of the call to which ctx belongs, for its other log lines. It is empty, and not logged, if there
// is none.
func TraceField(ctx context.Context) slog.Attr {
	if id := callOf(ctx).trace(); id.IsValid() {
		return slog.String("trace_id", id.String())
	}
	return slog.Attr{}
}

func (c *Call) trace() trace.TraceID {
	if c == nil {
		return trace.TraceID{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.traceID
}

// totals returns the time of each part until now. A part that still runs counts, because the call may end before it.
func (c *Call) totals(now time.Time) (totals [parts]time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for part, s := range c.parts {
		totals[part] = s.total
		if s.running > 0 {
			totals[part] += now.Sub(s.since)
		}
	}
	return totals
}

func (c *Call) begin(part Part, at time.Time) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.parts[part]
	if s.running == 0 {
		s.since = at
	}
	s.running++
}

func (c *Call) end(part Part, at time.Time) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.parts[part]
	s.running--
	if s.running == 0 {
		s.total += at.Sub(s.since)
	}
}
