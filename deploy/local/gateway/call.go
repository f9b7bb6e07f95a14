package gateway

import (
	"context"
	"encoding/json"
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

// answerTimeout bounds the wait for a function's answer, as the real gateway's upstream timeout does with the chart's
// values that the project installs; revivalTimeout the wait for a function that has just died.
const (
	answerTimeout  = 65 * time.Second
	revivalTimeout = 2 * time.Second
)

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		ResponseHeaderTimeout: answerTimeout,
		ExpectContinueTimeout: 1500 * time.Millisecond, // so that a body which is refused unread is not sent
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute, // less than a function's own
		DisableCompression:    true,
	}
}

// tag gives the request an id, unless its client has, and the time at which it came.
func tag(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(callIDHeader) == "" {
		r.Header.Set(callIDHeader, uuid.NewString())
	}
	start := strconv.FormatInt(time.Now().UnixNano(), 10)
	r.Header.Set(startTimeHeader, start)
	w.Header().Set(startTimeHeader, start)
}

// find gives the function that the request's address names, as NAME or NAME.NAMESPACE; if there is none it answers so.
func (g *Gateway) find(w http.ResponseWriter, r *http.Request) (*Function, bool) {
	name := r.PathValue("name")
	function, ok := g.functions[strings.TrimSuffix(name, "."+Namespace)]
	if !ok {
		w.Header().Set(callIDHeader, r.Header.Get(callIDHeader))
		http.Error(w, fmt.Sprintf("error finding function %s: there is none of this name", name), http.StatusNotFound)
	}
	return function, ok
}

// call hands a request to a function and its answer back, both as they come.
func (g *Gateway) call(w http.ResponseWriter, r *http.Request) {
	function, ok := g.find(w, r)
	if !ok {
		return
	}
	function.calls.Add(1)
	if !function.revived(r.Context()) {
		away(w, r)
		return
	}
	proxy := httputil.ReverseProxy{
		Transport:     g.transport,
		FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", function.Address
			p.Out.URL.Path, p.Out.URL.RawPath = "/"+p.In.PathValue("path"), ""
			p.Out.URL.RawQuery = p.In.URL.RawQuery // as it is, even if it can't be parsed
			p.Out.Host = p.In.Host
			p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
			p.SetXForwarded()
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, _ error) { away(w, r) },
	}
	proxy.ServeHTTP(w, r)
}

// revived says whether the function has a process, after a short wait for the next one if it has just died. The process
// may be too young to answer: its listener keeps the connection until it does.
func (f *Function) revived(ctx context.Context) bool {
	for end := time.Now().Add(revivalTimeout); f.Process.PID() == 0; {
		if time.Now().After(end) || ctx.Err() != nil {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

// away answers for a function that can't, in the form of the functions' own errors.
func away(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Retry-After", "1")
	header.Set(callIDHeader, r.Header.Get(callIDHeader))
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{
		"code":      "unavailable",
		"message":   "The function can't be reached at the moment. Please try again.",
		"requestId": r.Header.Get(callIDHeader),
	}})
}
