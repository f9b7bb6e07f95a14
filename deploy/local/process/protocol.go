package process

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// The protocol between a parent and a child: the child inherits open listeners, so that its address stays the same and callers
// wait rather than fail while it restarts (systemd's socket activation, sd_listen_fds(3)); and it ends at the end of its
// standard input, which is a pipe that the parent holds open.
const (
	listenFDs      = "LISTEN_FDS"
	exitOnEOF      = "EXIT_ON_STDIN_EOF"
	firstInherited = 3 // file descriptor
)

// Lifetime returns a context that ends at SIGTERM, at SIGINT and, in a child, when its parent ends.
func Lifetime() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if os.Getenv(exitOnEOF) == "1" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	return ctx, cancel
}

// Inherits reports whether the parent passed listeners to this process.
func Inherits() bool { return os.Getenv(listenFDs) != "" }

// Listeners returns the n listeners that the parent passed to this process, in its order.
func Listeners(n int) ([]net.Listener, error) {
	if got := os.Getenv(listenFDs); got != strconv.Itoa(n) {
		return nil, fmt.Errorf("%s is %q, want %d listeners", listenFDs, got, n)
	}
	var all []net.Listener
	for i := range n {
		file := os.NewFile(firstInherited+uintptr(i), "listener")
		listener, err := net.FileListener(file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("inherited listener %d of %d: %w", i+1, n, err)
		}
		all = append(all, listener)
	}
	return all, nil
}
