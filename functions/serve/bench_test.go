package serve

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"
)

// sink is a client that reads answers and forgets them.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             { clear(s.header) }

// BenchmarkServeHTTP is what a call costs around the function, net/http aside.
func BenchmarkServeHTTP(b *testing.B) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	b.Cleanup(func() { slog.SetDefault(before) })
	body := []byte(`[]`)
	s := &server{name: "bench", settings: bounds(), slots: make(chan struct{}, 16), metrics: newMetrics("bench"), handle: func(handler.Request) (handler.Response, error) {
		return handler.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{"Content-Type": {"application/json"}}}, nil
	}}
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("Authorization", "Bearer token")
	w := &sink{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		request.Header.Del("X-Call-Id")
		s.ServeHTTP(w, request)
	}
}
