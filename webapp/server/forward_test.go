package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

type seen struct {
	method, path, query, body string
	header                    http.Header
}

// gateway starts a server that stands in for the OpenFaaS gateway. It answers with status; gateway returns the requests it received.
func gateway(t *testing.T, status int) (Config, <-chan seen) {
	t.Helper()
	calls := make(chan seen, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- seen{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Link", `<?cursor=b>; rel="next"`)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"from":"function"}`))
	}))
	t.Cleanup(server.Close)
	return Config{FunctionURL: server.URL + "/function/{name}"}, calls
}

func TestForwardChangesNothingElse(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			config, calls := gateway(t, http.StatusConflict)
			server := serverOver(t, config, build())
			request, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/function/predict-image?id=7&q=a%3Bb;c", bytes.NewBufferString("picture"))
			require.NoError(t, err)
			request.Header = http.Header{
				"Authorization":   {"Bearer t"},
				"X-Call-Id":       {"call-1"},
				"X-Forwarded-For": {"203.0.113.9"},
				"X-Real-Ip":       {"203.0.113.9"},
				"Forwarded":       {"for=203.0.113.9"},
				"Connection":      {"X-Hop"},
				"X-Hop":           {"1"},
				"Expect":          {"100-continue"},
			}
			answer, err := testTransport.RoundTrip(request)
			require.NoError(t, err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)

			call := <-calls
			require.Equal(t, method, call.method)
			require.Equal(t, "/function/predict-image", call.path)
			require.Equal(t, "id=7&q=a%3Bb;c", call.query)
			require.Equal(t, "picture", call.body)
			require.Equal(t, "Bearer t", call.header.Get("Authorization"))
			require.Equal(t, "call-1", call.header.Get("X-Call-Id"))
			require.Equal(t, "127.0.0.1", call.header.Get("X-Forwarded-For"))
			for _, dropped := range []string{"X-Real-Ip", "Forwarded", "X-Hop", "Expect"} {
				require.Empty(t, call.header.Get(dropped), dropped)
			}
			require.Equal(t, http.StatusConflict, answer.StatusCode)
			require.JSONEq(t, `{"from":"function"}`, string(body))
			require.Equal(t, `<?cursor=b>; rel="next"`, answer.Header.Get("Link"))
			require.Equal(t, []string{"nosniff"}, answer.Header.Values("X-Content-Type-Options"))
		})
	}
}

func TestForwardToEachFunctionsOwnService(t *testing.T) {
	t.Parallel()
	got, err := Config{FunctionURL: "http://{name}.test:8080"}.urlOf("get-tasks")
	require.NoError(t, err)
	require.Equal(t, "get-tasks.test:8080", got.Host)
}

func TestFunctionNamesAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	contract := func(text string) fs.FS { return fstest.MapFS{contractName: {Data: []byte(text)}} }
	names, err := functionNames(contract("paths: {/function/one: {get: {}}, /function/two: {parameters: [], post: {}}, /function/three: {summary: x, post: {x-internal: true}}, /elsewhere: {}}"))
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"one", "two"}, names)
	for _, text := range []string{"paths: {}", "paths: ["} {
		_, err := functionNames(contract(text))
		require.ErrorContains(t, err, contractName)
	}
	_, err = functionNames(fstest.MapFS{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestForwardRefusesAnythingButFunctions(t *testing.T) {
	t.Parallel()
	config, calls := gateway(t, http.StatusOK)
	server := serverOver(t, config, build())
	for _, path := range []string{
		"/function/figlet", "/function/login.openfaas-fn", "/function/LOGIN", "/function/login/deeper",
		"/function/login%2f..%2f..%2fsystem", "/function/..%2fsystem%2ffunctions", "/system/functions",
	} {
		answer, body := ask(t, http.MethodPost, server.URL+path, nil)
		require.Equal(t, http.StatusNotFound, answer.StatusCode, path)
		requireError(t, answer, body)
	}
	require.Empty(t, calls)
}

func TestForwardStreamsUploads(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 4))
		close(arrived)
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer upstream.Close()
	server := serverOver(t, Config{FunctionURL: upstream.URL + "/{name}"}, build())

	body, feed := io.Pipe()
	go func() {
		_, _ = feed.Write([]byte("head"))
		<-arrived // send the rest once the function has received the beginning
		_, _ = feed.Write([]byte("tail"))
		_ = feed.Close()
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/function/predict-image?id=7", body)
	require.NoError(t, err)
	answer, err := testTransport.RoundTrip(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestUnreachableGatewayIs503(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close()) // from now on it refuses connections
	server := serverOver(t, Config{FunctionURL: "http://" + listener.Addr().String() + "/{name}"}, build())
	answer, body := ask(t, http.MethodGet, server.URL+"/function/get-tasks", nil)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "2", answer.Header.Get("Retry-After"))
	requireError(t, answer, body)
	require.NotContains(t, body, "127.0.0.1")
}

func TestLostAnswerToAWriteIsOutcomeUnknown(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	defer upstream.Close()
	server := serverOver(t, Config{FunctionURL: upstream.URL + "/{name}"}, build())
	for method, code := range map[string]string{"POST": "outcome_unknown", "PATCH": "outcome_unknown", "DELETE": "outcome_unknown", "GET": "unavailable"} {
		answer, body := ask(t, method, server.URL+"/function/create-task", http.Header{"X-Call-Id": {"not fit\tto be logged"}})
		require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode, method)
		require.Equal(t, "2", answer.Header.Get("Retry-After"), method)
		require.Equal(t, code, requireError(t, answer, body), method)
		require.NotContains(t, body, "not fit", method)
	}
}

