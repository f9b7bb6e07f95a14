package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"time"
)

// idleTime is how long an idle connection to a function stays open. It is shorter than SHUTDOWN_DELAY in stack.yml, so that this
// server closes its idle connections before a stopping function does: a request sent at that moment would fail.
const idleTime = 4 * time.Second

const callIDHeader = "X-Call-Id"

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ResponseHeaderTimeout: 65 * time.Second,
		ExpectContinueTimeout: 2 * time.Second, // of uploads; other requests do not wait
		IdleConnTimeout:       idleTime,
		MaxIdleConnsPerHost:   64,
		DisableCompression:    true,
	}
}

// newForwarder returns a handler that forwards /function/{name} to the function of that name. Method, query, body and the
// function's response are unchanged; what the gateway answers in the function's place becomes an error in the functions' form.
func newForwarder(c Config, names []string, errorPages errorPages) (http.Handler, error) {
	targets := map[string]*url.URL{}
	for _, name := range names {
		target, err := c.urlOf(name)
		if err != nil {
			return nil, err
		}
		targets[name] = target
	}

	own := c.guards()
	proxy := &httputil.ReverseProxy{
		BufferPool: newBufferPool(),
		Transport:  newTransport(),
		Rewrite: func(r *httputil.ProxyRequest) {
			target := *targets[r.In.PathValue("name")]
			target.RawQuery = r.In.URL.RawQuery
			r.Out.URL = &target
			r.Out.Host = ""
			r.SetXForwarded() // ReverseProxy has removed the client's own X-Forwarded-For
			r.Out.Header.Del("X-Real-Ip")
			r.Out.Header.Del("Expect") // this server has already sent 100 Continue
			c.signClientAddress(r.In, r.Out.Header)
			r.Out.Header.Set(callIDHeader, callID(r.In))
		},
		ModifyResponse: func(answer *http.Response) error {
			if !isFromFunction(answer) {
				return upstreamError{"the gateway", answer.StatusCode}
			}
			for name := range own {
				answer.Header.Del(name)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { forwardFailed(w, r, err, errorPages) },
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set(callIDHeader, callID(r))
		name := r.PathValue("name")
		if targets[name] == nil {
			errorPages.write(w, r, noFunction)
			return
		}
		recordOf(r).route = "/function/" + name
		proxy.ServeHTTP(w, r)
	}), nil
}

// isFromFunction reports whether a function sent the answer: all its errors are JSON, those of the gateway are text. X-Call-Id
// does not tell, because OpenFaaS's gateway sets it too.
func isFromFunction(answer *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	return answer.StatusCode < http.StatusBadRequest || mediaType == "application/json"
}

// upstreamError is an answer of the gateway itself, or of the object store. OpenFaaS's gateway answers 404 while its provider is away, 503
// while a function has no replica, and 500, 502 or 504 when a function's process or node fails during a call.
type upstreamError struct {
	who    string
	status int
}

func (e upstreamError) Error() string { return fmt.Sprintf("%s answered %d", e.who, e.status) }

// forwardFailed answers 400 if the body did not arrive, and else 503: outcome_unknown if the call may have changed something, or
// unavailable.
func forwardFailed(w http.ResponseWriter, r *http.Request, err error, errorPages errorPages) {
	if isIncomplete(r) {
		w.Header().Set("Connection", "close")
		errorPages.write(w, r, bodyIncomplete)
		return
	}
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		panic(http.ErrAbortHandler) // the client has disconnected
	}
	recordOf(r).cause = err.Error()
	w.Header().Set("Retry-After", "2")
	if onlyReads(r.Method) || !mayHaveArrived(err) {
		errorPages.write(w, r, unavailable)
		return
	}
	errorPages.write(w, r, outcomeUnknown)
}

func onlyReads(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// mayHaveArrived reports whether the function, or the object store, may have received the request that failed with err.
func mayHaveArrived(err error) bool {
	if answer := (upstreamError{}); errors.As(err, &answer) {
		return answer.status >= http.StatusInternalServerError
	}
	dial := (*net.OpError)(nil)
	return !errors.As(err, &dial) || dial.Op != "dial"
}

var goodCallID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// callID returns the request's X-Call-Id, or a new one if it has none that can safely be logged.
func callID(r *http.Request) string {
	if id := r.Header.Get(callIDHeader); goodCallID.MatchString(id) {
		return id
	}
	return rand.Text()
}
