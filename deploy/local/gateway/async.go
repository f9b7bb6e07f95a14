package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	callbackHeader = "X-Callback-Url"
	queueLength    = 100
	maxMessage     = 1 << 20  // bytes of a request, as in the real queue
	maxCallback    = 32 << 20 // bytes of a response
)

// asyncCall is a call in the queue.
type asyncCall struct {
	function *Function
	path     string
	query    string
	host     string
	header   http.Header
	body     []byte
	callback string // URL for the response; may be empty
}

// enqueue puts a call into the queue and responds with 202.
func (g *Gateway) enqueue(w http.ResponseWriter, r *http.Request) {
	function, ok := g.find(w, r)
	if !ok {
		return
	}
	w.Header().Set(callIDHeader, r.Header.Get(callIDHeader))
	callback := r.Header.Get(callbackHeader)
	if u, err := url.Parse(callback); callback != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		http.Error(w, callbackHeader+" must be a full http or https address", http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, "an asynchronous call may hold 1 MB at most", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the request's body did not arrive in full", http.StatusBadRequest)
		return
	}
	header := r.Header.Clone()
	header.Del(callbackHeader)
	header.Del("Connection")
	select {
	case g.queue <- asyncCall{function, r.PathValue("path"), r.URL.RawQuery, r.Host, header, body, callback}:
		w.WriteHeader(http.StatusAccepted)
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "the queue of asynchronous calls is full", http.StatusServiceUnavailable)
	}
}

// runQueue makes the calls in the queue, one at a time, until ctx ends.
func (g *Gateway) runQueue(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-g.queue:
			g.run(ctx, c)
		}
	}
}

// run makes a call and posts its response to the callback.
func (g *Gateway) run(ctx context.Context, c asyncCall) {
	c.function.calls.Add(1)
	start := time.Now()
	response, err := g.send(ctx, c)
	if err != nil {
		response = &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: http.NoBody}
	}
	defer response.Body.Close()
	if c.callback == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, responseTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.callback, io.LimitReader(response.Body, maxCallback))
	if err != nil {
		return
	}
	request.Header = response.Header.Clone()
	request.Header.Del("Content-Length")
	request.Header.Set(callIDHeader, c.header.Get(callIDHeader))
	request.Header.Set("X-Function-Name", c.function.Name)
	request.Header.Set("X-Function-Status", strconv.Itoa(response.StatusCode))
	request.Header.Set("X-Duration-Seconds", fmt.Sprintf("%f", time.Since(start).Seconds()))
	if answer, err := http.DefaultClient.Do(request); err == nil {
		answer.Body.Close()
	}
}

func (g *Gateway) send(ctx context.Context, c asyncCall) (*http.Response, error) {
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
