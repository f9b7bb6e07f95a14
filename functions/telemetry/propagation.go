package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TraceparentHeader is the header that carries a trace from one program to the next (W3C Trace Context).
const TraceparentHeader = "traceparent"

// Traceparent returns the value of the header traceparent for a request that is made within ctx, or "" if there is no trace.
func Traceparent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[TraceparentHeader]
}

// extract returns a context in the trace that traceparent names. If that is empty or not valid, the context is unchanged.
func extract(ctx context.Context, traceparent string) context.Context {
	if traceparent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{TraceparentHeader: traceparent})
}

// Continue begins a part of the call that belongs to an earlier trace: that which traceparent names, as Traceparent returned it when the
// work was handed over. The call's log line then has the trace_id of that trace, and the part's span a link to the call's own. The
// returned function ends the part.
func Continue(ctx context.Context, name, traceparent string) (context.Context, func(error)) {
	earlier := trace.SpanContextFromContext(extract(context.Background(), traceparent))
	if !earlier.IsValid() {
		return ctx, Step(ctx, name)
	}
	if c := callOf(ctx); c != nil {
		c.mu.Lock()
		c.traceID = earlier.TraceID()
		c.mu.Unlock()
	}
	own := trace.SpanContextFromContext(ctx)
	ctx = trace.ContextWithRemoteSpanContext(ctx, earlier)
	t := tracer.Load()
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := (*t).Start(ctx, name, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(trace.Link{SpanContext: own}))
	return ctx, func(err error) { endSpan(span, outcomeOf(err), time.Now()) }
}
