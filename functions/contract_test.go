package functions_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/testbed"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func TestContractIsValidWithAllItsExamples(t *testing.T) {
	t.Parallel()
	contract := testbed.Contract(t)
	require.NoError(t, contract.Validate(context.Background()))
}

func TestExamplesThatDifferFromTheirSchemaAreFound(t *testing.T) {
	t.Parallel()
	contract, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	contract.Components.Examples["task"].Value.Value.(map[string]any)["colour"] = "red"
	require.ErrorContains(t, contract.Validate(context.Background()), "colour")
}

// documented returns the operations of each function by method.
func documented(contract *openapi3.T) map[string]map[string]*openapi3.Operation {
	all := map[string]map[string]*openapi3.Operation{}
	for path, item := range contract.Paths.Map() {
		all[strings.TrimPrefix(path, "/function/")] = item.Operations()
	}
	return all
}

// elsewhere returns the documented responses that contract does not produce, and the tests that do.
func elsewhere(contract *openapi3.T) map[string]string {
	reasons := map[string]string{
		"POST register 403":       "needs REGISTRATION=off: register/handler_test.go",
		"POST register 429":       "needs a proven address: register/handler_test.go",
		"GET get-tasks 429":       "needs two searches at once: get-tasks/searches_test.go",
		"POST upload-url 429":     "needs 100 awaited photos: upload-url/handler_test.go",
		"POST get-tasks 429":      "needs two searches at once: get-tasks/searches_test.go",
		"POST create-task 403":    "needs a small quota: create-task/handler_test.go",
		"PATCH update-task 403":   "needs a small quota: update-task/handler_test.go",
		"PUT predict-image 403":   "needs a small quota: predict-image/handler_test.go",
		"PUT predict-image 409":   "needs a task at its last version: predict-image/handler_test.go",
		"POST upload-url 403":     "needs a small quota: upload-url/handler_test.go",
		"POST upload-url 409":     "needs a task at its last version: upload-url/handler_test.go",
		"DELETE upload-url 409":   "needs a task at its last version: upload-url/handler_test.go",
		"DELETE delete-image 409": "needs a task at its last version: delete-image/handler_test.go",
		"POST predict-image 409":  "needs another image at the same moment: predict-image/handler_test.go",
	}
	for name, operations := range documented(contract) {
		for method, operation := range operations {
			call := method + " " + name
			reasons[call+" 503"] = "needs an unavailable server: each function's handler_test.go"
			if operation.RequestBody == nil {
				reasons[call+" 413"] = "package serve limits bodies: serve/body_test.go"
			}
		}
	}
	return reasons
}

