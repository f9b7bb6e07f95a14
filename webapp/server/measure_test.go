package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
)

// safeBuffer is a bytes.Buffer for several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// lines returns the log lines of requests, and forgets them.
func (b *safeBuffer) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	decoder := json.NewDecoder(&b.Buffer)
	for {
		var line map[string]any
		err := decoder.Decode(&line)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		if line["msg"] == "request" {
			all = append(all, line)
		}
	}
}

// loggedServer returns a server whose requests are measured, and its log, until the test ends. The log is the process's, so tests
// that use it are not parallel.
func loggedServer(t *testing.T, c Config) (url string, m *metrics, log *safeBuffer) {
	t.Helper()
	return tracedServer(t, c, nil)
}

// tracedServer is loggedServer with a tracer.
func tracedServer(t *testing.T, c Config, tracer trace.Tracer) (url string, m *metrics, log *safeBuffer) {
	t.Helper()
	log = &safeBuffer{}
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewJSONHandler(log, nil)))
	handler, err := newHandler(c, build())
	require.NoError(t, err)
	m = newMetrics(newConnections(10, 10, nil))
	server := httptest.NewUnstartedServer(m.measured(traces{tracer, c.TrustedProxies}, handler))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, m, log
}

// scrape returns the metrics of requests.
func scrape(t *testing.T, m *metrics) string {
	t.Helper()
	server := httptest.NewServer(m.handler())
	defer server.Close()
	_, text := ask(t, http.MethodGet, server.URL+"/metrics", nil)
	return text
}

func TestEachRequestIsLoggedAndCounted(t *testing.T) {
	config, calls := gateway(t, http.StatusConflict)
	url, m, log := loggedServer(t, config)
	for name, c := range map[string]struct {
		method, path, route, code, level string
		status                           int
	}{
		"a function":          {"POST", "/function/create-task", "/function/create-task", "", "INFO", 409},
		"no such function":    {"GET", "/function/nothing", "/function/{name}", "no_function", "INFO", 404},
		"closed":              {"GET", "/system/functions", "/system/", "not_found", "INFO", 404},
		"a page":              {"GET", "/tasks/7?secret=1", "/", "", "INFO", 200},
		"a file":              {"GET", "/assets/plain-Ab12.css", "/", "", "INFO", 200},
		"a page is not wrong": {"DELETE", "/", "/", "method_not_allowed", "INFO", 405},
		"strange method":      {"BREW", "/", "/", "method_not_allowed", "INFO", 405},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := ask(t, c.method, url+c.path, http.Header{"X-Call-Id": {"call-7"}})
			require.Equal(t, c.status, response.StatusCode)
			if c.status == http.StatusConflict {
				<-calls
			}
			lines := log.lines(t)
			require.Len(t, lines, 1)
			line := lines[0]
			require.Equal(t, c.route, line["route"])
			require.Equal(t, c.level, line["level"])
			require.EqualValues(t, c.status, line["status"])
			require.EqualValues(t, len(body), line["bytesOut"])
			require.Equal(t, "call-7", line["callId"])
			require.Contains(t, line, "ms")
			if c.code == "" {
				require.NotContains(t, line, "code")
			} else {
				require.Equal(t, c.code, line["code"])
			}
		})
	}
	text := scrape(t, m)
	require.Contains(t, text, `http_requests_total{code="409",method="POST",route="/function/create-task"} 1`)
	require.Contains(t, text, `http_requests_total{code="200",method="GET",route="/"} 2`)
	require.Contains(t, text, `http_requests_total{code="405",method="other",route="/"} 1`)
	require.Contains(t, text, "\nhttp_requests_in_flight 0\n")
	require.Contains(t, text, "\nhttp_connections_limit 10\n")
	require.Contains(t, text, "\nbuild_info{")
	require.NotContains(t, text, "nothing", "clients can't create label values")
}

func TestRequestWithoutAPathIsTheClientsFault(t *testing.T) {
	url, m, log := loggedServer(t, Config{FunctionURL: unusedFunctionURL})
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte("GET * HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	lines := log.lines(t)
	require.Len(t, lines, 1)
	require.Equal(t, "INFO", lines[0]["level"])
	require.Contains(t, scrape(t, m), `http_requests_total{code="400",method="GET",route=""} 1`)
}

func TestSlowClientIsSeenInTheLog(t *testing.T) {
	config, calls := gateway(t, http.StatusOK)
	url, m, log := loggedServer(t, config)
	body, sender := io.Pipe()
	go func() {
		_, _ = sender.Write([]byte("slow"))
		for !strings.Contains(scrape(t, m), "\nhttp_requests_in_flight 1\n") {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond) // far more than the server needs until it reads the body
		_, _ = sender.Write([]byte("ly"))
		_ = sender.Close()
	}()
	response, err := testClient.Post(url+"/function/predict-image", "image/png", body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	<-calls
	lines := log.lines(t)
	require.Len(t, lines, 1)
	require.EqualValues(t, 6, lines[0]["bytesIn"])
	require.GreaterOrEqual(t, lines[0]["body_ms"], 100.0)
	require.GreaterOrEqual(t, lines[0]["ms"], lines[0]["body_ms"])
}

func TestGatewayThatIsAwayIsAWarningWithItsCause(t *testing.T) {
	url, m, log := loggedServer(t, Config{FunctionURL: unusedFunctionURL})
	response, _ := ask(t, http.MethodPost, url+"/function/create-task", nil)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	lines := log.lines(t)
	require.Len(t, lines, 1)
	require.Equal(t, "WARN", lines[0]["level"])
	require.Equal(t, "unavailable", lines[0]["code"])
	require.Contains(t, lines[0]["cause"], "refused")
	require.Contains(t, scrape(t, m), `http_requests_total{code="503",method="POST",route="/function/create-task"} 1`)
}

func TestHealthChecksAreLoggedOnlyWhenTheyFail(t *testing.T) {
	config, _ := gateway(t, http.StatusOK)
	url, m, log := loggedServer(t, config)
	ask(t, http.MethodGet, url+"/healthz", nil)
	require.Empty(t, log.lines(t))
	require.Contains(t, scrape(t, m), `http_requests_total{code="200",method="GET",route="/healthz"} 1`)
	ask(t, http.MethodPost, url+"/healthz", nil)
	require.Len(t, log.lines(t), 1)
}

func TestRequestThatItsClientAbandonedIsLogged(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(slow.Close)
	url, m, log := loggedServer(t, Config{FunctionURL: slow.URL + "/function/{name}"})
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	_, err = connection.Write([]byte("GET /function/get-tasks HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(scrape(t, m), "\nhttp_requests_in_flight 1\n") }, 10*time.Second, time.Millisecond)
	require.NoError(t, connection.Close())
	require.Eventually(t, func() bool { return strings.Contains(scrape(t, m), "\nhttp_requests_in_flight 0\n") }, 10*time.Second, time.Millisecond)
	lines := log.lines(t)
	require.Len(t, lines, 1)
	require.EqualValues(t, statusDisconnected, lines[0]["status"])
	require.Equal(t, "disconnected", lines[0]["code"])
	require.Equal(t, "INFO", lines[0]["level"])
}
