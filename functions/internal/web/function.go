// Package web stands between HTTP and the functions: it checks methods, decodes requests, encodes replies, gives each
// fault its status and answers browsers' preflight requests. No other package of the functions knows HTTP.
package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

// CallIDHeader names a call from the gateway to the last log line.
const CallIDHeader = "X-Call-Id"

// Verb does the work of one HTTP method with what the function reaches outside itself.
type Verb[Deps any] func(*Deps, *Request) (handler.Response, error)

// Function is one function as HTTP sees it: how to open what it needs, and a verb for each method.
type Function[Deps any] struct {
	Open  func() (*Deps, error) // called at the first request, and again after it failed; dials nothing
	Verbs map[string]Verb[Deps]

	mu      sync.Mutex
	deps    *Deps
	origins []string // from which browsers may call, beside our own
}

// Handle answers one request. The error it returns is always nil, for OpenFaaS would make a 500 of any other.
func (f *Function[Deps]) Handle(sent handler.Request) (handler.Response, error) {
	callID := sent.Header.Get(CallIDHeader)
	if callID == "" {
		callID = uuid.NewString()
		sent.Header = sent.Header.Clone()
		if sent.Header == nil {
			sent.Header = http.Header{}
		}
		sent.Header.Set(CallIDHeader, callID)
	}
	deps, origins, err := f.opened()
	var response handler.Response
	if err == nil {
		response, err = f.answer(deps, origins, sent)
	}
	if err != nil {
		response = Refuse(err, callID)
		if fault.Is(err, fault.MethodNotAllowed) {
			response.Header.Set("Allow", f.allowed())
		}
	}
	response.Header.Set(CallIDHeader, callID)
	allowOrigin(origins, sent, response.Header)
	return response, nil
}

func (f *Function[Deps]) answer(deps *Deps, origins []string, sent handler.Request) (handler.Response, error) {
	if sent.Method == http.MethodOptions {
		return f.preflight(origins, sent)
	}
	verb, ok := f.Verbs[sent.Method]
	if !ok {
		return handler.Response{}, fault.New(fault.MethodNotAllowed, "method_not_allowed", "This function answers "+f.allowed()+".")
	}
	request, err := newRequest(sent)
	if err != nil {
		return handler.Response{}, err
	}
	return verb(deps, request)
}

// opened gives what the function needs and the origins from which browsers may call it.
func (f *Function[Deps]) opened() (*Deps, []string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deps != nil {
		return f.deps, f.origins, nil
	}
	origins, err := config.Origins()
	if err != nil {
		return nil, nil, err
	}
	deps, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	f.deps, f.origins = deps, origins
	return deps, origins, nil
}

func (f *Function[Deps]) allowed() string {
	methods := append(slices.Sorted(maps.Keys(f.Verbs)), http.MethodOptions)
	return strings.Join(methods, ", ")
}

// preflight answers the question a browser asks before it sends a request from another origin's page.
func (f *Function[Deps]) preflight(origins []string, sent handler.Request) (handler.Response, error) {
	if origin := sent.Header.Get("Origin"); origin != "" && !slices.Contains(origins, origin) {
		return handler.Response{}, fault.New(fault.Forbidden, "origin_not_allowed", "Pages of this origin may not call this function.")
	}
	r := Bytes("text/plain; charset=utf-8", nil)
	r.Header.Set("Allow", f.allowed())
	r.Header.Set("Access-Control-Allow-Methods", f.allowed())
	r.Header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, "+CallIDHeader)
	r.Header.Set("Access-Control-Max-Age", "600")
	return r, nil
}

func allowOrigin(origins []string, sent handler.Request, answer http.Header) {
	if len(origins) == 0 {
		return
	}
	answer.Add("Vary", "Origin")
	if origin := sent.Header.Get("Origin"); slices.Contains(origins, origin) {
		answer.Set("Access-Control-Allow-Origin", origin)
		answer.Set("Access-Control-Expose-Headers", "ETag, Link, Retry-After, "+CallIDHeader)
	}
}
