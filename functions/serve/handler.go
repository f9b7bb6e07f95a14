package serve

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"snaptask/functions/internal/turns"
	"snaptask/functions/internal/web"
	"snaptask/functions/serve/connections"
	"snaptask/functions/telemetry"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

// Handle is a function in the form of the OpenFaaS templates.
type Handle func(handler.Request) (handler.Response, error)

// Admit decides on a request without its body. The error is the fault with which the request is refused; the Admission's Header is
// valid even then.
type Admit func(handler.Request) (web.Admission, error)

// Function is what a server serves.
type Function struct {
	Handle Handle
	Admit  Admit // nil admits every request
}

// timeoutGrace is how long a Handle may take to return its own response after EXEC_TIMEOUT.
const timeoutGrace = 200 * time.Millisecond

// server serves requests with one Function.
type server struct {
	Function
	name        string
	settings    Settings
	connections *connections.Limiter
	users       *turns.Queue // a user's calls, from before their bodies arrive
	slots       *turns.Queue // all calls, once their bodies have arrived
	bodies      *bodies
	metrics     *metrics
	stopping    atomic.Bool
}

// maxQueue is how many calls of one user may wait for the user's turn.
const maxQueue = 128

// newServer returns a server. The requests that are served or wait for a turn occupy at most three quarters of its connections, so
// that there is always room for another connection, such as that of a health check.
func newServer(name string, f Function, settings Settings) *server {
	half := settings.MaxConnections / 2
	return &server{
		Function: f, name: name, settings: settings,
		connections: connections.NewLimiter(settings.MaxConnections),
		users: turns.New(turns.Limits{
			WaitFor: "the user's turn", Working: half, LineWorking: settings.UserInflight, Waiting: half / 2, LineWaiting: maxQueue, FullestGivesWay: true,
		}),
		slots:   turns.New(turns.Limits{WaitFor: "a slot", Working: settings.MaxInflight, Waiting: half, FullestGivesWay: true}),
		bodies:  newBodies(settings.BodyBudget),
		metrics: newMetrics(name, settings),
	}
}

// ServeHTTP passes a request to the function within the limits, and logs and counts it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	callID := callID(r.Header.Get(web.CallIDHeader))
	r.Header.Set(web.CallIDHeader, callID)

	s.metrics.inFlight.Inc()
	ctx, measured := telemetry.Start(r.Context(), s.name, r.Header.Get(telemetry.TraceparentHeader))
	c := &call{server: s, ctx: ctx, w: w, r: r, id: callID, patience: s.settings.QueueTime}
	response := c.respond()
	if s.shouldClose(r) {
		w.Header().Set("Connection", "close")
	}
	_, sent := telemetry.Begin(ctx, telemetry.Send, "send the response")
	bytesOut, err := write(w, response, callID, c.release)
	sent(err)
	s.metrics.inFlight.Dec()
	s.record(c, measured, response.StatusCode, bytesOut, time.Since(start))
}

// record logs and counts a request, and ends its span.
func (s *server) record(c *call, measured *telemetry.Call, status, bytesOut int, took time.Duration) {
	method := methodLabel(c.r.Method)
	s.metrics.observe(method, status, took)
	fields := []slog.Attr{slog.String("function", s.name), slog.String("callId", c.id), slog.String("method", method), slog.Int("status", status),
		slog.Float64("ms", telemetry.Milliseconds(took)), slog.Int("bytesIn", c.received), slog.Int("bytesOut", bytesOut)}
	slog.LogAttrs(c.ctx, telemetry.Level(status), "request", append(fields, measured.Fields()...)...)
	measured.End(status >= http.StatusInternalServerError, "http.request.method", method, "http.response.status_code", strconv.Itoa(status),
		"faas.invocation_id", c.id)
}

// write sends the response and returns how many bytes of its body it wrote. A response occupies its slot while it is sent,
// because a response that the client does not read occupies memory. The slot is released before the last byte, so that a
// client that then sends its next request at once never waits for its own slot.
func write(w http.ResponseWriter, response handler.Response, callID string, release func()) (sent int, err error) {
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
	return n, err
}

// callID returns the given call ID, or a new one if that is not fit for a header and a log.
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
