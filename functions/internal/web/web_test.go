package web

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// logged is the log of the package under test; tests find their lines by the call id.
var logged lockedBuffer

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(&logged, nil)))
	os.Exit(m.Run())
}

type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

// take removes and returns the log lines about one call.
func (b *lockedBuffer) take(callID string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	var others bytes.Buffer
	for line := range strings.Lines(b.data.String()) {
		if strings.Contains(line, `"callId":"`+callID+`"`) {
			found = append(found, line)
		} else {
			others.WriteString(line)
		}
	}
	b.data = others
	return found
}

// nothing is the type of a function's dependencies if it has none.
type nothing struct{}

func openNothing(*config.Reader) *nothing { return &nothing{} }

// function returns a public function with the verb POST, which gets the raw body.
func function(post func(context.Context, Request[[]byte]) (any, error)) *Function[nothing] {
	return &Function[nothing]{Open: openNothing, Public: true, Verbs: Verbs[nothing]{http.MethodPost: Verb(
		func(_ *nothing, ctx context.Context, _ task.Owner, r Request[[]byte]) (any, error) {
			return post(ctx, r)
		},
	)}}
}

func ok(context.Context, Request[[]byte]) (any, error) { return Empty{}, nil }

// call returns the response of f to a request whose call id is the test's name.
func call(t *testing.T, f *Function[nothing], sent handler.Request) handler.Response {
	t.Helper()
	if sent.Header == nil {
		sent.Header = http.Header{}
	}
	sent.Header.Set(CallIDHeader, t.Name())
	response, err := f.Handle(sent)
	require.NoError(t, err, "OpenFaaS would turn it into a 500")
	require.Equal(t, t.Name(), response.Header.Get(CallIDHeader))
	require.NotEmpty(t, response.Header.Get("Content-Type"), "OpenFaaS would copy the request's")
	return response
}

// refusal decodes a response that is an error.
func refusal(t *testing.T, r handler.Response) errorDetail {
	t.Helper()
	require.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"))
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.DisallowUnknownFields()
	var body errorBody
	require.NoError(t, decoder.Decode(&body), "%s", r.Body)
	require.NotEmpty(t, body.Error.Code)
	require.NotEmpty(t, body.Error.Message)
	require.Equal(t, r.Header.Get(CallIDHeader), body.Error.RequestID)
	return body.Error
}

// requireFields checks that err is the fault that names these fields.
func requireFields(t *testing.T, err error, fields map[string]string) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Invalid, f.Kind)
	require.Equal(t, "invalid_fields", f.Code)
	require.Equal(t, fields, f.Fields)
}
