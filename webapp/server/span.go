package server

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Headers of traces. A photo that is uploaded carries the trace in which its URL was made.
const (
	traceparentHeader = "Traceparent"
	uploadTraceHeader = "X-Amz-Meta-Traceparent"
)

// traces begins a span for each request.
type traces struct {
	tracer  trace.Tracer   // nil: none
	trusted []netip.Prefix // proxies, whose traces are continued
}

// begin starts the span of a request and puts it into the request's headers. It continues the traces of trusted proxies only: otherwise
// anybody could have all of their requests traced, or add them to somebody's trace. An upload continues the trace in which its URL was
// made if the object store accepts it, since the signature covers that header; so end starts the span of an upload. Health checks have no
// span.
func (t traces) begin(r *http.Request) (*http.Request, trace.Span) {
	ctx, carrier := r.Context(), propagation.HeaderCarrier(r.Header)
	remote, err := parseHop(r.RemoteAddr)
	if err != nil || !slices.ContainsFunc(t.trusted, func(p netip.Prefix) bool { return p.Contains(remote) }) {
		for _, name := range []string{traceparentHeader, "Tracestate", "Baggage"} {
			r.Header.Del(name)
		}
	}
	if isUpload(r) {
		carrier = propagation.HeaderCarrier{traceparentHeader: r.Header.Values(uploadTraceHeader)}
	}
	ctx = propagation.TraceContext{}.Extract(ctx, carrier)
	if t.tracer == nil || r.URL.Path == healthPath || isUpload(r) {
		return r.WithContext(ctx), trace.SpanFromContext(ctx)
	}
	ctx, span := t.tracer.Start(ctx, methodLabel(r.Method), trace.WithSpanKind(trace.SpanKindServer))
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	return r.WithContext(ctx), span
}

func isUpload(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/uploads/") }

// end ends the span of a request that began at start. It fails for what the log has as a warning or an error.
func (t traces) end(r *http.Request, span trace.Span, about *record, status int, start time.Time) {
	if t.tracer == nil {
		return
	}
	method := methodLabel(r.Method)
	if isUpload(r) {
		ctx := r.Context()
		if status != http.StatusOK {
			ctx = context.Background() // a trace of its own
		}
		_, span = t.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(start))
	}
	span.SetName(method + " " + about.route)
	span.SetAttributes(attribute.String("http.route", about.route), attribute.String("http.request.method", method),
		attribute.String("http.response.status_code", strconv.Itoa(status)))
	if about.code != "" {
		span.SetAttributes(attribute.String("error.type", about.code))
	}
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, about.code)
	}
	span.End()
}
