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
	Public bool   // callable without a token
	Secret string // the name of the secret with which a program calls it; empty if users call it with their tokens

	// CheckSession, if not nil, checks the session before the body of a PUT is read: a photo is large.
	CheckSession func(*Deps, context.Context, task.Owner) error

	mu   sync.Mutex
	open *opened[Deps]
}

// Verbs are a function's verbs by HTTP method, each made by Verb.
type Verbs[Deps any] map[string]verb[Deps]

type verb[Deps any] func(context.Context, *Deps, task.Owner, handler.Request) (any, error)

// opened holds what a function reads from its environment once.
type opened[Deps any] struct {
	deps      *Deps
	authorize authorizer // nil for a public function
	clients   *auth.Clients
	origins   []string // whose pages may call it from a browser, besides those of the same origin
}

// With returns the function with other dependencies and another token verifier, for tests.
func (f *Function[Deps]) With(deps *Deps, tokens *auth.Verifier) *Function[Deps] {
	open := &opened[Deps]{deps: deps, authorize: byToken(tokens), clients: auth.NewClients(nil)}
	return &Function[Deps]{Verbs: f.Verbs, Public: f.Public, CheckSession: f.CheckSession, open: open}
}

// WithCaller is With for a function with a Secret.
func (f *Function[Deps]) WithCaller(deps *Deps, caller *auth.Caller) *Function[Deps] {
	open := &opened[Deps]{deps: deps, authorize: bySecret(caller), clients: auth.NewClients(nil)}
	return &Function[Deps]{Verbs: f.Verbs, Secret: f.Secret, open: open}
}

// Admission is what package serve needs to know of a request before its body arrives.
type Admission struct {
	User         string                      // on whose behalf it is; empty for a public function
	Client       string                      // the caller's address, if our web server proves it and there is no User
	Header       http.Header                 // of an error response to it
	CheckSession func(context.Context) error // nil if the session can be checked after the body has arrived
}

// Admit checks a request's method and its token or secret; the body is not needed. The fault is MethodNotAllowed, Unauthorized, or
// Forbidden for a page that may not call the function.
func (f *Function[Deps]) Admit(r handler.Request) (Admission, error) {
	open, err := f.opened()
	if err != nil {
		return Admission{}, err
	}
	_, owner, err := f.check(open, r)
	admission := Admission{Header: f.errorHeader(open, r, err)}
	switch {
	case err != nil:
		return admission, err
	case owner == task.Owner{}:
		admission.Client = open.clients.Address(r.Header.Get)
		return admission, nil
	}
	admission.User = string(owner.UserID[:])
	if f.CheckSession != nil && r.Method == http.MethodPut {
		admission.CheckSession = func(ctx context.Context) error { return f.CheckSession(open.deps, ctx, owner) }
	}
	return admission, nil
}

// Handle answers one request, whether or not it was admitted before. The error is always nil: OpenFaaS would turn any other into a
// 500.
func (f *Function[Deps]) Handle(r handler.Request) (handler.Response, error) {
	callID := r.Header.Get(CallIDHeader)
	if callID == "" {
		callID = uuid.NewString()
	}
	ctx := r.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	open, err := f.opened()
	if err != nil {
		return withCallID(Refuse(ctx, err, callID), callID), nil
	}
	response, err := f.answer(ctx, open, r)
	if err != nil {
		response = Refuse(ctx, err, callID)
		maps.Copy(response.Header, f.errorHeader(open, r, err))
		return withCallID(response, callID), nil
	}
	allowOrigin(open.origins, r, response.Header)
	return withCallID(response, callID), nil
}

func withCallID(response handler.Response, callID string) handler.Response {
	response.Header.Set(CallIDHeader, callID)
	return response
}

// errorHeader returns the headers of the response to a request that fails with err, in addition to those of Refuse.
func (f *Function[Deps]) errorHeader(open *opened[Deps], r handler.Request, err error) http.Header {
	header := http.Header{}
	if fault.Is(err, fault.MethodNotAllowed) {
		header.Set("Allow", f.allowed())
	}
	allowOrigin(open.origins, r, header)
	return header
}

// check returns the verb for the request's method and the owner of its token. A public function, one with a Secret, and OPTIONS have
// no owner.
func (f *Function[Deps]) check(open *opened[Deps], r handler.Request) (verb verb[Deps], owner task.Owner, err error) {
	if r.Method == http.MethodOptions {
		return f.preflight(), owner, checkOrigin(open.origins, r)
	}
	verb, ok := f.Verbs[r.Method]
	if !ok {
		return nil, owner, fault.New(fault.MethodNotAllowed, "method_not_allowed", "This function answers "+f.allowed()+".")
	}
	if !f.Public {
		owner, err = open.authorize(r.Header.Get("Authorization"))
	}
	return verb, owner, err
}

// answer calls the verb for a request.
func (f *Function[Deps]) answer(ctx context.Context, open *opened[Deps], r handler.Request) (response handler.Response, err error) {
	verb, owner, err := f.check(open, r)
	if err != nil {
		return response, err
	}
	result, err := verb(ctx, open.deps, owner, r)
	if err != nil {
		return response, err
	}
	return encode(result)
}

// Deps returns the function's dependencies, which it opens unless they are open.
func (f *Function[Deps]) Deps() (*Deps, error) {
	open, err := f.opened()
	if err != nil {
		return nil, err
	}
	return open.deps, nil
}

// opened reads the function's environment once. After a failure, the next call retries.
func (f *Function[Deps]) opened() (*opened[Deps], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open != nil {
		return f.open, nil
	}
	c := config.New()
	open := &opened[Deps]{deps: f.Open(c), origins: readOrigins(c), clients: auth.OpenClients(c)}
	switch {
	case f.Public:
	case f.Secret != "":
		open.authorize = bySecret(auth.OpenCaller(c, f.Secret))
	default:
		open.authorize = byToken(auth.OpenVerifier(c))
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
