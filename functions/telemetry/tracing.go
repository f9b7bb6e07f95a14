package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"snaptask/functions/internal/config"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// flushTime is how long a program that stops waits for its last spans to be sent.
const flushTime = 3 * time.Second

// Open turns traces on for Start and Begin, as NewTracer does. close sends the spans that have not been sent.
func Open(service string) (close func(), err error) {
	t, flush, err := NewTracer(service)
	if err != nil || t == nil {
		return flush, err
	}
	tracer.Store(&t)
	return func() {
		tracer.Store(nil)
		flush()
	}, nil
}

// NewTracer returns a tracer if OTEL_EXPORTER_OTLP_ENDPOINT is set, otherwise nil: the URL of a collector that speaks OTLP over HTTP, without /v1/traces. The
// service's name in them is OTEL_SERVICE_NAME or the given one. OpenTelemetry's SDK reads OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG,
// OTEL_RESOURCE_ATTRIBUTES and OTEL_BSP_*. close sends the spans that have not been sent.
func NewTracer(service string) (t trace.Tracer, close func(), err error) {
	c := config.New()
	if c.Text(endpointSetting, "") == "" {
		return nil, func() {}, nil
	}
	to := readCollector(c)
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	exporter, err := otlptrace.New(context.Background(), to) // connects to nothing
	if err != nil {
		return nil, nil, err
	}
	described, err := resource.New(context.Background(), resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.namespace", "snaptask"), attribute.String("service.name", service)),
		resource.WithFromEnv()) // last, so that it takes precedence
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { slog.Warn("spans were not sent", "cause", err.Error()) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(described))
	return provider.Tracer("snaptask"), func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			slog.Warn("spans were not sent", "cause", err.Error())
		}
	}, nil
}
