package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openfaas/faas-provider/logs"
	"github.com/openfaas/faas-provider/types"
	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/process"
)

// fake is a function's process.
type fake struct {
	down atomic.Bool
	log  *process.Log
}

func (f *fake) PID() int {
	if f.down.Load() {
		return 0
	}
	return 42
}
func (f *fake) Started() time.Time { return time.Unix(1e9, 0) }
func (f *fake) Log() *process.Log  { return f.log }
func (f *fake) Check(context.Context) error {
	if f.down.Load() {
		return errors.New("not running")
	}
	return nil
}

// rig is a gateway with one function, echo, and those that a test adds.
type rig struct {
	url    string
	fake   *fake
	stop   context.CancelFunc
	events chan string
}

func newRig(t *testing.T, echo http.HandlerFunc, more ...*Function) *rig {
	t.Helper()
	function := httptest.NewServer(echo)
	t.Cleanup(function.Close)
	log, err := process.NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	f := &fake{log: log}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	first := &Function{Name: "echo", Address: strings.TrimPrefix(function.URL, "http://"), Process: f, Secrets: []string{"mysql-dsn"}}
	events := make(chan string, 10)
	g := New(ctx, Config{
		Functions:  append([]*Function{first}, more...),
		Components: []Component{{"database", func(context.Context) error { return nil }}},
		User:       "admin", Password: "secret",
		Event: func(text string) { events <- text },
	})
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return &rig{server.URL, f, cancel, events}
}

// describeRequest responds with everything that a function sees of a request.
func describeRequest(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Call-Id", r.Header.Get("X-Call-Id"))
	w.Header().Set("Seen-Start", r.Header.Get("X-Start-Time"))
	w.Header().Set("Seen-Authorization", r.Header.Get("Authorization"))
	w.WriteHeader(http.StatusTeapot)
	_, _ = w.Write([]byte(r.Method + " " + r.RequestURI + " " + string(body)))
}

func send(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := testTransport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(answer)
}

func TestCallsReachTheFunctionUnchanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	tests := map[string]struct{ method, path, body, want string }{
		"post":               {"POST", "/function/echo", "x", "POST / x"},
		"with the namespace": {"GET", "/function/echo.openfaas-fn", "", "GET / "},
		"path and query":     {"DELETE", "/function/echo/a/b?id=1&q=%C3%A4", "", "DELETE /a/b?id=1&q=%C3%A4 "},
		"a malformed query":  {"GET", "/function/echo?q=%zz;x", "", "GET /?q=%zz;x "},
		"patch with a body":  {"PATCH", "/function/echo?id=1", "{}", "PATCH /?id=1 {}"},
		"CORS preflight":     {"OPTIONS", "/function/echo", "", "OPTIONS / "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, answer := send(t, test.method, r.url+test.path, test.body, "Authorization", "Bearer abc")
			require.Equal(t, http.StatusTeapot, response.StatusCode)
			require.Equal(t, test.want, answer)
			require.Len(t, response.Header.Values("X-Call-Id"), 1)
			require.NotEmpty(t, response.Header.Get("X-Call-Id"))
			require.Equal(t, response.Header.Get("X-Start-Time"), response.Header.Get("Seen-Start"))
			require.Equal(t, "Bearer abc", response.Header.Get("Seen-Authorization"))
			require.Empty(t, response.Header.Get("Access-Control-Allow-Origin"))
		})
	}
}

func TestCallKeepsTheClientsID(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	response, _ := send(t, "GET", r.url+"/function/echo", "", "X-Call-Id", "mine")
	require.Equal(t, []string{"mine"}, response.Header.Values("X-Call-Id"))
}

func TestUnknownFunctionsAreNotFound(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	for _, path := range []string{"/function/other", "/function/echo.default", "/async-function/other"} {
		response, answer := send(t, "POST", r.url+path, "")
		require.Equal(t, http.StatusNotFound, response.StatusCode, path)
		require.Contains(t, answer, "error finding function ")
		require.NotEmpty(t, response.Header.Get("X-Call-Id"))
	}
}

func TestBodiesAreStreamed(t *testing.T) {
	t.Parallel()
	began := make(chan string, 1)
	r := newRig(t, func(_ http.ResponseWriter, r *http.Request) {
		part := make([]byte, 5)
		_, _ = io.ReadFull(r.Body, part)
		began <- string(part)
		_, _ = io.Copy(io.Discard, r.Body)
	})
	read, write := io.Pipe()
	go func() {
		_, _ = write.Write([]byte("first"))
		select {
		case part := <-began: // before the request ends
			_, _ = write.Write([]byte(part))
			write.Close()
		case <-time.After(5 * time.Second):
			write.CloseWithError(errors.New("the function has not received anything"))
		}
	}()
	request, err := http.NewRequestWithContext(t.Context(), "PUT", r.url+"/function/echo", read)
	require.NoError(t, err)
	response, err := testTransport.RoundTrip(request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, response.Body.Close())
}

func TestUnreachableFunctionIsAnsweredWith503(t *testing.T) {
	t.Parallel()
	aborts := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	tests := map[string]struct {
		function      http.HandlerFunc
		down          bool
		method        string
		code, message string
	}{
		"it is not running":          {describeRequest, true, "POST", "unavailable", "The function can't be reached at the moment. Please try again."},
		"it crashes during a read":   {aborts, false, "GET", "unavailable", "The function can't be reached at the moment. Please try again."},
		"it crashes during the call": {aborts, false, "POST", "outcome_unknown", "It is not known whether this was done. Please look, or repeat the request."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.function)
			r.fake.down.Store(test.down)
			response, answer := send(t, test.method, r.url+"/function/echo", "x", "X-Call-Id", "mine")
			require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
			require.Equal(t, "1", response.Header.Get("Retry-After"))
			require.Equal(t, []string{"mine"}, response.Header.Values("X-Call-Id"))
			require.JSONEq(t, fmt.Sprintf(`{"error": {"code": %q, "message": %q, "requestId": "mine"}}`, test.code, test.message), answer)
		})
	}
}

