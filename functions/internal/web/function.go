// Package web is the only package under internal that handles HTTP. It checks a request's method, token and body, calls the
// function's verb, and encodes the result. Whether the token's session has ended is for the store to check.
package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

// CallIDHeader is the header with the ID of a call, which the gateway sets and every log line about the call has.
const CallIDHeader = "X-Call-Id"

// Function is one function: its dependencies, and a verb for each HTTP method.
type Function[Deps any] struct {
	Open   func(*config.Reader) *Deps // called at the first request, and again after a failure; dials nothing
	Verbs  Verbs[Deps]
	Public bool // callable without a session

	mu   sync.Mutex
	open *opened[Deps]
}

// Verbs are a function's verbs by HTTP method, each made by Verb.
type Verbs[Deps any] map[string]verb[Deps]

type verb[Deps any] func(context.Context, *Deps, task.Owner, handler.Request) (any, error)

// opened holds what a function reads from its environment once.
type opened[Deps any] struct {
	deps    *Deps
	tokens  *auth.Verifier // nil for a public function
	origins []string       // whose pages may call it from a browser, besides those of the same origin
}

// With returns the function with other dependencies and another token verifier, for tests.
func (f *Function[Deps]) With(deps *Deps, tokens *auth.Verifier) *Function[Deps] {
	return &Function[Deps]{Verbs: f.Verbs, Public: f.Public, open: &opened[Deps]{deps: deps, tokens: tokens}}
}

// Handle answers one request. The error is always nil: OpenFaaS would turn any other into a 500.
func (f *Function[Deps]) Handle(r handler.Request) (handler.Response, error) {
	callID := r.Header.Get(CallIDHeader)
	if callID == "" {
		callID = uuid.NewString()
	}
	open, err := f.opened()
	if err != nil {
		return withCallID(Refuse(err, callID), callID), nil
	}
	response, err := f.answer(open, r)
	if err != nil {
		response = Refuse(err, callID)
		if fault.Is(err, fault.MethodNotAllowed) {
			response.Header.Set("Allow", f.allowed())
		}
	}
	allowOrigin(open.origins, r, response.Header)
	return withCallID(response, callID), nil
}

func withCallID(response handler.Response, callID string) handler.Response {
	response.Header.Set(CallIDHeader, callID)
	return response
}

// answer checks the method and the token, in this order, and calls the verb.
func (f *Function[Deps]) answer(open *opened[Deps], r handler.Request) (response handler.Response, err error) {
	if r.Method == http.MethodOptions {
		return f.preflight(open.origins, r)
	}
	verb, ok := f.Verbs[r.Method]
	if !ok {
		return response, fault.New(fault.MethodNotAllowed, "method_not_allowed", "This function answers "+f.allowed()+".")
	}
	var owner task.Owner
	if !f.Public {
		if owner, err = open.tokens.Owner(bearer(r.Header.Get("Authorization"))); err != nil {
			return response, err
		}
	}
	ctx := r.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	result, err := verb(ctx, open.deps, owner, r)
	if err != nil {
		return response, err
	}
	return encode(result)
}

// opened reads the function's environment once. After a failure, the next call retries.
func (f *Function[Deps]) opened() (*opened[Deps], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open != nil {
		return f.open, nil
	}
	c := config.New()
	open := &opened[Deps]{deps: f.Open(c), origins: readOrigins(c)}
	if !f.Public {
		open.tokens = auth.OpenVerifier(c)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	f.open = open
	return open, nil
}

func (f *Function[Deps]) allowed() string {
	methods := append(slices.Sorted(maps.Keys(f.Verbs)), http.MethodOptions)
	return strings.Join(methods, ", ")
}
