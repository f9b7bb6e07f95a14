package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	callIDHeader    = "X-Call-Id"
	startTimeHeader = "X-Start-Time" // nanoseconds since 1970
)

const (
	// responseTimeout is upstreamTimeout as set when the project installs the OpenFaaS chart.
	responseTimeout = 65 * time.Second
	restartTimeout  = 2 * time.Second
)

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		ResponseHeaderTimeout: responseTimeout,
		ExpectContinueTimeout: 1500 * time.Millisecond, // long enough for a function to refuse a body unread
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute, // less than that of package serve
		DisableCompression:    true,
	}
}

// tag sets the request's call ID, unless the client has, and its start time.
func tag(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(callIDHeader) == "" {
		r.Header.Set(callIDHeader, uuid.NewString())
	}
	start := strconv.FormatInt(time.Now().UnixNano(), 10)
	r.Header.Set(startTimeHeader, start)
	w.Header().Set(startTimeHeader, start)
}

// find returns the function in the request's path, as NAME or NAME.NAMESPACE. It responds with 404 if there is none.
func (g *Gateway) find(w http.ResponseWriter, r *http.Request) (*Function, bool) {
	name := r.PathValue("name")
	function, ok := g.functions[strings.TrimSuffix(name, "."+Namespace)]
	if !ok {
		w.Header().Set(callIDHeader, r.Header.Get(callIDHeader))
		http.Error(w, fmt.Sprintf("error finding function %s: no such function", name), http.StatusNotFound)
	}
	return function, ok
}

// call forwards a request to a function; both bodies are streamed.
func (g *Gateway) call(w http.ResponseWriter, r *http.Request) {
	function, ok := g.find(w, r)
	if !ok {
		return
	}
	function.calls.Add(1)
	if !function.waitForProcess(r.Context()) {
		refuse(w, r, "unavailable", unreachable)
		return
	}
	proxy := httputil.ReverseProxy{
		Transport:     g.transport,
		FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", function.Address
			p.Out.URL.Path, p.Out.URL.RawPath = "/"+p.In.PathValue("path"), ""
			p.Out.URL.RawQuery = p.In.URL.RawQuery // unchanged, even if it is malformed
			p.Out.Host = p.In.Host
			p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
			p.SetXForwarded()
		},
		ErrorHandler: callFailed,
	}
	proxy.ServeHTTP(w, r)
}

// waitForProcess waits if the function is restarting and reports whether it has a process. The process need not serve yet:
// connections wait in its listener.
func (f *Function) waitForProcess(ctx context.Context) bool {
	for end := time.Now().Add(restartTimeout); f.Process.PID() == 0; {
		if time.Now().After(end) || ctx.Err() != nil {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

const (
	unreachable = "The function can't be reached at the moment. Please try again."
	unconfirmed = "It is not known whether this was done. Please look, or repeat the request."
)

// callFailed responds to a call whose answer was lost. Unless the call only reads or never reached the function, it may have been done.
func callFailed(w http.ResponseWriter, r *http.Request, err error) {
	dial := (*net.OpError)(nil)
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	if reads || errors.As(err, &dial) && dial.Op == "dial" {
		refuse(w, r, "unavailable", unreachable)
		return
	}
	refuse(w, r, "outcome_unknown", unconfirmed)
}

// refuse responds with 503 in the form of the functions' own errors.
func refuse(w http.ResponseWriter, r *http.Request, code, message string) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Retry-After", "1")
	header.Set(callIDHeader, r.Header.Get(callIDHeader))
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{
		"code": code, "message": message, "requestId": r.Header.Get(callIDHeader),
	}})
}
