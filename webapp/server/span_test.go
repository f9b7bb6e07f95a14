package server

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collected "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"snaptask/functions/telemetry"

	"go.opentelemetry.io/otel/trace"
)

// spanCollector keeps the spans that it receives by OTLP over HTTP.
type spanCollector struct {
	url   string
	mu    sync.Mutex
	spans []*collected.Span
	key   string // of the header
}

func newSpanCollector(t *testing.T) *spanCollector {
	t.Helper()
	c := &spanCollector{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		var data collected.TracesData
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &data) != nil {
			t.Errorf("%s %s is not OTLP", r.Method, r.URL)
		}
		c.key = r.Header.Get("Key")
		for _, resource := range data.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// tracer returns a tracer whose spans this collector gets once closeTraces has been called.
func (c *spanCollector) tracer(t *testing.T) (tracer trace.Tracer, closeTraces func()) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.url)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "key=a%20b")
	tracer, closeTraces, err := telemetry.NewTracer("webapp")
	require.NoError(t, err)
	return tracer, closeTraces
}

const (
	givenTrace  = "0af7651916cd43dd8448eb211c80319c"
	traceparent = "00-" + givenTrace + "-b7ad6b7169203331-01"
)

func TestRequestIsASpanThatTheFunctionContinues(t *testing.T) {
	for name, c := range map[string]struct {
		trusted   []netip.Prefix
		continued bool
	}{
		"of anybody":         {nil, false},
		"of a trusted proxy": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			collector := newSpanCollector(t)
			tracer, closeTraces := collector.tracer(t)
			config, calls := gateway(t, http.StatusConflict)
			config.TrustedProxies = c.trusted
			url, _, log := tracedServer(t, config, tracer)
			ask(t, http.MethodPost, url+"/function/create-task", http.Header{"Traceparent": {traceparent}})
			ask(t, http.MethodGet, url+"/healthz", nil)
			passed := (<-calls).header.Get("Traceparent")
			closeTraces()

			require.Equal(t, "a b", collector.key)
			require.Len(t, collector.spans, 1, "a health check is no span")
			span := collector.spans[0]
			require.Equal(t, "POST /function/create-task", span.GetName())
			require.Equal(t, c.continued, fmt.Sprintf("%x", span.GetTraceId()) == givenTrace)
			require.Equal(t, "00-"+fmt.Sprintf("%x", span.GetTraceId())+"-"+fmt.Sprintf("%x", span.GetSpanId())+"-01", passed)
			require.Equal(t, fmt.Sprintf("%x", span.GetTraceId()), log.lines(t)[0]["trace_id"])
		})
	}
}

func TestUploadContinuesTheTraceOfItsURL(t *testing.T) {
	collector := newSpanCollector(t)
	tracer, closeTraces := collector.tracer(t)
	answers := make(chan int, 2)
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-answers) }))
	defer store.Close()
	url, _, _ := tracedServer(t, Config{FunctionURL: unusedFunctionURL, S3Endpoint: store.URL, S3Bucket: "photos"}, tracer)
	for _, status := range []int{http.StatusOK, http.StatusForbidden} {
		answers <- status
		response, _ := put(t, url+uploadPath+uploadQuery, strings.NewReader("x"), http.Header{"X-Amz-Meta-Traceparent": {traceparent}})
		require.Equal(t, status, response.StatusCode)
	}
	closeTraces()
	require.Len(t, collector.spans, 2)
	require.Equal(t, givenTrace, fmt.Sprintf("%x", collector.spans[0].GetTraceId()))
	require.Equal(t, "b7ad6b7169203331", fmt.Sprintf("%x", collector.spans[0].GetParentSpanId()))
	require.Less(t, collector.spans[0].GetStartTimeUnixNano(), collector.spans[0].GetEndTimeUnixNano())
	require.NotEqual(t, givenTrace, fmt.Sprintf("%x", collector.spans[1].GetTraceId()), "anybody can send a header that was not signed")
	require.Empty(t, collector.spans[1].GetParentSpanId())
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	tracer, closeTraces, err := telemetry.NewTracer("webapp")
	require.NoError(t, err)
	closeTraces()
	config, calls := gateway(t, http.StatusOK)
	url, _, log := tracedServer(t, config, tracer)
	ask(t, http.MethodPost, url+"/function/create-task", http.Header{"Traceparent": {traceparent}})
	require.Empty(t, (<-calls).header.Get("Traceparent"), "of anybody")
	require.NotContains(t, log.lines(t)[0], "trace_id")
}

func TestSettingsOfTracesAreChecked(t *testing.T) {
	for setting, values := range map[string][]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": {"collector:4318", "ftp://collector"}, "OTEL_EXPORTER_OTLP_HEADERS": {"key", "key=%"},
	} {
		for _, value := range values {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector")
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "")
			t.Setenv(setting, value)
			_, _, err := telemetry.NewTracer("webapp")
			require.ErrorContains(t, err, setting, value)
			require.NotContains(t, strings.ReplaceAll(err.Error(), "KEY=VALUE", ""), value, "a header may be a secret")
		}
	}
}
