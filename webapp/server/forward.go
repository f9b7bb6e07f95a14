package server

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// functionNames are what this server forwards to, and nothing else: least of all the gateway's /system.
var functionNames = []string{
	"register", "login", "logout", "change-password", "delete-account",
	"create-task", "get-tasks", "update-task", "delete-task",
	"predict-image", "get-image", "delete-image",
}

// idleTime is how long a connection to a function is kept unused. It is less than SHUTDOWN_DELAY in stack.yml: a function
// that stops ends each connection that is used with its answer, and closes the others after that delay, when this server
// has let go of them. So no request is sent on a connection that the function closes just then.
const idleTime = 4 * time.Second

const callIDHeader = "X-Call-Id"

// newForwarder passes /function/{name} on to where that function runs: method, query, body and answer as they are.
func newForwarder(c Config, errorPages errorPages) (http.Handler, error) {
	targets := map[string]*url.URL{}
	for _, name := range functionNames {
		target, err := c.urlOf(name)
		if err != nil {
			return nil, err
		}
		targets[name] = target
	}

	own := c.guards()
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ResponseHeaderTimeout: 65 * time.Second,
			IdleConnTimeout:       idleTime,
			MaxIdleConnsPerHost:   64,
			DisableCompression:    true,
		},
		Rewrite: func(r *httputil.ProxyRequest) {
			target := *targets[r.In.PathValue("name")]
			target.RawQuery = r.In.URL.RawQuery
			r.Out.URL = &target
			r.Out.Host = ""
			// ReverseProxy has dropped what the client claimed to be forwarded for.
			r.SetXForwarded()
			r.Out.Header.Del("X-Real-Ip")
			// This server has told the client to go on; the next one must not take it that the body is still held back.
			r.Out.Header.Del("Expect")
			c.vouch(r.In, r.Out.Header)
			r.Out.Header.Set(callIDHeader, callID(r.In))
		},
		ModifyResponse: func(answer *http.Response) error {
			for name := range own {
				answer.Header.Del(name)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { functionAway(w, r, err, errorPages) },
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set(callIDHeader, callID(r))
		if !slices.Contains(functionNames, r.PathValue("name")) {
			errorPages.write(w, r, noFunction)
			return
		}
		proxy.ServeHTTP(w, r)
	}), nil
}

// functionAway answers for a function that could not: 503 when nothing was sent to it, so that trying again is safe, else
// 502, since nobody knows how far it came.
func functionAway(w http.ResponseWriter, r *http.Request, err error, errorPages errorPages) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		panic(http.ErrAbortHandler) // the client has gone: there is nobody to answer
	}
	slog.Error("forward", "function", r.PathValue("name"), "callId", r.Header.Get(callIDHeader), "error", err.Error())
	if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
		w.Header().Set("Retry-After", "2")
		errorPages.write(w, r, away)
		return
	}
	errorPages.write(w, r, badAnswer)
}

var goodCallID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// callID is the request's X-Call-Id, or a new one where it has none that is fit to be logged.
func callID(r *http.Request) string {
	if id := r.Header.Get(callIDHeader); goodCallID.MatchString(id) {
		return id
	}
	return rand.Text()
}
