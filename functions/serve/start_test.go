package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// roleVariable makes the test binary run Main.
const roleVariable = "SERVE_TEST_ROLE"

// logged is the log of all tests, which find their lines by the function's name.
var logged lockedBuffer

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "function" {
		Main("echo", Function{Handle: slowEcho})
		return
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(&logged, nil)))
	os.Exit(m.Run())
}

type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// entries returns the log lines with all of these fields.
func (b *lockedBuffer) entries(t *testing.T, pairs map[string]any) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(b.String()) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry), "every log line is JSON: %s", line)
		fits := true
		for name, value := range pairs {
			fits = fits && entry[name] == value
		}
		if fits {
			found = append(found, entry)
		}
	}
	return found
}

// bounds are settings for tests that do not test settings.
func bounds() Settings {
	return Settings{
		MaxConnections: 256, BodyLimit: 64 << 10, BodyBudget: 16 * (64<<10 + 1), MaxInflight: 16, UserInflight: 16,
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, ExecTimeout: 10 * time.Second,
		ConnectionAge: 10 * time.Second,
	}
}

// running is a function being served.
type running struct {
	name             string
	address, metrics string
	listeners        []net.Listener
	stop             context.CancelFunc // like SIGTERM
	ended            chan error
	client           *http.Client
}

// start serves handle on ports of its own until the test ends.
func start(t *testing.T, settings Settings, handle Handle) *running {
	t.Helper()
	return startFunction(t, settings, Function{Handle: handle})
}

func startFunction(t *testing.T, settings Settings, f Function) *running {
	t.Helper()
	requests, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	metrics, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	r := &running{
		t.Name() + "-" + uuid.NewString(), requests.Addr().String(), metrics.Addr().String(), []net.Listener{requests, metrics}, stop,
		make(chan error, 1), &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second},
	}
	go func() {
		r.ended <- Serve(ctx, r.name, f, settings, requests, metrics)
		close(r.ended)
	}()
	t.Cleanup(func() {
		stop()
		r.client.CloseIdleConnections()
		<-r.ended
	})
	return r
}

// answer is a response whose body has been read.
type answer struct {
	*http.Response
	body string
}

func (r *running) do(t *testing.T, method, path string, body io.Reader, header http.Header) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.address+path, body)
	require.NoError(t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := r.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response, string(text)}
}

// requireFault checks that a response is an error in the form of openapi.yaml.
func requireFault(t *testing.T, a answer, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, a.body)
	require.Equal(t, "application/json; charset=utf-8", a.Header.Get("Content-Type"))
	var body struct {
		Error struct{ Code, Message, RequestID string }
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &body), a.body)
	require.Equal(t, code, body.Error.Code)
	require.NotEmpty(t, body.Error.Message)
	require.NotEmpty(t, body.Error.RequestID)
	require.Equal(t, a.Header.Get("X-Call-Id"), body.Error.RequestID)
}

// echo returns the request's body.
func echo(r handler.Request) (handler.Response, error) {
	return handler.Response{Body: r.Body, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}}, nil
}

// slowEcho takes 500 ms for the body "slow".
func slowEcho(r handler.Request) (handler.Response, error) {
	if string(r.Body) == "slow" {
		time.Sleep(500 * time.Millisecond)
	}
	return echo(r)
}

// gate is a Handle that returns only once it is open.
type gate struct {
	entered chan struct{} // one element per call that has begun
	open    chan struct{}
}

func newGate() gate { return gate{make(chan struct{}, 100), make(chan struct{})} }

func (g gate) handle(r handler.Request) (handler.Response, error) {
	g.entered <- struct{}{}
	<-g.open
	return echo(r)
}
