package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
)

// handle is a function in the form of the OpenFaaS templates.
type handle func(handler.Request) (handler.Response, error)

// server passes requests to a function within the limits, and logs one line for each.
type server struct {
	settings settings
	handle   handle
	name     string
	slots    chan struct{} // one for each request that is served
}

func newServer(s settings, handle handle) *server {
	return &server{s, handle, os.Getenv("OPENFAAS_NAME"), make(chan struct{}, s.maxInflight)}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	response, received := s.respond(w, r)
	header := w.Header()
	for name, values := range response.Header {
		header[name] = values
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/octet-stream") // else OpenFaaS would copy the request's
	}
	header.Set("Content-Length", strconv.Itoa(len(response.Body)))
	w.WriteHeader(response.StatusCode)
	sent, err := w.Write(response.Body)
	if err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		slog.Warn("the client disconnected before the response was sent", "cause", err.Error())
	}
	slog.Info("request", "function", s.name, "callId", r.Header.Get("X-Call-Id"), "method", r.Method, "status", response.StatusCode,
		"ms", float64(time.Since(start).Microseconds())/1000, "bytesIn", received, "bytesOut", sent)
}

// respond returns the response and how many bytes of the request's body it read. The slot is taken before the body arrives, so that
// MAX_INFLIGHT times BODY_LIMIT bounds the memory of bodies.
func (s *server) respond(w http.ResponseWriter, r *http.Request) (response handler.Response, received int) {
	select {
	case s.slots <- struct{}{}:
	default:
		response = refuse(http.StatusServiceUnavailable, "too many requests at once")
		response.Header.Set("Retry-After", "1")
		return response, 0
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.settings.bodyLimit))
	if err != nil {
		<-s.slots
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", tooLarge.Limit)), 0
		}
		return refuse(http.StatusBadRequest, "the body did not arrive in full"), 0
	}
	request := handler.Request{Body: body, Header: r.Header, QueryString: r.URL.RawQuery, Method: r.Method, Host: r.Host}
	return s.run(r.Context(), request), len(body)
}

// run calls the function and waits for it until EXEC_TIMEOUT. The slot is free only when the function has returned.
func (s *server) run(parent context.Context, request handler.Request) handler.Response {
	ctx, cancel := context.WithTimeout(parent, s.settings.execTimeout)
	defer cancel()
	request.WithContext(ctx)
	done := make(chan handler.Response, 1)
	go func() {
		response := s.invoke(request)
		<-s.slots
		done <- response
	}()
	select {
	case response := <-done:
		return response
	case <-ctx.Done():
		return refuse(http.StatusGatewayTimeout, fmt.Sprintf("the function takes longer than %v and may still do its work", s.settings.execTimeout))
	}
}

// invoke calls the function and turns its panic or error into 500.
func (s *server) invoke(request handler.Request) (response handler.Response) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("the function panicked", "cause", fmt.Sprint(p), "stack", string(debug.Stack()))
			response = refuse(http.StatusInternalServerError, "internal error")
		}
	}()
	response, err := s.handle(request)
	if err != nil {
		slog.Error("the function returned an error", "cause", err.Error())
		return refuse(http.StatusInternalServerError, "internal error")
	}
	if response.StatusCode == 0 {
		response.StatusCode = http.StatusOK
	}
	return response
}

func refuse(status int, words string) handler.Response {
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	return handler.Response{StatusCode: status, Header: header, Body: []byte(words + "\n")}
}
