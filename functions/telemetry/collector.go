package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"snaptask/functions/internal/config"

	collected "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const endpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT"

// collector sends spans by OTLP over HTTP. The client that OpenTelemetry has for this links gRPC and grpc-gateway: 1.3 MB more of each
// image, and of the memory of each idle function.
type collector struct {
	url    string
	header http.Header
	client http.Client
}

// readCollector reads OTEL_EXPORTER_OTLP_ENDPOINT, and OTEL_EXPORTER_OTLP_HEADERS: KEY=VALUE,..., with values in URL encoding.
func readCollector(c *config.Reader) *collector {
	to := &collector{url: strings.TrimRight(c.URL(endpointSetting, ""), "/") + "/v1/traces", header: http.Header{}}
	to.client.Timeout = 10 * time.Second
	const setting = "OTEL_EXPORTER_OTLP_HEADERS"
	for pair := range strings.SplitSeq(c.Text(setting, ""), ",") {
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil {
			c.Fail(setting, "must be KEY=VALUE,...")
			break
		}
		to.header.Set(strings.TrimSpace(name), value)
	}
	to.header.Set("Content-Type", "application/x-protobuf")
	return to
}

// Start implements otlptrace.Client.
func (c *collector) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *collector) Stop(context.Context) error { return nil }

// UploadTraces implements otlptrace.Client. TracesData has the same form on the wire as the request message, ExportTraceServiceRequest,
// whose package links gRPC.
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
	io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection is used again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s", c.url, response.Status)
	}
	return nil
}
