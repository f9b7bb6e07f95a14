// Command handler is the program of a function's image, for functions outside of this project: it serves one Handle with the
// standard library alone.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"handler/function"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := listenAndServe(ctx); err != nil {
		slog.Error("can't serve", "cause", err.Error())
		os.Exit(1)
	}
}

func listenAndServe(ctx context.Context) error {
	s, err := settingsFromEnv()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", s.port))
	if err != nil {
		return fmt.Errorf("PORT: %w", err)
	}
	return serve(ctx, listener, s, function.Handle)
}

// serve serves until ctx ends, continues for the shutdown delay, while OpenFaaS still sends requests, and lets running requests
// finish.
func serve(ctx context.Context, listener net.Listener, s settings, handle handle) error {
	var stopping atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/_/health", func(w http.ResponseWriter, _ *http.Request) {
		if stopping.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "OK")
	})
	mux.Handle("/", newServer(s, handle))
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: s.readTimeout, WriteTimeout: s.readTimeout + s.execTimeout + s.writeTimeout,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.Info("serving", "address", listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stopping.Store(true)
	time.Sleep(s.shutdownDelay)
	drain, cancel := context.WithTimeout(context.Background(), s.readTimeout+s.execTimeout+s.writeTimeout)
	defer cancel()
	return server.Shutdown(drain)
}
