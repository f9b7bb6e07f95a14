// Package serve is the HTTP server around a function: the entry point of every image. It bounds bodies, time and
// requests at once, answers health checks, keeps metrics, logs one line per request, and drains when told to stop.
package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// Main serves a function until SIGTERM or interrupt, then exits: 0 after a drain, 1 when it can't serve. With
// EXIT_ON_STDIN_EOF=1 it also stops when its standard input ends, and so with the process that started it.
func Main(name string, handle Handle) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("EXIT_ON_STDIN_EOF") == "1" {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if err := run(ctx, name, handle); err != nil {
		slog.Error("can't serve", "function", name, "cause", err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, handle Handle) error {
	settings, err := SettingsFromEnv()
	if err != nil {
		return err
	}
	function, observed, err := listeners(settings)
	if err != nil {
		return err
	}
	return serve(ctx, name, handle, settings, function, observed)
}

// serve answers on both listeners until ctx ends, goes on for the shutdown delay, and lets running requests finish.
func serve(ctx context.Context, name string, handle Handle, settings Settings, function, observed net.Listener) error {
	metrics := newMetrics(name)
	calls := &server{name: name, handle: handle, settings: settings, slots: make(chan struct{}, settings.MaxInflight), metrics: metrics}
	unasked := &silent{connections: map[net.Conn]struct{}{}}

	work := &http.Server{
		Handler:           withHealth(calls, &calls.stopping),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       settings.ReadTimeout,
		WriteTimeout:      settings.WriteTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnState:         unasked.track,
		ConnContext:       withConnection,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	watch := &http.Server{Handler: metrics.handler(), ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, ConnState: unasked.track}

	failed := make(chan error, 2)
	go func() { failed <- work.Serve(accepting{function}) }()
	go func() { failed <- watch.Serve(observed) }()
	slog.Info("serving", "function", name, "address", function.Addr().String(), "metrics", observed.Addr().String())

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	calls.stopping.Store(true)
	time.Sleep(settings.ShutdownDelay)
	slog.Info("draining", "function", name)
	patience, cancel := context.WithTimeout(context.Background(), settings.ExecTimeout+settings.ReadTimeout)
	defer cancel()
	defer time.AfterFunc(hearing, unasked.close).Stop()
	return errors.Join(work.Shutdown(patience), watch.Shutdown(patience))
}

// withHealth answers /_/health and leaves every other path to calls.
func withHealth(calls http.Handler, stopping *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/_/health":
			calls.ServeHTTP(w, r)
		case stopping.Load():
			http.Error(w, "stopping", http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, "OK\n")
		}
	})
}
