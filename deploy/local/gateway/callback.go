package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	callbackHeader = "X-Callback-Url"
	maxCallback    = 32 << 20 // bytes of a response
)

// inCluster are the addresses of the OpenFaaS gateway for functions in a cluster.
var inCluster = []string{"gateway:8080", "gateway.openfaas:8080", "gateway.openfaas.svc.cluster.local:8080"}

// callback is where the response of an asynchronous call is posted: a function of this gateway.
type callback struct {
	function    *Function
	path, query string
}

// callback returns the callback that a request asks for, or nil. Anybody may call functions, so an address elsewhere is refused:
// this machine would post to any server that it can reach.
func (g *Gateway) callback(r *http.Request) (*callback, error) {
	text := r.Header.Get(callbackHeader)
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Host != r.Host && !slices.Contains(inCluster, u.Host) {
		return nil, errors.New(callbackHeader + " must be the address of a function of this gateway: http://" + r.Host + "/function/NAME")
	}
	name, ok := strings.CutPrefix(u.EscapedPath(), "/function/")
	name, path, _ := strings.Cut(name, "/")
	function := g.functions[strings.TrimSuffix(name, "."+Namespace)]
	if !ok || function == nil {
		return nil, fmt.Errorf("%s names no function of this gateway: %s", callbackHeader, u.Path)
	}
	return &callback{function, path, u.RawQuery}, nil
}

// post posts the response of a call to its callback.
func (g *Gateway) post(ctx context.Context, c *asyncCall, response *http.Response, took time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, responseTimeout)
	defer cancel()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxCallback))
	if err != nil {
		return
	}
	header := response.Header.Clone()
	header.Del("Content-Length")
	header.Set(callIDHeader, c.header.Get(callIDHeader))
	header.Set("X-Function-Name", c.function.Name)
	header.Set("X-Function-Status", strconv.Itoa(response.StatusCode))
	header.Set("X-Duration-Seconds", fmt.Sprintf("%f", took.Seconds()))
	answer, err := g.send(ctx, &asyncCall{
		function: c.callback.function, path: c.callback.path, query: c.callback.query, host: c.host, header: header, body: body,
	})
	if err == nil {
		answer.Body.Close()
	}
}
