package serve

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// scrape returns the lines of /metrics that begin with http_.
func (r *running) scrape(t *testing.T) []string {
	t.Helper()
	response, err := r.client.Get("http://" + r.metrics + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 200, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "http_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestMetricsCountRequests(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), func(sent handler.Request) (handler.Response, error) {
		return handler.Response{StatusCode: map[string]int{"": 200, "no": 404}[string(sent.Body)]}, nil
	})
	r.do(t, "POST", "/", nil, nil)
	r.do(t, "POST", "/", nil, nil)
	r.do(t, "POST", "/", strings.NewReader("no"), nil)
	r.do(t, "GET", "/_/health", nil, nil)
	name := `function_name="` + r.name + `"`
	want := []string{
		`http_requests_total{code="200",` + name + `,method="POST"} 2`,
		`http_requests_total{code="404",` + name + `,method="POST"} 1`,
		`http_request_duration_seconds_count{code="200",` + name + `,method="POST"} 2`,
		`http_requests_in_flight{` + name + `} 0`,
	}
	// A request is counted after its response was sent, so the client may be ahead.
	require.Eventually(t, func() bool {
		lines := r.scrape(t)
		for _, line := range want {
			if !slices.Contains(lines, line) {
				return false
			}
		}
		return true
	}, 5*time.Second, time.Millisecond)
}

func TestMetricsCountRequestsInFlight(t *testing.T) {
	t.Parallel()
	g := newGate()
	r := start(t, bounds(), g.handle)
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() { r.do(t, "POST", "/", nil, nil) })
		<-g.entered
	}
	require.Contains(t, r.scrape(t), `http_requests_in_flight{function_name="`+r.name+`"} 3`)
	close(g.open)
	calls.Wait()
}

func TestClientsCannotCreateLabelValues(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	for _, method := range []string{"AAAA", "BBBB", "get", "PROPFIND", "TRACE"} {
		r.do(t, method, "/"+method+"?"+method, nil, nil)
	}
	count := `http_requests_total{code="200",function_name="` + r.name + `",method="other"} 5`
	require.Eventually(t, func() bool { return slices.Contains(r.scrape(t), count) }, 5*time.Second, time.Millisecond)
	for _, line := range r.scrape(t) {
		for _, method := range []string{"AAAA", "BBBB", "get", "PROPFIND", "TRACE"} {
			require.NotContains(t, line, method)
		}
	}
}

func TestMetricsHaveAPortOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), echo)
	require.NotContains(t, r.do(t, "GET", "/metrics", nil, nil).body, "http_requests_total")
	for path, want := range map[string]int{"/": 404, "/_/health": 404, "/metrics/x": 404} {
		response, err := http.Get("http://" + r.metrics + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, response.StatusCode, path)
	}
}

// waitInFlight waits until so many requests are in flight.
func (r *running) waitInFlight(t *testing.T, count int) {
	t.Helper()
	line := fmt.Sprintf(`http_requests_in_flight{function_name="%s"} %d`, r.name, count)
	require.Eventually(t, func() bool { return slices.Contains(r.scrape(t), line) }, 10*time.Second, time.Millisecond)
}
