package serve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/turns"
	"snaptask/functions/internal/web"
	"snaptask/functions/telemetry"

	handler "github.com/openfaas/templates-sdk/go-http"
)

// call is one request on its way to the function.
type call struct {
	*server
	ctx      context.Context // of the request, with what telemetry measures of it
	w        http.ResponseWriter
	r        *http.Request
	id       string
	admitted web.Admission
	patience time.Duration // how long it may still wait for its turns
	received int           // bytes of the body
	taken    []func()      // each frees a turn or the memory that the call has taken
}

// respond returns the response. Its caller has to call release.
func (c *call) respond() handler.Response {
	request := handler.Request{Header: c.r.Header, QueryString: c.r.URL.RawQuery, Method: c.r.Method, Host: c.r.Host}
	request.WithContext(c.ctx)
	if err := c.admit(request); err != nil {
		discardUnread(c.w, c.r)
		return c.refuse(err)
	}
	user := c.user()
	_, arrived := telemetry.Begin(c.ctx, telemetry.Body, "body")
	body, end, err := c.receive(c.w, c.r, user)
	arrived(err)
	c.taken = append(c.taken, end)
	if err != nil {
		return c.refuse(err)
	}
	c.received, request.Body = len(body), body
	if !c.wait(c.slots, user) {
		return c.refuse(c.busy("slots", "Too many requests at once. Please try again."))
	}
	return c.run(request)
}

// admit checks the request's method and token, waits for the user's turn, and then checks the session if that can't wait for the body.
func (c *call) admit(request handler.Request) (err error) {
	if c.Admit == nil {
		return nil
	}
	if c.admitted, err = c.Admit(request); err != nil {
		return err
	}
	user := c.admitted.User
	if user == "" {
		return nil
	}
	if !c.wait(c.users, user) {
		return c.busy("user", "You have too many requests at once. Please try again.")
	}
	if c.admitted.CheckSession == nil {
		return nil
	}
	return c.admitted.CheckSession(c.ctx)
}

// wait waits for the call's turn and reports whether it has come.
func (c *call) wait(queue *turns.Queue, user string) bool {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(c.ctx, c.patience)
	defer cancel()
	done, ok := queue.Wait(ctx, turns.Line{Name: user})
	if !ok {
		return false
	}
	c.patience -= time.Since(begun)
	c.taken = append(c.taken, done)
	return true
}

// user returns the user on whose behalf the call is. A caller without a session counts by address: the one that our web server
// proves, or that of the connection.
func (c *call) user() string {
	if c.admitted.User != "" {
		return c.admitted.User
	}
	if c.admitted.Client != "" {
		return c.admitted.Client
	}
	host, _, _ := net.SplitHostPort(c.r.RemoteAddr)
	return host
}

// busy returns the fault of a request that is refused because there are too many, and counts it.
func (s *server) busy(cause, message string) error {
	s.metrics.refused(cause)
	return &fault.Error{Kind: fault.Unavailable, Code: "busy", Message: message, RetryAfter: time.Second}
}

// refuse returns the response for an error.
func (c *call) refuse(err error) handler.Response {
	response := web.Refuse(c.ctx, err, c.id)
	maps.Copy(response.Header, c.admitted.Header)
	return response
}

// release frees what the call has taken.
func (c *call) release() {
	for _, free := range c.taken {
		free()
	}
	c.taken = nil
}

// run runs the function within EXEC_TIMEOUT. If it takes longer, what its call has taken is freed only when it returns.
func (c *call) run(request handler.Request) handler.Response {
	ctx, cancel := context.WithTimeout(c.ctx, c.settings.ExecTimeout)
	request.WithContext(ctx)
	done := make(chan handler.Response, 1)
	go func() {
		defer cancel()
		done <- c.invoke(request)
	}()
	select {
	case response := <-done:
		return response
	case <-ctx.Done():
	}
	select {
	case response := <-done:
		return response
	case <-time.After(timeoutGrace):
	}
	late := &call{taken: c.taken}
	c.taken = nil
	go func() {
		<-done
		late.release()
	}()
	c.metrics.refused("time")
	return c.refuse(timedOut(request.Method, context.Cause(ctx)))
}

// timedOut returns the fault of a function that took too long. The function may still do what was asked.
func timedOut(method string, cause error) error {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return &fault.Error{
			Kind: fault.Unavailable, Code: "timed_out", Message: "The work took too long. Please try again.",
			RetryAfter: 2 * time.Second, Cause: cause,
		}
	}
	return fault.OutcomeUnknown(cause)
}

// invoke calls the function and turns its panic or error into a response.
func (c *call) invoke(request handler.Request) (response handler.Response) {
	defer func() {
		if p := recover(); p != nil {
			response = c.refuse(fmt.Errorf("panic: %v: %s", p, debug.Stack()))
		}
	}()
	response, err := c.Handle(request)
	if err != nil {
		return c.refuse(errors.Join(errors.New("the function returned an error"), err))
	}
	if response.StatusCode == 0 {
		response.StatusCode = http.StatusOK
	}
	return response
}
