package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// tracer is nil while traces are off.
var tracer atomic.Pointer[trace.Tracer]

// shortWait is how long a call must wait, for a turn or its client, for a span of the wait. Most waits are over at once.
const shortWait = time.Millisecond

func noSpan(outcome, time.Time) {}

// beginSpan begins the span of a part, if the call is traced.
func beginSpan(ctx context.Context, part Part, name string, begun time.Time) (context.Context, func(outcome, time.Time)) {
	t := tracing(ctx)
	if t == nil {
		return ctx, noSpan
	}
	if part == Body || part == Wait || part == Send {
		return ctx, spanIfLong(ctx, t, name, begun)
	}
	return beginPartSpan(ctx, t, part, name, begun)
}

// spanIfLong returns the function that ends a wait. Only then it is known whether there is a span.
func spanIfLong(ctx context.Context, t trace.Tracer, name string, begun time.Time) func(outcome, time.Time) {
	return func(result outcome, ended time.Time) {
		if ended.Sub(begun) >= shortWait {
			_, span := t.Start(ctx, name, trace.WithTimestamp(begun))
			endSpan(span, result, ended)
		}
	}
}

func beginPartSpan(ctx context.Context, t trace.Tracer, part Part, name string, begun time.Time) (context.Context, func(outcome, time.Time)) {
	options := []trace.SpanStartOption{trace.WithTimestamp(begun)}
	if dependency := dependencies[part]; dependency != "" {
		options = append(options, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("peer.service", dependency)))
	}
	ctx, span := t.Start(ctx, name, options...)
	return ctx, func(result outcome, ended time.Time) { endSpan(span, result, ended) }
}

// tracing returns the tracer if the call to which ctx belongs is traced, otherwise nil.
func tracing(ctx context.Context) trace.Tracer {
	t := tracer.Load()
	if t == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return nil
	}
	return *t
}

// endSpan ends a span. It has no error's text, which may name what is in the data; the log has the cause.
func endSpan(span trace.Span, result outcome, ended time.Time) {
	if result != ok {
		span.SetAttributes(attribute.String("error.type", outcomeNames[result]))
		span.SetStatus(codes.Error, outcomeNames[result])
	}
	span.End(trace.WithTimestamp(ended))
}

// Step begins a span that is neither in the log line nor in metrics, such as that of one statement. The attributes are alternating keys
// and values. It returns the function that ends the span.
func Step(ctx context.Context, name string, attributes ...string) func(error) {
	t := tracing(ctx)
	if t == nil {
		return func(error) {}
	}
	_, span := t.Start(ctx, name, trace.WithAttributes(keyValues(attributes)...))
	return func(err error) { endSpan(span, outcomeOf(err), time.Now()) }
}

// keyValues returns alternating keys and values as attributes of a span.
func keyValues(alternating []string) (attributes []attribute.KeyValue) {
	for i := 0; i+1 < len(alternating); i += 2 {
		attributes = append(attributes, attribute.String(alternating[i], alternating[i+1]))
	}
	return attributes
}
