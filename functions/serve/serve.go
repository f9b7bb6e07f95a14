// Package serve is the HTTP server around a function: the entry point of every image. It bounds the size, the time and the
// number of concurrent requests, answers health checks, exports metrics, logs one line per request, and drains when stopped.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"snaptask/functions/serve/connections"
	"snaptask/functions/telemetry"
)

// Main serves a function on PORT and METRICS_PORT until SIGTERM or SIGINT, and exits with 0 after a drain, or with 1 when it
// can't serve.
func Main(name string, f Function) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := listenAndServe(ctx, name, f); err != nil {
		slog.Error("can't serve", "function", name, "cause", err.Error())
		os.Exit(1)
	}
}

func listenAndServe(ctx context.Context, name string, f Function) error {
	settings, err := SettingsFromEnv()
	if err != nil {
		return err
	}
	requests, err := net.Listen("tcp", fmt.Sprintf(":%d", settings.Port))
	if err != nil {
		return fmt.Errorf("PORT: %w", err)
	}
	metrics, err := net.Listen("tcp", fmt.Sprintf(":%d", settings.MetricsPort))
	if err != nil {
		return errors.Join(fmt.Errorf("METRICS_PORT: %w", err), requests.Close())
	}
	return Serve(ctx, name, f, settings, requests, metrics)
}

// Each connection costs up to maxHeaderBytes before its request is admitted.
const (
	maxHeaderBytes        = 16 << 10
	maxMetricsConnections = 32
)

// Serve serves a function on one listener and its metrics on another until ctx ends. It then continues for the shutdown
// delay, lets running requests finish, and closes both listeners.
func Serve(ctx context.Context, name string, f Function, settings Settings, requests, metrics net.Listener) error {
	closeTraces, err := telemetry.Open(name)
	if err != nil {
		return err
	}
	defer closeTraces()
	s := newServer(name, f, settings)
	requestServer := &http.Server{
		Handler:           withHealth(s, &s.stopping),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      settings.WriteTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	s.connections.Bound(requestServer)
	metricsServer := &http.Server{
		Handler: s.metrics.handler(), ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: maxHeaderBytes,
	}
	metricsConnections := connections.NewLimiter(maxMetricsConnections)
	metricsConnections.Bound(metricsServer)

	failed := make(chan error, 2)
	go func() { failed <- requestServer.Serve(requests) }()
	go func() { failed <- metricsServer.Serve(metrics) }()
	slog.Info("serving", "function", name, "address", requests.Addr().String(), "metrics", metrics.Addr().String())

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	time.Sleep(settings.ShutdownDelay)
	slog.Info("draining", "function", name)
	drain, cancel := context.WithTimeout(context.Background(), settings.QueueTime+settings.ReadTimeout+settings.ExecTimeout)
	defer cancel()
	defer time.AfterFunc(newConnGrace, func() {
		s.connections.CloseWaiting()
		metricsConnections.CloseWaiting()
	}).Stop()
	return errors.Join(requestServer.Shutdown(drain), metricsServer.Shutdown(drain))
}

// withHealth answers /_/health and passes every other path to next.
func withHealth(next http.Handler, stopping *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_/health" {
			next.ServeHTTP(w, r)
			return
		}
		if r.Body != http.NoBody {
			abort(w)
		}
		switch {
		case stopping.Load():
			http.Error(w, "stopping", http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, "OK\n")
		}
	})
}
