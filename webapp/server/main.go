package server

import (
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
)

// Main runs the web server on PORT (8080) until SIGTERM or SIGINT. Its other settings are those of Serve.
func Main() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	listener, err := listen(os.Getenv)
	if err != nil {
		return err
	}
	return Serve(ctx, listener)
}

// Serve runs the web server on listener until ctx ends and for SHUTDOWN_DELAY (0s) more, during which callers can switch to another
// replica. Then it finishes running requests. Its other settings are those of ConfigFromEnv.
func Serve(ctx context.Context, listener net.Listener) error {
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
	slog.Info("web app", "address", listener.Addr().String(), "functions", config.FunctionURL, "built", hasIndex(embedded()))
	return serve(ctx, listener, handler, delay, newConnections(config.MaxConnections, config.ConnectionsPerAddress, config.TrustedProxies))
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

func listen(getenv func(string) string) (net.Listener, error) {
	port := getenv("PORT")
	if port == "" {
		port = "8080"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("PORT must be a number from 1 to 65535, not %q", port)
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
