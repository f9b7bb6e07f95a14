package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"snaptask/functions/telemetry"
)

// Main runs the web server on PORT (8080) and METRICS_PORT (8081) until SIGTERM or SIGINT. Its other settings are those of Serve.
func Main() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	requests, err := listen(os.Getenv, "PORT", "8080", 1)
	if err != nil {
		return err
	}
	metrics, err := listen(os.Getenv, "METRICS_PORT", "8081", 0)
	if err != nil {
		return errors.Join(err, requests.Close())
	}
	return Serve(ctx, requests, metrics)
}

// Serve runs the web server on one listener, and its metrics for Prometheus on another, until ctx ends and for SHUTDOWN_DELAY (0s)
// more, during which callers can switch to another replica. Then it finishes running requests. Its other settings are those of
// ConfigFromEnv.
func Serve(ctx context.Context, requests, metrics net.Listener) error {
	config, err := ConfigFromEnv(os.Getenv)
	if err != nil {
		return err
	}
	handler, err := newHandler(config, embedded())
	if err != nil {
		return err
	}
	delay, err := shutdownDelay(os.Getenv)
	if err != nil {
		return err
	}
	tracer, closeTraces, err := telemetry.NewTracer("webapp")
	if err != nil {
		return err
	}
	defer closeTraces()
	connections := newConnections(config.MaxConnections, config.ConnectionsPerAddress, config.TrustedProxies)
	measures := newMetrics(connections)
	defer serveMetrics(metrics, measures.handler()).Close()
	slog.Info("serving", "address", requests.Addr().String(), "metrics", metrics.Addr().String(), "functions", config.FunctionURL,
		"built", hasIndex(embedded()))
	return serve(ctx, requests, measures.measured(traces{tracer, config.TrustedProxies}, handler), delay, connections)
}

// serveMetrics serves metrics until it is closed.
func serveMetrics(listener net.Listener, handler http.Handler) *http.Server {
	const maxConnections = 32
	server := &http.Server{Handler: handler, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	newConnections(maxConnections, maxConnections, nil).bound(server)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("the metrics can't be served", "cause", err.Error())
		}
	}()
	return server
}

func shutdownDelay(getenv func(string) string) (time.Duration, error) {
	text := getenv("SHUTDOWN_DELAY")
	if text == "" {
		return 0, nil
	}
	delay, err := time.ParseDuration(text)
	if err != nil || delay < 0 {
		return 0, fmt.Errorf("SHUTDOWN_DELAY must be a duration such as 5s, not %q", text)
	}
	return delay, nil
}

// listen listens on the port in the named variable. With least 0, the port may be 0, which is any free one.
func listen(getenv func(string) string, name, fallback string, least uint64) (net.Listener, error) {
	port := cmp.Or(getenv(name), fallback)
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < least {
		return nil, fmt.Errorf("%s must be a number from %d to 65535, not %q", name, least, port)
	}
	return net.Listen("tcp", ":"+port)
}

// serve handles requests until ctx ends and for the delay after that, during which each response closes its connection; then running
// requests have drainTime to finish. The timeouts for a whole request are long, because an image of 16 MiB may take minutes on a slow
// connection.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, delay time.Duration, connections *connections) error {
	// More than the slowest function needs: QUEUE_TIME + READ_TIMEOUT + EXEC_TIMEOUT in stack.yml.
	const drainTime = 2 * time.Minute
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ctx.Err() != nil {
				w.Header().Set("Connection", "close")
			}
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute,
		WriteTimeout:      6 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	connections.bound(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()

	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		time.Sleep(delay)
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("requests still running after %s: %w", drainTime, err), server.Close())
	}
	return nil
}
