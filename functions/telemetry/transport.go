package telemetry

import (
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Transport returns a RoundTripper that measures each request of next, until the response's body has been read or closed, and passes the
// trace on. A response of 500 or above is a failure of the part.
func Transport(part Part, next http.RoundTripper) http.RoundTripper { return transport{part, next} }

type transport struct {
	part Part
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, end := Begin(r.Context(), t.part, names[t.part]+" "+r.Method)
	r = r.WithContext(ctx) // a RoundTripper must not change its caller's request
	if traceparent := Traceparent(ctx); traceparent != "" {
		r.Header = r.Header.Clone()
		r.Header.Set(TraceparentHeader, traceparent)
	}
	response, err := t.next.RoundTrip(r)
	if err != nil {
		end(err)
		return nil, err
	}
	body := &measuredBody{ReadCloser: response.Body, end: end}
	if response.StatusCode >= http.StatusInternalServerError {
		body.err = fmt.Errorf("status %d", response.StatusCode)
	}
	response.Body = body
	return response, nil
}

// CloseIdleConnections closes those of next, as for http.Client.CloseIdleConnections.
func (t transport) CloseIdleConnections() { (&http.Client{Transport: t.next}).CloseIdleConnections() }

// measuredBody ends the part when the body has been read or closed.
type measuredBody struct {
	io.ReadCloser
	end  func(error)
	once sync.Once
	err  error // of the response
}

func (b *measuredBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if err == io.EOF {
		b.finish(nil)
	} else if err != nil {
		b.finish(err)
	}
	return n, err
}

func (b *measuredBody) Close() error {
	err := b.ReadCloser.Close()
	b.finish(nil)
	return err
}

func (b *measuredBody) finish(err error) {
	b.once.Do(func() {
		if b.err == nil {
			b.err = err
		}
		b.end(b.err)
	})
}
