// Package dial opens connections to servers that may not accept them yet. While network policies don't know a new pod, and
// while a server restarts, connections are refused for a second or two.
package dial

import (
	"context"
	"net"
	"time"
)

// Patience is how long Again dials.
const Patience = 3 * time.Second

// pause is the time between two attempts.
const pause = 100 * time.Millisecond

// Func has the signature of net.Dialer.DialContext.
type Func = func(ctx context.Context, network, address string) (net.Conn, error)

// Again returns a Func that calls next again after an error, until ctx ends or Patience has passed. Then it returns the first
// error.
func Again(next Func) Func {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, Patience)
		defer cancel()
		var first error
		for {
			conn, err := next(ctx, network, address)
			if err == nil {
				return conn, nil
			}
			if first == nil {
				first = err
			}
			select {
			case <-ctx.Done():
				return nil, first
			case <-time.After(pause):
			}
		}
	}
}
