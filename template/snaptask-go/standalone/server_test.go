package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
)

func limits() settings {
	return settings{bodyLimit: 10, maxInflight: 2, readTimeout: 5 * time.Second, execTimeout: 5 * time.Second, writeTimeout: 5 * time.Second}
}

func echo(r handler.Request) (handler.Response, error) {
	return handler.Response{Body: []byte(r.Method + " " + r.QueryString + " " + r.Header.Get("X-Word") + " " + string(r.Body))}, nil
}

// call sends a request and checks the status and the body of the response.
func call(t *testing.T, s http.Handler, r *http.Request, status int, body string) http.Header {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != status || w.Body.String() != body {
		t.Fatalf("got %d %q, want %d %q", w.Code, w.Body, status, body)
	}
	return w.Header()
}

func post(body string) *http.Request {
	return httptest.NewRequest(http.MethodPost, "/?a=1", strings.NewReader(body))
}

func TestTheFunctionGetsTheRequestAndItsResponseIsSent(t *testing.T) {
	r := post("words")
	r.Header.Set("X-Word", "w")
	header := call(t, newServer(limits(), echo), r, http.StatusOK, "POST a=1 w words")
	if got := header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("without a Content-Type OpenFaaS would copy the request's, not %q", got)
	}
	header = call(t, newServer(limits(), func(handler.Request) (handler.Response, error) {
		return handler.Response{StatusCode: http.StatusCreated, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("made")}, nil
	}), post(""), http.StatusCreated, "made")
	if got := header.Get("Content-Type"); got != "text/plain" {
		t.Errorf("got Content-Type %q, want the function's", got)
	}
}

func TestWhatAFunctionHasDoneIsNeverAnsweredAsLate(t *testing.T) {
	s := newServer(limits(), echo)
	for range 1000 {
		call(t, s, post("words"), http.StatusOK, "POST a=1  words")
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := newServer(limits(), echo)
	for range 3 { // more often than there are slots
		call(t, s, post("elevenbytes"), http.StatusRequestEntityTooLarge, "the body has more than 10 bytes\n")
	}
	call(t, s, post("ten bytes!"), http.StatusOK, "POST a=1  ten bytes!")
}

func TestAnErrorOrAPanicIsAnInternalErrorThatSaysNothing(t *testing.T) {
	for _, handle := range []handle{
		func(handler.Request) (handler.Response, error) { return handler.Response{}, errors.New("secret") },
		func(handler.Request) (handler.Response, error) { panic("secret") },
	} {
		s := newServer(limits(), handle)
		for range 3 {
			call(t, s, post(""), http.StatusInternalServerError, "internal error\n")
		}
	}
}

func TestALateFunctionKeepsItsSlotUntilItReturns(t *testing.T) {
	settings := limits()
	settings.maxInflight, settings.execTimeout = 1, time.Millisecond
	open, returned := make(chan struct{}), make(chan struct{}, 1)
	s := newServer(settings, func(r handler.Request) (handler.Response, error) {
		<-open
		returned <- struct{}{}
		return handler.Response{}, r.Context().Err()
	})
	call(t, s, post(""), http.StatusGatewayTimeout, "the function takes longer than 1ms and may still do its work\n")
	header := call(t, s, post(""), http.StatusServiceUnavailable, "too many requests at once\n")
	if header.Get("Retry-After") == "" {
		t.Error("the client does not learn when to try again")
	}
	close(open)
	<-returned
	s.slots <- struct{}{} // waits until it is free
}

func TestARunningRequestIsAnsweredWhileTheServerStops(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, open := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, limits(), func(r handler.Request) (handler.Response, error) {
			close(entered)
			<-open
			return echo(r)
		})
	}()
	address := "http://" + listener.Addr().String()
	if response, err := http.Get(address + "/_/health"); err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response, err)
	}
	answered := make(chan string, 1)
	go func() {
		response, err := http.Get(address + "/?q=1")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()
	<-entered
	stop()
	close(open)
	if got := <-answered; got != "GET q=1  " {
		t.Errorf("got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Setenv("BODY_LIMIT", "0")
	t.Setenv("EXEC_TIMEOUT", "10")
	_, err := settingsFromEnv()
	if err == nil || !strings.Contains(err.Error(), "BODY_LIMIT") || !strings.Contains(err.Error(), "EXEC_TIMEOUT") {
		t.Errorf("the error must name both: %v", err)
	}
	t.Setenv("BODY_LIMIT", "1024")
	t.Setenv("EXEC_TIMEOUT", "20s")
	s, err := settingsFromEnv()
	if err != nil || s.bodyLimit != 1024 || s.execTimeout != 20*time.Second || s.port != 8080 {
		t.Errorf("%+v %v", s, err)
	}
}
