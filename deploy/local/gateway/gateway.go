// Package gateway replaces the OpenFaaS gateway on a machine without a cluster: it has the same routes and responses, so that
// curl, the web app and faas-cli work as with the real one.
package gateway

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"snaptask/deploy/local/process"

	"github.com/openfaas/faas-provider/auth"
)

// Namespace is the namespace of all functions.
const Namespace = "openfaas-fn"

// Process is the process of a function: a *process.Child.
type Process interface {
	PID() int // 0 if it is not running
	Started() time.Time
	Check(context.Context) error // returns nil when the function is ready
	Log() *process.Log
}

// Function is a function behind the gateway.
type Function struct {
	Name    string
	Address string            // HOST:PORT of its process
	Env     map[string]string // settings, none of them secret
	Secrets []string          // names
	Process Process

	calls atomic.Int64 // since the gateway started
}

// Component is a part of the application that must work for it to be healthy.
type Component struct {
	Name  string
	Check func(context.Context) error // returns nil when it works, and takes at most a few seconds
}

// Config configures a gateway.
type Config struct {
	Functions  []*Function
	Components []Component // other than the functions
	User       string      // for /system
	Password   string
	Event      func(text string) // shows an event to the user
}

// Gateway is an http.Handler with the routes of the OpenFaaS gateway.
type Gateway struct {
	functions  map[string]*Function
	order      []*Function
	components []Component
	transport  *http.Transport
	queue      *queue
	event      func(string)
	stopping   <-chan struct{}
	routes     http.Handler
}

// New returns a gateway. When ctx ends, it stops making asynchronous calls and ends requests that follow a log.
func New(ctx context.Context, c Config) *Gateway {
	g := &Gateway{
		functions:  map[string]*Function{},
		order:      c.Functions,
		components: c.Components,
		transport:  newTransport(),
		queue:      newQueue(),
		event:      c.Event,
		stopping:   ctx.Done(),
	}
	for _, f := range c.Functions {
		g.functions[f.Name] = f
		g.components = append(g.components, Component{f.Name, f.Process.Check})
	}
	routes := http.NewServeMux()
	for _, path := range []string{"/function/{name}", "/function/{name}/{path...}"} {
		routes.HandleFunc(path, g.call)
	}
	for _, path := range []string{"/async-function/{name}", "/async-function/{name}/{path...}"} {
		routes.HandleFunc("POST "+path, g.enqueue)
	}
	credentials := &auth.BasicAuthCredentials{User: c.User, Password: c.Password}
	routes.HandleFunc("/system/", auth.DecorateWithBasicAuth(g.system().ServeHTTP, credentials))
	routes.HandleFunc("GET /healthz", g.health)
	g.routes = routes
	for range asyncCalls {
		go g.runQueue(ctx)
	}
	return g
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tag(w, r)
	g.routes.ServeHTTP(w, r)
}

// Degraded returns one line for each component that does not work, with the reason.
func (g *Gateway) Degraded(ctx context.Context) []string {
	reasons := make([]string, len(g.components))
	var group sync.WaitGroup
	for i, c := range g.components {
		group.Go(func() {
			if err := c.Check(ctx); err != nil {
				reasons[i] = fmt.Sprintf("%s: %v", c.Name, err)
			}
		})
	}
	group.Wait()
	return slices.DeleteFunc(reasons, func(reason string) bool { return reason == "" })
}

// health responds with 200 when everything works, and otherwise with 503 and a list of what does not.
func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
	degraded := g.Degraded(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if len(degraded) == 0 {
		fmt.Fprintln(w, "OK")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, "not ready:\n"+strings.Join(degraded, "\n"))
}
