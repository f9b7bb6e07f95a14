// Package function answers each request with a greeting.
package function

import (
	"net/http"

	handler "github.com/openfaas/templates-sdk/go-http"
)

// Handle answers one call. An error that it returns is logged and answered with 500; faults of the caller are Responses.
func Handle(r handler.Request) (handler.Response, error) {
	if r.Method != http.MethodPost {
		return text(http.StatusMethodNotAllowed, "Please send your name by POST.\n"), nil
	}
	if len(r.Body) == 0 {
		return text(http.StatusBadRequest, "The body must be your name.\n"), nil
	}
	return text(http.StatusOK, "Hello, "+string(r.Body)+".\n"), nil
}

func text(status int, words string) handler.Response {
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	return handler.Response{StatusCode: status, Header: header, Body: []byte(words)}
}
