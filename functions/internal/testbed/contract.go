package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
)

// methodNotAllowed is the part of the contract for methods that a function does not have.
const methodNotAllowed = "MethodNotAllowed"

var contract struct {
	sync.Once
	document *openapi3.T
	err      error
}

// Contract returns openapi.yaml. The tests of a process share it and must not change it.
func Contract(t testing.TB) *openapi3.T {
	t.Helper()
	file := filepath.Join(root(t), "functions", "openapi.yaml")
	contract.Do(func() { contract.document, contract.err = openapi3.NewLoader().LoadFromFile(file) })
	require.NoError(t, contract.err)
	return contract.document
}

// Breach returns an error that describes how the call, or its answer, differs from the contract, or nil. It checks the call
// only if it succeeded: tests of refusals break the contract on purpose.
func Breach(contract *openapi3.T, c Call, a Answer) error {
	path := "/function/" + c.Function
	item := contract.Paths.Value(path)
	if item == nil {
		return fmt.Errorf("no path %s", path)
	}
	route := &routers.Route{Spec: contract, Path: path, PathItem: item, Method: c.Method, Operation: item.Operations()[c.Method]}
	if route.Operation == nil {
		route.Operation = &openapi3.Operation{Responses: openapi3.NewResponses(
			openapi3.WithStatus(http.StatusMethodNotAllowed, contract.Components.Responses[methodNotAllowed]))}
	}
	response := route.Operation.Responses.Status(a.Status)
	if response == nil {
		return fmt.Errorf("%s %s: the status %d is not documented", c.Method, path, a.Status)
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, MultiError: true, SkipSettingDefaults: true, AuthenticationFunc: bearer,
		SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.WithStringFormatValidator("date", realDate)},
	}
	asked := &openapi3filter.RequestValidationInput{Request: c.request(path, route.Operation), Route: route, Options: options}
	answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: a.Status, Header: a.Header, Options: options}
	answered.SetBodyBytes(a.Body)

	ctx := context.Background()
	problems := []error{headersDiffer(response.Value, a), openapi3filter.ValidateResponse(ctx, answered)}
	if a.Status < http.StatusBadRequest {
		problems = append(problems, unknownParameters(route.Operation, asked.Request), openapi3filter.ValidateRequest(ctx, asked))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("%s %s answers %d, which differs from functions/openapi.yaml: %w", c.Method, path, a.Status, err)
	}
	return nil
}

// request returns the call as an HTTP request, with the Content-Type that the contract specifies, which functions ignore.
func (c Call) request(path string, operation *openapi3.Operation) *http.Request {
	header := c.header()
	header.Set("Content-Type", "application/octet-stream")
	if body := operation.RequestBody; body != nil && body.Value.Content["application/json"] != nil {
		header.Set("Content-Type", "application/json")
	}
	return &http.Request{
		Method: c.Method, URL: &url.URL{Path: path, RawQuery: c.Query}, Header: header,
		Body: io.NopCloser(bytes.NewReader(bytes.TrimPrefix(c.Body, []byte("\ufeff")))), // the contract allows the mark outside of the schema
	}
}

// headersDiffer returns an error for an undocumented or missing header, or an undocumented body.
func headersDiffer(documented *openapi3.Response, a Answer) error {
	known := []string{"Content-Type"}
	for name, header := range documented.Headers {
		known = append(known, http.CanonicalHeaderKey(name))
		if header.Value.Required && a.Header.Get(name) == "" {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	for name := range a.Header {
		if !slices.Contains(known, name) {
			return fmt.Errorf("the header %s is not documented", name)
		}
	}
	if len(documented.Content) == 0 && len(a.Body) > 0 {
		return fmt.Errorf("a body of %d bytes is not documented", len(a.Body))
	}
	return nil
}

// unknownParameters returns an error for a query parameter that the operation does not have.
func unknownParameters(operation *openapi3.Operation, request *http.Request) error {
	for _, name := range slices.Sorted(maps.Keys(request.URL.Query())) {
		if operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("the parameter %s is not documented", name)
		}
	}
	return nil
}

var realDate = openapi3.NewCallbackValidator(func(text string) error {
	_, err := time.Parse(time.DateOnly, text)
	return err
})

func bearer(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	authorization := input.RequestValidationInput.Request.Header.Get("Authorization")
	if token, ok := strings.CutPrefix(authorization, "Bearer "); !ok || token == "" {
		return errors.New("the call carries no token")
	}
	return nil
}