// contract makes calls until every documented response has occurred. Each call checks that its response is as documented.
func (s *suite) contract(t *testing.T) {
	contract := testbed.Contract(t)
	missing := map[string]bool{}
	for name, operations := range documented(contract) {
		for method, operation := range operations {
			for status := range operation.Responses.Map() {
				missing[method+" "+name+" "+status] = true
			}
		}
	}
	try := func(name string, c testbed.Call) testbed.Answer {
		answer := s.call(t, name, c)
		delete(missing, fmt.Sprint(c.Method, " ", name, " ", answer.Status))
		return answer
	}

	all, eve := samples(t), s.signIn(t)
	for name, operations := range documented(contract) {
		methods := append(slices.Sorted(maps.Keys(operations)), http.MethodOptions)
		require.Equal(t, strings.Join(methods, ", "), s.call(t, name, testbed.Call{Method: http.MethodTrace}).Header.Get("Allow"), name)
		for method := range operations {
			ada := s.signIn(t)
			mine := s.create(t, ada)
			s.ok(t, nil, "predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: mine, Body: testbed.JPEG(t)})
			c := all[name]
			call := testbed.Call{Method: method, Query: c.query(mine), Body: c.body}
			if method == http.MethodPost && name == "predict-image" {
				call.Body = nil
			}
			try(name, call)
			if call.Query != "" {
				call.Token = c.token(eve)
				try(name, call)
			}
			call.Token = c.token(ada)
			for _, bad := range []testbed.Call{{Query: "%zz", Body: call.Body}, {Query: call.Query, Body: c.large}} {
				bad.Method, bad.Token = method, call.Token
				try(name, bad)
			}
			try(name, call)
		}
	}
	s.conflicts(t, try)
	s.pictures(t, try)
	s.tooManyTries(t, try)

	require.Equal(t, slices.Sorted(maps.Keys(elsewhere(contract))), slices.Sorted(maps.Keys(missing)),
		"responses expected only in other tests, and those not seen here")
}

type attempt = func(name string, c testbed.Call) testbed.Answer

func (s *suite) conflicts(t *testing.T, try attempt) {
	ada := s.signIn(t)
	account := fmt.Appendf(nil, `{"username": %q, "password": %q}`, ada.name, password)
	try("register", testbed.Call{Method: "POST", Body: account})
	try("login", testbed.Call{Method: "POST", Body: account})
	fresh := fmt.Appendf(nil, `{"username": %q, "password": %q}`, testbed.NewID(t), password)
	try("register", testbed.Call{Method: "POST", Body: fresh})

	mine := s.create(t, ada)
	try("update-task", testbed.Call{Method: "PATCH", Token: ada.token, Query: mine, Body: []byte(`{"title": "x", "version": 1}`)})
	try("update-task", testbed.Call{Method: "PATCH", Token: ada.token, Query: mine, Body: []byte(`{"title": "y", "version": 1}`)})
	try("delete-task", testbed.Call{Method: "DELETE", Token: ada.token, Query: mine})
	again := fmt.Appendf(nil, `{"id": %q, "title": "x", "dueDate": "2026-12-24"}`, strings.TrimPrefix(mine, "id="))
	try("create-task", testbed.Call{Method: "POST", Token: ada.token, Body: again})
}

// pictures sends and stores images that can't be decoded, and requests one that the client already has.
func (s *suite) pictures(t *testing.T, try attempt) {
	ada := s.signIn(t)
	mine := s.create(t, ada)
	tag := try("get-image", testbed.Call{Method: "GET", Token: ada.token, Query: mine}).Header.Get("ETag")
	require.Empty(t, tag)
	broken := testbed.JPEG(t)[:20]
	for _, body := range [][]byte{[]byte("a text"), broken, testbed.JPEG(t)} {
		try("predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: mine, Body: body})
	}
	try("upload-url", testbed.Call{Method: "POST", Token: ada.token, Query: mine, Body: []byte(`{"bytes": 1, "contentType": "image/gif"}`)})
	tag = try("get-image", testbed.Call{Method: "GET", Token: ada.token, Query: mine}).Header.Get("ETag")
	try("get-image", testbed.Call{Method: "GET", Token: ada.token, Query: mine, Header: http.Header{"If-None-Match": {tag}}})

	stored, err := objects.New(s.bucket.Config)
	require.NoError(t, err)
	names := testbed.OfTask(s.bucket.Names(), strings.TrimPrefix(mine, "id="))
	require.Len(t, names, 2)
	key := names[0][:strings.LastIndex(names[0], "/")]
	for _, damaged := range [][]byte{[]byte("a text"), broken} {
		require.NoError(t, stored.Put(t.Context(), key, damaged, damaged))
		try("predict-image", testbed.Call{Method: "POST", Token: ada.token, Query: mine})
	}
}

func (s *suite) tooManyTries(t *testing.T, try attempt) {
	ada := s.signIn(t)
	for range 12 { // the later delays are longer than any check takes
		try("login", testbed.Call{Method: "POST", Body: fmt.Appendf(nil, `{"username": %q, "password": "wrong"}`, ada.name)})
		try("change-password", testbed.Call{Method: "POST", Token: ada.token, Body: []byte(`{"currentPassword": "wrong", "newPassword": "12345678"}`)})
	}
	try("delete-account", testbed.Call{Method: "POST", Token: ada.token, Body: samples(t)["delete-account"].body})
}
