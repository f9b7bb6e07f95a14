//go:build linux

package main

import (
	"io"
	"net"
	"net/http"

	"github.com/valyala/fasthttp"
)

// The contenders of the case traces.
const (
	tracesOff  = "traces off"
	tracesSome = "traces of one call in ten"
	tracesAll  = "traces of every call"
)

// tracing is the case of reading a list while a function records traces and sends them to a collector.
func tracing(b *bench) []contender {
	a := b.newAccount("traced")
	b.insertOurs(a, 20)
	list := newRequest("GET", "/", a.ourToken, "", nil)
	collector := b.collectTraces()
	var all []contender
	for _, c := range []struct{ name, as, ratio string }{
		{tracesOff, "get-tasks-off", ""}, {tracesSome, "get-tasks-some", "0.1"}, {tracesAll, "get-tasks-all", "1"},
	} {
		settings := map[string]string{}
		if c.ratio != "" {
			settings = map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": c.ratio,
			}
		}
		p := b.running(c.as, func() *program { return b.launchFunction("get-tasks", c.as, b.dsn(), settings) })
		all = append(all, contender{name: c.name, program: p, requests: []*fasthttp.Request{list}, clients: clients})
	}
	for _, c := range all {
		c.lists(20)
	}
	return all
}

// collectTraces serves a collector that reads traces and forgets them, and returns its URL.
func (b *bench) collectTraces() string {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })}
	go func() { _ = server.Serve(listener) }()
	b.cleanup = append(b.cleanup, func() { server.Close() })
	return "http://" + listener.Addr().String()
}
