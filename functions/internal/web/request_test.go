package web

import (
	"context"
	"errors"
	"testing"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func TestQueries(t *testing.T) {
	t.Parallel()
	id := uuid.NewString()
	for name, c := range map[string]struct {
		query  string
		code   string
		fields map[string]string
	}{
		"an id":               {"id=" + id, "", nil},
		"others beside it":    {"x=1&id=" + id + "&y=%F0%9F%90%88", "", nil},
		"no query":            {"", "invalid_fields", map[string]string{"id": "is required in the query: ?id=..."}},
		"empty id":            {"id=", "invalid_fields", map[string]string{"id": "is required in the query: ?id=..."}},
		"no id":               {"ID=" + id, "invalid_fields", map[string]string{"id": "is required in the query: ?id=..."}},
		"id that is no UUID":  {"id=1", "invalid_fields", map[string]string{"id": "must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057"}},
		"id in braces":        {"id={" + id + "}", "invalid_fields", map[string]string{"id": "must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057"}},
		"half an escape":      {"id=%2", "invalid_query", nil},
		"no hexadecimal":      {"q=%zz&id=" + id, "invalid_query", nil},
		"semicolon":           {"a=1;id=" + id, "invalid_query", nil},
		"invalid UTF-8":       {"q=%ff&id=" + id, "invalid_query", nil},
		"invalid in the name": {"%ff=1&id=" + id, "invalid_query", nil},
		"é in two halves":     {"q=%c3&q=%a9&id=" + id, "invalid_query", nil},
		"two ids":             {"id=" + id + "&id=" + id, "invalid_fields", map[string]string{"id": "is there more than once"}},
		"repeated others":     {"x=1&x=2&y=1&y=&id=" + id, "invalid_fields", map[string]string{"x": "is there more than once", "y": "is there more than once"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(func(_ context.Context, r Request[[]byte]) (any, error) {
				got, err := r.TaskID()
				if err == nil && got.String() != id {
					err = errors.New("another id: " + got.String())
				}
				return Empty{}, err
			})
			r := call(t, f, handler.Request{Method: "POST", QueryString: c.query})
			if c.code == "" {
				require.Equal(t, 200, r.StatusCode, "%s", r.Body)
				return
			}
			require.Equal(t, 400, r.StatusCode)
			require.Equal(t, c.code, refusal(t, r).Code)
			require.Equal(t, c.fields, refusal(t, r).Fields)
		})
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for authorization, want := range map[string]string{
		"":                 "",
		"Bearer abc.def":   "abc.def",
		"bearer abc":       "abc",
		"BEARER   abc  ":   "abc",
		"Bearer":           "",
		"Bearer ":          "",
		"Bearerabc":        "",
		"Basic YTpi":       "",
		"abc":              "",
		"Token Bearer abc": "",
	} {
		require.Equal(t, want, bearer(authorization), authorization)
	}
}

// FuzzRequest feeds arbitrary requests: the result is a client's fault, or none.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{"", "{}", `{"title": "x"}`, `{"title": 7}`, `{"x": 1}`, "[]", "null", `{"version": 1e99}`, `{"a":{"b":[{"c":null}]}}`, "{}{}", "\xff", `{"completed": "\ud83d"}`, "\ufeff{}", `{"title": "x", "title": "y"}`, `{"Title": "x"}`} {
		f.Add([]byte(body), "id=01890a5d-ac96-774b-bcce-b302099a8057", "Bearer x")
	}
	for _, query := range []string{"", "id", "id=1", "%", "%ff=%ff", "a;b", "&&&", "id=%7B01890a5d-ac96-774b-bcce-b302099a8057%7D"} {
		f.Add([]byte("{}"), query, "")
	}
	f.Fuzz(func(t *testing.T, body []byte, query, authorization string) {
		bearer(authorization)
		values, err := parseQuery(query)
		requireClientsFault(t, err)
		_, err = Request[NoBody]{Query: values}.TaskID()
		requireClientsFault(t, err)
		requireClientsFault(t, decodeJSON(body, &event{}))
	})
}

func requireClientsFault(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		require.True(t, fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge), "%v", err)
	}
}
