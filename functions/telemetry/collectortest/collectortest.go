// Package collectortest is a collector of OpenTelemetry traces for tests.
package collectortest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	collected "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector keeps the spans that it receives.
type Collector struct {
	URL string // for OTEL_EXPORTER_OTLP_ENDPOINT

	mu    sync.Mutex
	spans []Span
}

// Span is a span as a collector receives it. IDs are hexadecimal.
type Span struct {
	Service, Name             string
	TraceID, SpanID, ParentID string
	LinkedTraceIDs            []string
	Attributes                map[string]string // those that are texts
	Failed                    bool
	Took                      time.Duration
}

// New starts a Collector, which is stopped after the test.
func New(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	server := httptest.NewServer(http.HandlerFunc(c.receive))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// receive answers as the specification of OTLP over HTTP says.
func (c *Collector) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent collected.TracesData
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" ||
		r.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(body, &sent) != nil {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range sent.GetResourceSpans() {
		service := texts(of.GetResource().GetAttributes())["service.name"]
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, span(service, s))
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func span(service string, s *collected.Span) Span {
	received := Span{
		Service: service, Name: s.GetName(),
		TraceID: hex.EncodeToString(s.GetTraceId()), SpanID: hex.EncodeToString(s.GetSpanId()), ParentID: hex.EncodeToString(s.GetParentSpanId()),
		Attributes: texts(s.GetAttributes()),
		Failed:     s.GetStatus().GetCode() == collected.Status_STATUS_CODE_ERROR,
		Took:       time.Duration(s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano()),
	}
	for _, link := range s.GetLinks() {
		received.LinkedTraceIDs = append(received.LinkedTraceIDs, hex.EncodeToString(link.GetTraceId()))
	}
	return received
}

func texts(attributes []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attributes {
		if text, ok := a.GetValue().GetValue().(*common.AnyValue_StringValue); ok {
			all[a.GetKey()] = text.StringValue
		}
	}
	return all
}

// Trace returns the spans of a trace that have been received so far.
func (c *Collector) Trace(id string) []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var spans []Span
	for _, s := range c.spans {
		if s.TraceID == id {
			spans = append(spans, s)
		}
	}
	return spans
}

// Wait waits until a span with this name has been received in the trace, and returns it.
func (c *Collector) Wait(t testing.TB, traceID, name string) Span {
	t.Helper()
	var found Span
	require.Eventually(t, func() bool {
		spans := c.Trace(traceID)
		at := slices.IndexFunc(spans, func(s Span) bool { return s.Name == name })
		if at >= 0 {
			found = spans[at]
		}
		return at >= 0
	}, 20*time.Second, 20*time.Millisecond, "trace %s has no span %q", traceID, name)
	return found
}
