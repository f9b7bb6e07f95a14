// Package gateway stands in for the OpenFaaS gateway on a machine without a cluster: the same addresses and answers, so
// that curl, the web app and faas-cli work as against the real one.
package gateway

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"snaptask/deploy/local/process"

	"github.com/openfaas/faas-provider/auth"
)

// Namespace is the one that the functions are in, as with OpenFaaS.
const Namespace = "openfaas-fn"

// Process is what the gateway wants to know of a function's process.
type Process interface {
	PID() int                    // 0 while none runs
	Started() time.Time          // of the one that runs
	Check(context.Context) error // nil when it works
	Log() *process.Log
}

// Function is a function that the gateway leads to.
type Function struct {
	Name    string
	Address string            // HOST:PORT of its process
	Env     map[string]string // its settings, none of them secret
	Secrets []string          // the names of its secrets
	Process Process

	calls atomic.Int64 // since the gateway started
}

// Part is something that must work for the whole to be healthy.
type Part struct {
	Name  string
	Check func(context.Context) error // nil when it works; answers within a few seconds
}

// Config is what a gateway is made of.
type Config struct {
	Functions []*Function
	Parts     []Part // beside the functions
	User      string // who may ask for /system
	Password  string
}

// Gateway answers as the OpenFaaS gateway does.
type Gateway struct {
	functions map[string]*Function
	order     []*Function
	parts     []Part
	transport *http.Transport
	queue     chan queued
	ending    <-chan struct{} // closed when the gateway is to end
	routes    http.Handler
}

// New gives a gateway. When ctx ends it carries out no more asynchronous calls and ends those who follow a log.
func New(ctx context.Context, c Config) *Gateway {
	g := &Gateway{
		functions: map[string]*Function{},
		order:     c.Functions,
		parts:     c.Parts,
		transport: newTransport(),
		queue:     make(chan queued, queueLength),
		ending:    ctx.Done(),
	}
	for _, f := range c.Functions {
		g.functions[f.Name] = f
		g.parts = append(g.parts, Part{f.Name, f.Process.Check})
	}
	routes := http.NewServeMux()
	for _, path := range []string{"/function/{name}", "/function/{name}/{path...}"} {
		routes.HandleFunc(path, g.call)
	}
	for _, path := range []string{"/async-function/{name}", "/async-function/{name}/{path...}"} {
		routes.HandleFunc("POST "+path, g.callLater)
	}
	credentials := &auth.BasicAuthCredentials{User: c.User, Password: c.Password}
	routes.HandleFunc("/system/", auth.DecorateWithBasicAuth(g.system().ServeHTTP, credentials))
	routes.HandleFunc("GET /healthz", g.health)
	g.routes = routes
	go g.work(ctx)
	return g
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tag(w, r)
	g.routes.ServeHTTP(w, r)
}
