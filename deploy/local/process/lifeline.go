package process

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// exitOnEOF is the environment variable that tells a child to end at the end of its standard input, which is a pipe that
// its parent holds open for as long as it lives.
const exitOnEOF = "EXIT_ON_STDIN_EOF"

// Lifetime gives a context that ends at SIGTERM, at SIGINT or, for a child of this package, when its parent is gone.
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