func TestGatewaysOwnAnswersAreErrorsInTheFunctionsForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, contentType string
		status              int
		code                string
	}{
		{"GET", "text/plain; charset=utf-8", http.StatusNotFound, "unavailable"}, // OpenFaaS's provider is away
		{"DELETE", "text/plain; charset=utf-8", http.StatusNotFound, "unavailable"},
		{"POST", "text/html", http.StatusUnauthorized, "unavailable"},
		{"GET", "text/plain", http.StatusBadGateway, "unavailable"},
		{"OPTIONS", "", http.StatusBadGateway, "unavailable"},
		{"POST", "text/plain", http.StatusInternalServerError, "outcome_unknown"},
		{"PUT", "", http.StatusBadGateway, "outcome_unknown"},
		{"PATCH", "text/html; charset=utf-8", http.StatusServiceUnavailable, "outcome_unknown"},
		{"DELETE", "not a media type;;", http.StatusGatewayTimeout, "outcome_unknown"},
	} {
		t.Run(fmt.Sprintf("%s %d", c.method, c.status), func(t *testing.T) {
			t.Parallel()
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				w.Header().Set("X-Call-Id", "set by the gateway")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte("error finding function create-task"))
			}))
			defer upstream.Close()
			server := serverOver(t, Config{FunctionURL: upstream.URL + "/{name}"}, build())
			answer, body := ask(t, c.method, server.URL+"/function/create-task", nil)
			require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
			require.Equal(t, c.code, requireError(t, answer, body))
			require.NotContains(t, body, "error finding")
		})
	}
}

func TestAnswersOfFunctionsPassUnchanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status            int
		contentType, body string
	}{
		{http.StatusNotFound, "application/json; charset=utf-8", `{"error":{"code":"task_not_found"}}`},
		{http.StatusServiceUnavailable, "application/json", `{"error":{"code":"busy"}}`},
		{http.StatusOK, "image/jpeg", "\xff\xd8"},
		{http.StatusNotModified, "", ""},
		{http.StatusNoContent, "", ""}, // the answer to a CORS preflight
	} {
		upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.contentType != "" {
				w.Header().Set("Content-Type", c.contentType)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		defer upstream.Close()
		server := serverOver(t, Config{FunctionURL: upstream.URL + "/{name}"}, build())
		answer, body := ask(t, http.MethodGet, server.URL+"/function/predict-image", nil)
		require.Equal(t, c.status, answer.StatusCode)
		require.Equal(t, c.contentType, answer.Header.Get("Content-Type"))
		require.Equal(t, c.body, body)
	}
}

// requireError requires an error in the functions' form and returns its code.
func requireError(t *testing.T, answer *http.Response, body string) string {
	t.Helper()
	var got struct {
		Error struct{ Code, Message, RequestID string }
	}
	require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.NotEmpty(t, got.Error.Code)
	require.NotEmpty(t, got.Error.Message)
	require.NotEmpty(t, got.Error.RequestID)
	require.Equal(t, got.Error.RequestID, answer.Header.Get("X-Call-Id"))
	return got.Error.Code
}
