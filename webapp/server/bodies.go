package server

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A body must arrive at minRate, in bytes per second, on average, after a bodyGrace. The time during which the function does not
// read does not count. Nothing may arrive for maxPause at most.
const (
	minRate   = 8 << 10
	bodyGrace = 5 * time.Second
	maxPause  = 30 * time.Second
)

// maxBodies is how many bodies of one client may arrive at once.
const maxBodies = 64

// bodies counts the bodies that arrive at once from one client.
type bodies struct {
	each int // limit

	mu sync.Mutex
	of map[string]int // by the client's address
}

func newBodies(each int) *bodies { return &bodies{each: each, of: map[string]int{}} }

// bound passes on requests with a pacedBody, and refuses those of which too many arrive.
func (b *bodies) bound(c Config, errorPages errorPages, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		body := newPacedBody(w, r)
		client := c.clientOf(r)
		r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, body))
		r.Body = body
		if !b.begin(client) {
			refuseBody(w, r, errorPages, tooManyBodies)
			return
		}
		defer b.end(client)
		next.ServeHTTP(w, r)
	})
}

// refuseBody answers a request whose body is one too many.
func refuseBody(w http.ResponseWriter, r *http.Request, errorPages errorPages, f failure) {
	w.Header().Set("Retry-After", "2")
	w.Header().Set("Connection", "close")
	endBody(r)
	errorPages.write(w, r, f)
}

// endBody ends the waiting for the rest of a request's body.
func endBody(r *http.Request) {
	if b, ok := r.Body.(*pacedBody); ok {
		b.setDeadline(time.Unix(1, 0))
	}
}

func (b *bodies) begin(client string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of[client] >= b.each {
		return false
	}
	b.of[client]++
	return true
}

func (b *bodies) end(client string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of[client]--; b.of[client] == 0 {
		delete(b.of, client)
	}
}

// pacedBody is a request's body that must arrive at minRate.
type pacedBody struct {
	io.ReadCloser
	connection *http.ResponseController
	patience   time.Duration // how long it may still be waited for
	incomplete atomic.Bool   // did not arrive in full, or too slowly
}

// bodyKey is the context key of a request's pacedBody.
type bodyKey struct{}

// isIncomplete reports whether the request failed because its body did not arrive. The error does not tell: when reading fails, the
// request's context ends as well.
func isIncomplete(r *http.Request) bool {
	b, ok := r.Context().Value(bodyKey{}).(*pacedBody)
	return ok && b.incomplete.Load()
}

// newPacedBody returns the body of r. Until it is read, the server, which reads what a handler has left, waits for bodyGrace.
func newPacedBody(w http.ResponseWriter, r *http.Request) *pacedBody {
	b := &pacedBody{ReadCloser: r.Body, connection: http.NewResponseController(w), patience: bodyGrace}
	b.setDeadline(time.Now().Add(b.patience))
	return b
}

func (b *pacedBody) setDeadline(t time.Time) { _ = b.connection.SetReadDeadline(t) }

func (b *pacedBody) Read(into []byte) (int, error) {
	begun := time.Now()
	b.setDeadline(begun.Add(b.patience))
	n, err := b.ReadCloser.Read(into)
	b.patience = min(maxPause, b.patience+time.Duration(n)*time.Second/minRate-time.Since(begun))
	switch {
	case err == io.EOF:
		b.setDeadline(time.Time{}) // else it would end the request while it is forwarded
	case err != nil:
		b.incomplete.Store(true)
	}
	return n, err
}

// bufferPool reuses the buffers through which bodies and responses are forwarded.
type bufferPool struct{ pool sync.Pool }

func newBufferPool() *bufferPool {
	return &bufferPool{sync.Pool{New: func() any { return new([32 << 10]byte) }}}
}

func (b *bufferPool) Get() []byte       { return b.pool.Get().(*[32 << 10]byte)[:] }
func (b *bufferPool) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }
