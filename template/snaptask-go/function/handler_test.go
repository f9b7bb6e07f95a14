package function

import (
	"net/http"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"
)

func TestHandle(t *testing.T) {
	for name, c := range map[string]struct {
		request handler.Request
		status  int
		body    string
	}{
		"a name":  {handler.Request{Method: http.MethodPost, Body: []byte("Ada")}, http.StatusOK, "Hello, Ada.\n"},
		"no name": {handler.Request{Method: http.MethodPost}, http.StatusBadRequest, "The body must be your name.\n"},
		"by GET":  {handler.Request{Method: http.MethodGet}, http.StatusMethodNotAllowed, "Please send your name by POST.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := Handle(c.request)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || string(response.Body) != c.body {
				t.Errorf("got %d %q, want %d %q", response.StatusCode, response.Body, c.status, c.body)
			}
		})
	}
}