func TestCallWaitsForAFunctionThatRestarts(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	r.fake.down.Store(true)
	time.AfterFunc(100*time.Millisecond, func() { r.fake.down.Store(false) })
	response, _ := send(t, "POST", r.url+"/function/echo", "x")
	require.Equal(t, http.StatusTeapot, response.StatusCode)
}

func TestHealthNamesWhatIsNotReady(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	response, answer := send(t, "GET", r.url+"/healthz", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "OK\n", answer)

	r.fake.down.Store(true)
	response, answer = send(t, "GET", r.url+"/healthz", "")
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Contains(t, answer, "echo: not running")
	require.NotContains(t, answer, "database")
}

func TestSystemNeedsThePassword(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	for _, path := range []string{"/system/functions", "/system/function/echo", "/system/info", "/system/namespaces", "/system/logs?name=echo", "/system/other"} {
		response, _ := send(t, "GET", r.url+path, "")
		require.Equal(t, http.StatusUnauthorized, response.StatusCode, path)
		require.Contains(t, response.Header.Get("WWW-Authenticate"), "Basic")
		response, _ = send(t, "GET", r.url+path, "", "Authorization", basic("admin", "wrong"))
		require.Equal(t, http.StatusUnauthorized, response.StatusCode, path)
	}
}

func basic(user, password string) string {
	request := http.Request{Header: http.Header{}}
	request.SetBasicAuth(user, password)
	return request.Header.Get("Authorization")
}

func TestSystemDescribesTheFunctions(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	key := []string{"Authorization", basic("admin", "secret")}
	send(t, "GET", r.url+"/function/echo", "")

	_, answer := send(t, "GET", r.url+"/system/functions?namespace=openfaas-fn", "", key...)
	var all []types.FunctionStatus
	require.NoError(t, json.Unmarshal([]byte(answer), &all))
	require.Len(t, all, 1)
	require.Equal(t, "echo", all[0].Name)
	require.Equal(t, []string{"mysql-dsn"}, all[0].Secrets)
	require.EqualValues(t, 1, all[0].InvocationCount)
	require.EqualValues(t, 1, all[0].AvailableReplicas)

	r.fake.down.Store(true)
	_, answer = send(t, "GET", r.url+"/system/function/echo", "", key...)
	var one types.FunctionStatus
	require.NoError(t, json.Unmarshal([]byte(answer), &one))
	require.EqualValues(t, 0, one.AvailableReplicas)

	tests := map[string]struct {
		method, path string
		status       int
		contains     string
	}{
		"unknown function": {"GET", "/system/function/other", 404, "not found"},
		"other namespace":  {"GET", "/system/function/echo?namespace=default", 404, "not found"},
		"namespaces":       {"GET", "/system/namespaces", 200, `["openfaas-fn"]`},
		"info":             {"GET", "/system/info", 200, `"orchestration":"processes"`},
		"deploy":           {"PUT", "/system/functions", 501, "built into the program"},
		"remove":           {"DELETE", "/system/functions", 501, "built into the program"},
		"scale":            {"POST", "/system/scale-function/echo", 501, "built into the program"},
		"secrets":          {"GET", "/system/secrets", 501, "keeps no secrets for others"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, answer := send(t, test.method, r.url+test.path, "", key...)
			require.Equal(t, test.status, response.StatusCode)
			require.Contains(t, answer, test.contains)
		})
	}
}

func messages(t *testing.T, answer string) (texts []string) {
	t.Helper()
	for line := range strings.Lines(answer) {
		var message logs.Message
		require.NoError(t, json.Unmarshal([]byte(line), &message))
		require.Equal(t, "echo", message.Name)
		texts = append(texts, message.Text)
	}
	return texts
}

func TestLogs(t *testing.T) {
	t.Parallel()
	r := newRig(t, describeRequest)
	key := []string{"Authorization", basic("admin", "secret")}
	_, _ = r.fake.log.Write([]byte("one\ntwo\nthree\n"))
	tests := map[string]struct {
		query  string
		status int
		want   []string
	}{
		"all":              {"name=echo", 200, []string{"one", "two", "three"}},
		"the last":         {"name=echo.openfaas-fn&tail=2", 200, []string{"two", "three"}},
		"none since":       {"name=echo&since=2999-01-01T00:00:00Z", 200, nil},
		"unknown function": {"name=other", 404, nil},
		"bad tail":         {"name=echo&tail=x", 422, nil},
		"bad since":        {"name=echo&since=x", 422, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response, answer := send(t, "GET", r.url+"/system/logs?"+test.query, "", key...)
			require.Equal(t, test.status, response.StatusCode)
			if test.status == http.StatusOK {
				require.Equal(t, test.want, messages(t, answer))
			}
		})
	}

	time.AfterFunc(50*time.Millisecond, func() { _, _ = r.fake.log.Write([]byte("four\n")) })
	time.AfterFunc(600*time.Millisecond, r.stop)
	_, answer := send(t, "GET", r.url+"/system/logs?name=echo&tail=1&follow=true", "", key...)
	require.Equal(t, []string{"three", "four"}, messages(t, answer))
}
