package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"snaptask/functions/telemetry"
)

// statusDisconnected is the status in the log and the metrics of a request whose client disconnected before it was answered, as
// nginx logs it.
const statusDisconnected = 499

// record is what the log line of a request says besides the request itself.
type record struct {
	route    string // pattern of the path, with a function's own name
	code     string // of the failure that this server answered
	cause    string // of that failure
	bytesIn  atomic.Int64
	bodyTime atomic.Int64 // nanoseconds in which the body was waited for
}

type recordKey struct{}

// recordOf returns the record of a request; outside measured, one that nobody reads.
func recordOf(r *http.Request) *record {
	if known, ok := r.Context().Value(recordKey{}).(*record); ok {
		return known
	}
	return &record{}
}

// measured logs, counts, times and traces the requests to next. Health checks that succeed are neither logged nor traced.
func (m *metrics) measured(t traces, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		about := &record{}
		r = r.WithContext(context.WithValue(r.Context(), recordKey{}, about))
		r, span := t.begin(r)
		if r.Body != http.NoBody {
			r.Body = &measuredBody{r.Body, about}
		}
		r.Header.Set(callIDHeader, callID(r))
		response := &measuredResponse{ResponseWriter: w}
		m.inFlight.Inc()
		defer func() {
			defer m.inFlight.Dec()
			failure := recover()
			if failure != nil {
				about.interrupted(failure, response)
			}
			took := time.Since(start)
			t.end(r, span, about, response.status, start)
			m.observe(about.route, r.Method, response.status, took)
			if about.route != healthPath || response.status != http.StatusOK {
				logRequest(r, about, response, took)
			}
			if failure != nil {
				panic(failure)
			}
		}()
		next.ServeHTTP(response, r)
	})
}

// interrupted notes that a handler panicked, usually because the client, or a function in the middle of its response, was gone.
func (a *record) interrupted(failure any, response *measuredResponse) {
	a.code = "disconnected"
	if failure != http.ErrAbortHandler {
		a.code, a.cause = "panic", fmt.Sprint(failure)
		response.status = http.StatusInternalServerError
	}
	if response.status == 0 {
		response.status = statusDisconnected
	}
}

func logRequest(r *http.Request, about *record, response *measuredResponse, took time.Duration) {
	fields := []slog.Attr{
		slog.String("route", about.route), slog.String("callId", r.Header.Get(callIDHeader)), slog.String("method", methodLabel(r.Method)),
		slog.Int("status", response.status), slog.Float64("ms", telemetry.Milliseconds(took)),
		slog.Float64("body_ms", telemetry.Milliseconds(time.Duration(about.bodyTime.Load()))),
		slog.Int64("bytesIn", about.bytesIn.Load()), slog.Int64("bytesOut", response.bytes),
	}
	if id := trace.SpanContextFromContext(r.Context()).TraceID(); id.IsValid() {
		fields = append(fields, slog.String("trace_id", id.String()))
	}
	if about.code != "" {
		fields = append(fields, slog.String("code", about.code))
	}
	if about.cause != "" {
		fields = append(fields, slog.String("cause", about.cause))
	}
	slog.LogAttrs(r.Context(), telemetry.Level(response.status), "request", fields...)
}

// withRoute notes which of the mux's patterns a request matched. The mux sets it on the request that it gets, which is not the one
// that measured has.
func withRoute(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if about := recordOf(r); about.route == "" {
				about.route = routeOf(r.Pattern)
			}
		}()
		mux.ServeHTTP(w, r)
	})
}

// routeOf returns a pattern without its method and host. A request for "*" matches no pattern, and has no route.
func routeOf(pattern string) string {
	return pattern[max(0, strings.IndexByte(pattern, '/')):]
}

// measuredBody counts the bytes of a request's body, and the time in which they were waited for.
type measuredBody struct {
	io.ReadCloser
	about *record
}

func (b *measuredBody) Read(into []byte) (int, error) {
	begun := time.Now()
	n, err := b.ReadCloser.Read(into)
	b.about.bodyTime.Add(int64(time.Since(begun)))
	b.about.bytesIn.Add(int64(n))
	return n, err
}

// measuredResponse notes the status and the size of a response.
type measuredResponse struct {
	http.ResponseWriter
	status int // 0 until it is sent
	bytes  int64
}

// Unwrap is for http.ResponseController.
func (m *measuredResponse) Unwrap() http.ResponseWriter { return m.ResponseWriter }

func (m *measuredResponse) WriteHeader(status int) {
	if status >= http.StatusOK { // 1xx is followed by another one
		m.status = status
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m *measuredResponse) Write(data []byte) (int, error) {
	if m.status == 0 {
		m.status = http.StatusOK
	}
	n, err := m.ResponseWriter.Write(data)
	m.bytes += int64(n)
	return n, err
}
