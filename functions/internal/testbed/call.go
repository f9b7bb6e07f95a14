package testbed

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// Call is a request as the gateway passes it on.
type Call struct {
	Function string // the function's name; if empty, that of the test's folder
	Method   string
	Query    string
	Token    string
	Body     []byte
	Header   http.Header
}

// header returns the header that the function receives.
func (c Call) header() http.Header {
	header := c.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("X-Call-Id", "call-1")
	if c.Token != "" {
		header.Set("Authorization", "Bearer "+c.Token)
	}
	return header
}

// Answer is a function's response.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do calls handle and checks what every answer must have: no error value, a Content-Type, the call's id, and the form that
// the contract requires.
func Do(t testing.TB, handle func(handler.Request) (handler.Response, error), c Call) Answer {
	t.Helper()
	if c.Function == "" {
		folder, err := os.Getwd()
		require.NoError(t, err)
		c.Function = filepath.Base(folder)
	}
	request := handler.Request{Method: c.Method, QueryString: c.Query, Body: c.Body, Header: c.header()}
	request.WithContext(t.Context())
	response, err := handle(request)
	require.NoError(t, err)
	require.NotEmpty(t, response.Header.Get("Content-Type"))
	require.Equal(t, "call-1", response.Header.Get("X-Call-Id"))
	answer := Answer{response.StatusCode, response.Header, response.Body}
	require.NoError(t, Breach(Contract(t), c, answer))
	return answer
}

// JSON decodes the answer's body into v.
func (a Answer) JSON(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.Body, v), "%s", a.Body)
}

// Fault is the error part of an answer.
type Fault struct {
	Code      string
	Message   string
	Fields    map[string]string
	RequestID string
}

// Fault decodes an answer that is an error and checks that it contains the call's id.
func (a Answer) Fault(t testing.TB) Fault {
	t.Helper()
	var body struct{ Error Fault }
	a.JSON(t, &body)
	require.NotEmpty(t, body.Error.Code)
	require.NotEmpty(t, body.Error.Message)
	require.Equal(t, "call-1", body.Error.RequestID)
	return body.Error
}

// Task is a task as a client reads it.
type Task struct {
	ID, Title, Body, DueDate, CreatedAt, UpdatedAt, ImageStatus string
	Completed, Upload                                           bool
	Version                                                     int
	Uploading                                                   bool
	UploadError                                                 *string
	Labels                                                      []string
	Predictions                                                 []struct {
		Label string
		Score float64
	}
}
