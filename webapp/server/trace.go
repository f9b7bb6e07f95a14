package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collected "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// openTraces returns a tracer if OTEL_EXPORTER_OTLP_ENDPOINT is set, the URL of a collector that speaks OTLP over HTTP, without
// /v1/traces; otherwise nil. The settings are those of functions (functions/telemetry): this server has a module of its own. close
// sends the spans that have not been sent.
func openTraces(getenv func(string) string) (tracer trace.Tracer, close func(), err error) {
	endpoint := getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	if endpoint == "" {
		return nil, func() {}, nil
	}
	to, err := newCollector(endpoint, getenv("OTEL_EXPORTER_OTLP_HEADERS"))
	if err != nil {
		return nil, nil, err
	}
	exporter, err := otlptrace.New(context.Background(), to) // connects to nothing
	if err != nil {
		return nil, nil, err
	}
	described, err := resource.New(context.Background(), resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.namespace", "snaptask"), attribute.String("service.name", "webapp")),
		resource.WithFromEnv()) // last, so that it takes precedence
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(notSent))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(described))
	return provider.Tracer("snaptask"), func() {
		const flushTime = 3 * time.Second
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			notSent(err)
		}
	}, nil
}

func notSent(err error) { slog.Warn("spans were not sent", "cause", err.Error()) }

// collector sends spans by OTLP over HTTP. The client that OpenTelemetry has for this links gRPC.
type collector struct {
	url    string
	header http.Header
	client http.Client
}

func newCollector(endpoint, headers string) (*collector, error) {
	if u, err := url.Parse(endpoint); err != nil || !isFull(u) {
		return nil, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT must be a full http or https URL")
	}
	c := &collector{url: strings.TrimRight(endpoint, "/") + "/v1/traces", header: http.Header{}, client: http.Client{Timeout: 10 * time.Second}}
	for pair := range strings.SplitSeq(headers, ",") {
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if pair != "" && (!ok || err != nil) {
			return nil, errors.New("OTEL_EXPORTER_OTLP_HEADERS must be a list of KEY=VALUE, separated by commas")
		}
		if ok {
			c.header.Set(strings.TrimSpace(name), value)
		}
	}
	c.header.Set("Content-Type", "application/x-protobuf")
	return c, nil
}

// Start implements otlptrace.Client.
func (c *collector) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *collector) Stop(context.Context) error { return nil }

// UploadTraces implements otlptrace.Client. TracesData has the same form on the wire as the request message.
func (c *collector) UploadTraces(ctx context.Context, spans []*collected.ResourceSpans) error {
	body, err := proto.Marshal(&collected.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = c.header.Clone()
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection is used again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s", c.url, response.Status)
	}
	return nil
}
