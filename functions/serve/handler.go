package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/web"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

// Handle is a function, as the OpenFaaS templates know it.
type Handle func(handler.Request) (handler.Response, error)

// What is read and dropped of a body that is too large, so that the client gets to see the answer.
const (
	dropBytes = 64 << 20
	dropTime  = 10 * time.Second
)

// lastWords is how long a Handle whose time is over has to give an answer of its own.
const lastWords = 200 * time.Millisecond

// server answers requests with one Handle.
type server struct {
	name     string
	handle   Handle
	settings Settings
	slots    chan struct{} // one for each request in flight
	metrics  *metrics
	stopping atomic.Bool
}

// ServeHTTP bounds the request, hands it to the function, and accounts for it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	callID := callID(r.Header.Get(web.CallIDHeader))
	r.Header.Set(web.CallIDHeader, callID)

	s.metrics.inFlight.Inc()
	response, received, release := s.answer(w, r, callID)
	if s.parts(r) {
		w.Header().Set("Connection", "close")
	}
	sent := write(w, connectionOf(r), response, callID, release)
	s.metrics.inFlight.Dec()

	took := time.Since(start)
	s.metrics.observe(r.Method, response.StatusCode, took)
	slog.LogAttrs(context.Background(), slog.LevelInfo, "request", slog.String("function", s.name), slog.String("callId", callID),
		slog.String("method", methodLabel(r.Method)), slog.Int("status", response.StatusCode),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("bytesIn", received), slog.Int("bytesOut", sent))
}

// answer gives the response and what to call once it is all but sent: answers that nobody reads count as in flight.
func (s *server) answer(w http.ResponseWriter, r *http.Request, callID string) (response handler.Response, received int, release func()) {
	select {
	case s.slots <- struct{}{}:
	default:
		dropUnread(w, r)
		return web.Refuse(&fault.Error{Kind: fault.Unavailable, Code: "busy", Message: "Too many requests at once. Please try again.", RetryAfter: time.Second}, callID), 0, func() {}
	}
	body, err := s.body(w, r)
	if err != nil {
		return web.Refuse(err, callID), 0, s.release
	}
	response, release = s.call(r, body, callID)
	return response, len(body), release
}

func (s *server) release() { <-s.slots }

// body reads the request's body, up to the limit.
func (s *server) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := s.settings.BodyLimit
	if r.ContentLength > limit {
		dropUnread(w, r)
		return nil, tooLarge(limit)
	}
	var body []byte
	var err error
	if r.ContentLength >= 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, limit+1))
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "body_incomplete", "The request's body did not arrive in full.")
	}
	if int64(len(body)) > limit {
		drop(w, r, dropBytes-limit)
		return nil, tooLarge(limit)
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "too_large", fmt.Sprintf("The request has more than %d KiB.", limit>>10))
}

// dropUnread drops a body of which nothing was read. A client that waits to be told to send it (Expect: 100-continue)
// is not told.
func dropUnread(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") == "" {
		drop(w, r, dropBytes)
	}
}

// drop reads on, for a client that is still sending does not look for an answer.
func drop(w http.ResponseWriter, r *http.Request, most int64) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(dropTime))
	io.CopyN(io.Discard, r.Body, most)
}

// call runs the function within its time. A function that goes on after it keeps the slot until it has ended.
func (s *server) call(r *http.Request, body []byte, callID string) (response handler.Response, release func()) {
	ctx, cancel := context.WithTimeout(r.Context(), s.settings.ExecTimeout)
	done := make(chan handler.Response, 1)
	go func() {
		defer cancel()
		done <- s.guarded(ctx, r, body, callID)
	}()
	select {
	case response := <-done:
		return response, s.release
	case <-ctx.Done():
	}
	select {
	case response := <-done:
		return response, s.release
	case <-time.After(lastWords):
		go func() {
			<-done
			s.release()
		}()
		return web.Refuse(&fault.Error{
			Kind: fault.Unavailable, Code: "timed_out", Message: "The work took too long. Please try again.",
			RetryAfter: 2 * time.Second, Cause: context.Cause(ctx),
		}, callID), func() {}
	}
}

// guarded turns a panic and an error of the function into a 500.
func (s *server) guarded(ctx context.Context, r *http.Request, body []byte, callID string) (response handler.Response) {
	defer func() {
		if p := recover(); p != nil {
			response = web.Refuse(fmt.Errorf("panic: %v: %s", p, debug.Stack()), callID)
		}
	}()
	request := handler.Request{Body: body, Header: r.Header, QueryString: r.URL.RawQuery, Method: r.Method, Host: r.Host}
	request.WithContext(ctx)
	response, err := s.handle(request)
	if err != nil {
		return web.Refuse(errors.Join(errors.New("the function returned an error"), err), callID)
	}
	if response.StatusCode == 0 {
		response.StatusCode = http.StatusOK
	}
	return response
}

// write sends the response and says how many bytes of its body went. It calls release before the last of them, so that a
// client with one request at a time never finds its own slot taken.
func write(w http.ResponseWriter, c *connection, response handler.Response, callID string, release func()) int {
	header := w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	header.Set(web.CallIDHeader, callID)
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/octet-stream") // else OpenFaaS would copy the request's
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Length", strconv.Itoa(len(response.Body)))
	w.WriteHeader(response.StatusCode)
	c.hold(true)
	last := max(0, len(response.Body)-1)
	n, err := w.Write(response.Body[:last])
	release()
	if err == nil {
		var more int
		more, err = w.Write(response.Body[last:])
		n += more
	}
	c.hold(false) // the last byte leaves when this request is over
	if err != nil {
		slog.Warn("the client went away before its answer", "callId", callID)
	}
	return n
}

// callID keeps the id that the gateway gave the call, unless it isn't fit for a header and a log.
func callID(given string) string {
	if given == "" || len(given) > 128 {
		return uuid.NewString()
	}
	for _, c := range []byte(given) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return uuid.NewString()
		}
	}
	return given
}
