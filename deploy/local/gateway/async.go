package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	maxMessage = 256_000 // bytes of a body, as in OpenFaaS Community Edition
	// asyncCalls is how many calls of the queue run at once. Community Edition makes one at a time for each queue worker.
	asyncCalls = 4
)

// enqueue puts a call into the queue and responds with 202.
func (g *Gateway) enqueue(w http.ResponseWriter, r *http.Request) {
	function, ok := g.find(w, r)
	if !ok {
		return
	}
	w.Header().Set(callIDHeader, r.Header.Get(callIDHeader))
	callback, err := g.callback(r)
	if err != nil {
		g.event(fmt.Sprintf("refused an asynchronous call of %s: %v, not %q", function.Name, err, r.Header.Get(callbackHeader)))
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, "the body of an asynchronous call may have 256000 bytes at most", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the request's body did not arrive in full", http.StatusBadRequest)
		return
	}
	header := r.Header.Clone()
	header.Del(callbackHeader)
	header.Del("Connection")
	if !g.queue.add(&asyncCall{function, r.PathValue("path"), r.URL.RawQuery, r.Host, header, body, callback}) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "the queue of asynchronous calls is full", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// runQueue makes the calls in the queue, one after the other, until ctx ends.
func (g *Gateway) runQueue(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-g.queue.calls:
			g.queue.removed(c)
			g.run(ctx, c)
		}
	}
}

// run makes a call and posts its response to the callback. A call that fails is not repeated, as in Community Edition, whose queue
// worker acknowledges a message whatever the function returned.
func (g *Gateway) run(ctx context.Context, c *asyncCall) {
	c.function.calls.Add(1)
	start := time.Now()
	response, err := g.send(ctx, c)
	if err == nil && response.StatusCode >= http.StatusInternalServerError {
		err = fmt.Errorf("it answered %d", response.StatusCode)
	}
	if err != nil && ctx.Err() == nil {
		g.event(fmt.Sprintf("an asynchronous call of %s failed and is not repeated: %v", c.function.Name, err))
	}
	if response == nil {
		response = &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: http.NoBody}
	}
	defer response.Body.Close()
	if c.callback != nil {
		g.post(ctx, c, response, time.Since(start))
	}
}

func (g *Gateway) send(ctx context.Context, c *asyncCall) (*http.Response, error) {
	if !c.function.waitForProcess(ctx) {
		return nil, errors.New("the function is not running")
	}
	address := url.URL{Scheme: "http", Host: c.function.Address, Path: "/" + c.path, RawQuery: c.query}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	request.Header, request.Host = c.header, c.host
	return g.transport.RoundTrip(request)
}
