package serve

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/web"
	"snaptask/functions/telemetry"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// logLine returns the log line of a request that has been answered.
func (r *running) logLine(t *testing.T, callID string) map[string]any {
	t.Helper()
	var lines []map[string]any
	require.Eventually(t, func() bool {
		lines = logged.entries(t, map[string]any{"msg": "request", "function": r.name, "callId": callID})
		return len(lines) == 1
	}, 5*time.Second, time.Millisecond)
	return lines[0]
}

func TestLevelsTellOurFaultsFromOthers(t *testing.T) {
	t.Parallel()
	faults := map[string]error{
		"client":   fault.New(fault.NotFound, "task_not_found", "There is no such task."),
		"degraded": fault.Unreachable("The database", errors.New("refused")),
		"ours":     errors.New("a bug"),
		"none":     nil,
	}
	r := start(t, bounds(), func(sent handler.Request) (handler.Response, error) {
		if err := faults[string(sent.Body)]; err != nil {
			return web.Refuse(sent.Context(), err, sent.Header.Get(web.CallIDHeader)), nil
		}
		return echo(sent)
	})
	for sent, want := range map[string]map[string]any{
		"client":   {"level": "INFO", "status": 404.0, "code": "task_not_found"},
		"degraded": {"level": "WARN", "status": 503.0, "code": "unavailable"},
		"ours":     {"level": "ERROR", "status": 500.0, "code": "internal"},
		"none":     {"level": "INFO", "status": 200.0},
	} {
		id := r.name + sent
		r.do(t, "POST", "/", strings.NewReader(sent), http.Header{"X-Call-Id": {id}})
		line := r.logLine(t, id)
		require.Subset(t, line, want)
		require.Equal(t, want["code"] != nil, line["code"] != nil, "only failures have a code")
		for _, cause := range logged.entries(t, map[string]any{"msg": "request failed", "callId": id}) {
			require.Equal(t, want["level"], cause["level"])
		}
	}
}

// slowly sends a body in two parts.
func slowly(pause time.Duration) io.Reader {
	read, write := io.Pipe()
	go func() {
		io.WriteString(write, "one ")
		time.Sleep(pause)
		io.WriteString(write, "two")
		write.Close()
	}()
	return read
}

func TestLogLineTellsWhereTheTimeWent(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight, settings.QueueTime = 1, 5*time.Second
	entered := make(chan struct{}, 2)
	r := start(t, settings, func(sent handler.Request) (handler.Response, error) {
		entered <- struct{}{}
		_, end := telemetry.Begin(sent.Context(), telemetry.Database, "database")
		time.Sleep(100 * time.Millisecond)
		end(nil)
		return echo(sent)
	})
	const traceparent, trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"
	first := make(chan answer, 1)
	go func() {
		first <- r.do(t, "POST", "/", slowly(100*time.Millisecond), http.Header{"X-Call-Id": {"first" + r.name}, "Traceparent": {traceparent}})
	}()
	<-entered
	r.do(t, "POST", "/", nil, http.Header{"X-Call-Id": {"second" + r.name}})
	<-first

	line := r.logLine(t, "first"+r.name)
	require.GreaterOrEqual(t, line["body_ms"], 50.0, "it takes 100 ms, some of them before the request arrives")
	require.GreaterOrEqual(t, line["db_ms"], 100.0)
	require.GreaterOrEqual(t, line["ms"], line["body_ms"].(float64)+line["db_ms"].(float64))
	require.Equal(t, trace, line["trace_id"])
	waited := r.logLine(t, "second"+r.name)
	require.GreaterOrEqual(t, waited["wait_ms"], 50.0, "the first one works for 100 ms")
	require.NotContains(t, waited, "body_ms")
	require.NotContains(t, waited, "trace_id", "without traces only that of the caller is logged")
}

func TestRefusalsAreCountedByCause(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight, settings.ExecTimeout = 1, 50*time.Millisecond
	g := newGate()
	r := start(t, settings, g.handle)
	refused := func(cause string) string {
		return `http_requests_refused_total{cause="` + cause + `",function_name="` + r.name + `"} `
	}
	lines := r.scrape(t)
	for _, cause := range causes {
		require.Contains(t, lines, refused(cause)+"0")
	}
	require.Contains(t, lines, `http_requests_in_flight_limit{function_name="`+r.name+`"} 1`)
	requireFault(t, r.do(t, "GET", "/", nil, nil), 503, "timed_out")
	requireFault(t, r.do(t, "POST", "/", nil, nil), 503, "busy")
	lines = r.scrape(t)
	require.Contains(t, lines, refused("time")+"1")
	require.Contains(t, lines, refused("slots")+"1")
	close(g.open)
}

func TestDurationsAreCountedUpToTheLongest(t *testing.T) {
	t.Parallel()
	require.Equal(t, []float64{0.001, 0.0025, 0.005}, buckets(5*time.Millisecond))
	long := buckets(45 * time.Second)
	require.Equal(t, 45.0, long[len(long)-1])
	require.IsIncreasing(t, long)
}

func TestUnreadResponseShowsInTheLogLine(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), func(handler.Request) (handler.Response, error) {
		return handler.Response{Body: bytes.Repeat([]byte("x"), 32<<20)}, nil
	})
	request, err := http.NewRequest("GET", "http://"+r.address, nil)
	require.NoError(t, err)
	request.Header.Set("X-Call-Id", r.name)
	response, err := r.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	time.Sleep(100 * time.Millisecond)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.GreaterOrEqual(t, r.logLine(t, r.name)["send_ms"], 90.0)
}
