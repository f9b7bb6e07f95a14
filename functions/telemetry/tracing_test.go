package telemetry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"snaptask/functions/telemetry/collectortest"

	"github.com/stretchr/testify/require"
)

const (
	incoming      = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	incomingTrace = "0af7651916cd43dd8448eb211c80319c"
	incomingSpan  = "b7ad6b7169203331"
)

// traced turns traces on and returns a collector, and the function that sends it what has been recorded.
func traced(t *testing.T) (c *collectortest.Collector, flush func()) {
	t.Helper()
	c = collectortest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	stop, err := Open("get-tasks")
	require.NoError(t, err)
	t.Cleanup(stop)
	return c, stop
}

func TestSpansContinueTheCallersTrace(t *testing.T) {
	c, flush := traced(t)
	ctx, call := Start(t.Context(), "get-tasks", incoming)
	_, waited := Begin(ctx, Wait, "wait for a slot")
	waited(nil)
	_, arrived := Begin(ctx, Body, "body")
	time.Sleep(2 * shortWait)
	arrived(nil)
	inDatabase, end := Begin(ctx, Database, "database")
	Step(inDatabase, "SELECT tasks", "db.query.text", "SELECT id FROM tasks")(nil)
	end(errors.New("lost"))
	Fail(ctx, "unavailable")
	call.End(true, "http.request.method", "GET")
	flush()

	require.Len(t, c.Trace(incomingTrace), 4, "a wait that is over at once has no span")
	root := c.Wait(t, incomingTrace, "get-tasks")
	require.Equal(t, "get-tasks", root.Service)
	require.Equal(t, incomingSpan, root.ParentID)
	require.True(t, root.Failed)
	require.Equal(t, map[string]string{"http.request.method": "GET", "error.type": "unavailable"}, root.Attributes)
	database := c.Wait(t, incomingTrace, "database")
	require.Equal(t, root.SpanID, database.ParentID)
	require.True(t, database.Failed)
	require.Equal(t, map[string]string{"peer.service": "database", "error.type": "error"}, database.Attributes)
	statement := c.Wait(t, incomingTrace, "SELECT tasks")
	require.Equal(t, database.SpanID, statement.ParentID)
	require.Equal(t, "SELECT id FROM tasks", statement.Attributes["db.query.text"])
	require.Equal(t, root.SpanID, c.Wait(t, incomingTrace, "body").ParentID)
	require.GreaterOrEqual(t, c.Wait(t, incomingTrace, "body").Took, 2*shortWait)
	require.Equal(t, incomingTrace, fieldsOf(call)["trace_id"].String())
}

func TestWorkHandedOverStaysInItsTrace(t *testing.T) {
	c, flush := traced(t)
	ctx, upload := Start(t.Context(), "upload-url", "")
	handedOver := Traceparent(ctx)
	upload.End(false)

	ctx, label := Start(t.Context(), "label-upload", "")
	own := fieldsOf(label)["trace_id"].String()
	_, end := Continue(ctx, "label an upload", handedOver)
	end(nil)
	label.End(false)
	flush()

	trace := fieldsOf(upload)["trace_id"].String()
	require.NotEqual(t, trace, own)
	require.Equal(t, trace, fieldsOf(label)["trace_id"].String())
	continued := c.Wait(t, trace, "label an upload")
	require.Equal(t, c.Wait(t, trace, "upload-url").SpanID, continued.ParentID)
	require.Equal(t, []string{own}, continued.LinkedTraceIDs)
}

func TestWrongTraceparentBeginsANewTrace(t *testing.T) {
	for _, wrong := range []string{"", "nonsense", strings.Repeat("0", 1<<16), "00-00000000000000000000000000000000-b7ad6b7169203331-01"} {
		ctx, call := Start(t.Context(), "get-tasks", wrong)
		require.Empty(t, Traceparent(ctx))
		require.Empty(t, call.Fields())
		ctx, end := Continue(ctx, "label an upload", wrong)
		require.Empty(t, Traceparent(ctx))
		end(nil)
	}
}

func TestWithoutTracesTheCallersIsPassedOn(t *testing.T) {
	ctx, call := Start(t.Context(), "get-tasks", incoming)
	require.Equal(t, incoming, Traceparent(ctx))
	require.Equal(t, incomingTrace, fieldsOf(call)["trace_id"].String())
	require.Equal(t, incomingTrace, TraceField(ctx).Value.String())
}

func TestSamplerDecidesWhatIsSent(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
	t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0")
	c, flush := traced(t)
	ctx, call := Start(t.Context(), "get-tasks", "")
	_, end := Begin(ctx, Database, "database")
	end(nil)
	require.True(t, strings.HasSuffix(Traceparent(ctx), "-00"), "those called must not record it either")
	id := fieldsOf(call)["trace_id"].String()
	require.Len(t, id, 32)
	call.End(false)
	_, sampled := Start(t.Context(), "get-tasks", incoming)
	sampled.End(false)
	flush()
	require.Empty(t, c.Trace(id))
	require.Len(t, c.Trace(incomingTrace), 1)
}

func TestTransportMeasuresUntilTheBodyHasBeenRead(t *testing.T) {
	c, flush := traced(t)
	var received string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received = r.Header.Get(TraceparentHeader)
		w.WriteHeader(http.StatusServiceUnavailable)
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
		io.WriteString(w, "slow")
	}))
	defer server.Close()
	ctx, call := Start(t.Context(), "get-image", incoming)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	response, err := Transport(Objects, http.DefaultTransport).RoundTrip(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "slow", string(body))
	require.NoError(t, response.Body.Close())
	require.Empty(t, request.Header, "the caller's request must not change")
	call.End(false)
	flush()
	got := c.Wait(t, incomingTrace, "objects GET")
	require.True(t, got.Failed)
	require.Equal(t, "00-"+incomingTrace+"-"+got.SpanID+"-01", received)
	require.GreaterOrEqual(t, fieldsOf(call)["objects_ms"].Float64(), 20.0)
}

func TestWrongSettingsAreRefused(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "secret")
	_, err := Open("get-tasks")
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_ENDPOINT")
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_HEADERS")
	require.NotContains(t, err.Error(), "secret")
}

func TestCollectorGetsTheHeadersThatAreSet(t *testing.T) {
	headers := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { headers <- r.Header }))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL+"/")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc, tenant=a")
	stop, err := Open("get-tasks")
	require.NoError(t, err)
	_, call := Start(context.Background(), "get-tasks", "")
	call.End(false)
	stop()
	got := <-headers
	require.Equal(t, "Bearer abc", got.Get("Authorization"))
	require.Equal(t, "a", got.Get("Tenant"))
}
