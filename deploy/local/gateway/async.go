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
	largestMessage = 1 << 20 // bytes, as the real queue's
	// largestAnswer is how much of a function's answer is passed on to a callback, in bytes.
	largestAnswer = 32 << 20
)

// queued is a call to carry out later.
type queued struct {
	function *Function
	path     string
	query    string
	host     string
	header   http.Header
	body     []byte
	callback string // where to send the answer; "" for nowhere
}

// callLater takes a call into the queue and answers 202.
func (g *Gateway) callLater(w http.ResponseWriter, r *http.Request) {
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
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestMessage))
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
	case g.queue <- queued{function, r.PathValue("path"), r.URL.RawQuery, r.Host, header, body, callback}:
		w.WriteHeader(http.StatusAccepted)
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "the queue of asynchronous calls is full", http.StatusServiceUnavailable)
	}
}

// work carries out the queue's calls, one at a time.
func (g *Gateway) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-g.queue:
			g.carryOut(ctx, q)
		}
	}
}

func (g *Gateway) carryOut(ctx context.Context, q queued) {
	q.function.calls.Add(1)
	start := time.Now()
	answer, status, err := g.send(ctx, q)
	if err != nil {
		answer, status = &http.Response{Header: http.Header{}, Body: http.NoBody}, http.StatusServiceUnavailable
	}
	defer answer.Body.Close()
	if q.callback == "" {
		return
	}
	body := io.LimitReader(answer.Body, largestAnswer)
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, q.callback, body)
	if err != nil {
		return
	}
	request.Header = answer.Header.Clone()
	request.Header.Del("Content-Length")
	request.Header.Set(callIDHeader, q.header.Get(callIDHeader))
	request.Header.Set("X-Function-Name", q.function.Name)
	request.Header.Set("X-Function-Status", strconv.Itoa(status))
	request.Header.Set("X-Duration-Seconds", fmt.Sprintf("%f", time.Since(start).Seconds()))
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
	}
}

func (g *Gateway) send(ctx context.Context, q queued) (*http.Response, int, error) {
	if !q.function.revived(ctx) {
		return nil, 0, errors.New("the function is away")
	}
	address := url.URL{Scheme: "http", Host: q.function.Address, Path: "/" + q.path, RawQuery: q.query}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, 0, err
	}
	request.Header, request.Host = q.header, q.host
	response, err := g.transport.RoundTrip(request)
	if err != nil {
		return nil, 0, err
	}
	return response, response.StatusCode, nil
}
