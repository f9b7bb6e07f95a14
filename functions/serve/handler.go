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

// Handle is a function in the form of the OpenFaaS templates.
type Handle func(handler.Request) (handler.Response, error)

// How much of an oversized or refused body to drain, and for how long, so that the client sees the response instead of a reset.
const (
	drainBytes = 64 << 20
	drainTime  = 10 * time.Second
)

// timeoutGrace is how long a Handle may take to return its own response after EXEC_TIMEOUT.
const timeoutGrace = 200 * time.Millisecond

// server serves requests with one Handle.
type server struct {
	name     string
	handle   Handle
	settings Settings
	slots    chan struct{} // one element per request in flight
	metrics  *metrics
	stopping atomic.Bool
}

// ServeHTTP passes a request to the function within the limits, and logs and counts it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	callID := callID(r.Header.Get(web.CallIDHeader))
	r.Header.Set(web.CallIDHeader, callID)

	s.metrics.inFlight.Inc()
	response, received, release := s.respond(w, r, callID)
	if s.shouldClose(r) {
		w.Header().Set("Connection", "close")
	}
	sent := write(w, response, callID, release)
	s.metrics.inFlight.Dec()

	took := time.Since(start)
	s.metrics.observe(r.Method, response.StatusCode, took)
	slog.LogAttrs(context.Background(), slog.LevelInfo, "request", slog.String("function", s.name), slog.String("callId", callID),
		slog.String("method", methodLabel(r.Method)), slog.Int("status", response.StatusCode),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int("bytesIn", received), slog.Int("bytesOut", sent))
}

// respond returns the response, the size of the request's body, and the function that frees the request's slot.
func (s *server) respond(w http.ResponseWriter, r *http.Request, callID string) (response handler.Response, received int, release func()) {
	select {
	case s.slots <- struct{}{}:
	default:
		drainUnread(w, r)
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
		drainUnread(w, r)
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
		drain(w, r, drainBytes-limit)
		return nil, tooLarge(limit)
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "too_large", fmt.Sprintf("The request has more than %d KiB.", limit>>10))
}

// drainUnread drains a body of which nothing was read, unless the client waits for "100 Continue" before it sends one.
func drainUnread(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") == "" {
		drain(w, r, drainBytes)
	}
}

// drain discards up to limit bytes of the body: a client that is still sending does not read the response.
func drain(w http.ResponseWriter, r *http.Request, limit int64) {
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime))
	io.CopyN(io.Discard, r.Body, limit)
}

// call runs the function within EXEC_TIMEOUT. A function that overruns keeps its slot until it returns.
func (s *server) call(r *http.Request, body []byte, callID string) (response handler.Response, release func()) {
	ctx, cancel := context.WithTimeout(r.Context(), s.settings.ExecTimeout)
	done := make(chan handler.Response, 1)
	go func() {
		defer cancel()
		done <- s.invoke(ctx, r, body, callID)
	}()
	select {
	case response := <-done:
		return response, s.release
	case <-ctx.Done():
	}
	select {
	case response := <-done:
		return response, s.release
	case <-time.After(timeoutGrace):
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

// invoke calls the function and turns its panic or error into a response.
func (s *server) invoke(ctx context.Context, r *http.Request, body []byte, callID string) (response handler.Response) {
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

// write sends the response and returns how many bytes of its body it wrote. A response occupies its slot while it is sent,
// because a response that the client does not read occupies memory. The slot is released before the last byte, so that a
// client that sends its next request right after it never finds its own slot taken.
func write(w http.ResponseWriter, response handler.Response, callID string, release func()) int {
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
	last := max(0, len(response.Body)-1)
	n, err := w.Write(response.Body[:last])
	release()
	if err == nil {
		var more int
		more, err = w.Write(response.Body[last:])
		n += more
	}
	if err != nil {
		slog.Warn("the client disconnected before the response was sent", "callId", callID)
	}
	return n
}

// callID returns the gateway's call ID, or a new one if that is not fit for a header and a log.
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
