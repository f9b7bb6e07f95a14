package web

import (
	"context"
	"errors"
	"strings"
	"testing"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// event has a field of each type that the project's requests have.
type event struct {
	Title     string  `json:"title"`
	Completed *bool   `json:"completed"`
	Version   uint32  `json:"version"`
	DueDate   *string `json:"dueDate"`
}

func TestJSONAcceptsOneObject(t *testing.T) {
	t.Parallel()
	yes := true
	for name, c := range map[string]struct {
		body string
		want event
	}{
		"all fields":        {`{"title": "Buy milk", "completed": true, "version": 3}`, event{Title: "Buy milk", Completed: &yes, Version: 3}},
		"no fields":         {`{}`, event{}},
		"null":              {`{"title": null, "completed": null}`, event{}},
		"surrounding space": {" \r\n\t{\"title\": \"x\"}\n ", event{Title: "x"}},
		"escapes":           {`{"title": "\u00e9\ud83d\udc08\u0000"}`, event{Title: "é🐈\x00"}},
		"half a surrogate":  {`{"title": "\ud83d"}`, event{Title: "\ufffd"}},
		"maximum size":      {`{"title": "` + strings.Repeat("x", MaxJSON-13) + `"}`, event{Title: strings.Repeat("x", MaxJSON-13)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got event
			require.NoError(t, decodeJSON([]byte(c.body), &got))
			require.Equal(t, c.want, got)
		})
	}
}

func TestJSONNamesTheFieldsThatAreWrong(t *testing.T) {
	t.Parallel()
	for body, fields := range map[string]map[string]string{
		`{"title": 7}`:                         {"title": "must be a string"},
		`{"title": ["x"]}`:                     {"title": "must be a string"},
		`{"title": {"x": 1}}`:                  {"title": "must be a string"},
		`{"dueDate": false}`:                   {"dueDate": "must be a string"},
		`{"completed": "yes"}`:                 {"completed": "must be true or false"},
		`{"completed": 1}`:                     {"completed": "must be true or false"},
		`{"version": "1"}`:                     {"version": "must be a whole number"},
		`{"version": -1}`:                      {"version": "must be a whole number"},
		`{"version": 4294967296}`:              {"version": "must be a whole number"},
		`{"colour": "red"}`:                    {"colour": "is not a field of this request"},
		`{"title": "x", "userId": "somebody"}`: {"userId": "is not a field of this request"},
		`{"": 1}`:                              {"": "is not a field of this request"},
		`{"a\"b\\c": 1}`:                       {`a"b\c`: "is not a field of this request"},
		`{"\u0000\u001f\u2028": 1}`:            {"\x00\x1f\u2028": "is not a field of this request"},
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			requireFields(t, decodeJSON([]byte(body), &event{}), fields)
		})
	}
}

func TestJSONRefusesAnythingButOneObject(t *testing.T) {
	t.Parallel()
	deep := 100_000
	for name, body := range map[string]string{
		"nothing":                "",
		"white space":            " \n",
		"null":                   "null",
		"an array":               `[{"title": "x"}]`,
		"an empty array":         "[]",
		"a string":               `"title"`,
		"a number":               "7",
		"two objects":            `{"title": "x"}{"title": "y"}`,
		"two objects on lines":   "{}\n{}",
		"trailing garbage":       `{"title": "x"} garbage`,
		"a brace too many":       `{"title": "x"}}`,
		"cut off":                `{"title": "x`,
		"its beginning":          "{",
		"a comma too many":       `{"title": "x",}`,
		"single quotes":          `{'title': 'x'}`,
		"no quotes":              `{title: "x"}`,
		"a comment":              `{"title": "x" /* why */}`,
		"a raw line break":       "{\"title\": \"a\nb\"}",
		"a trailing NUL":         "{}\x00",
		"byte order mark":        "\ufeff{}",
		"UTF-16":                 "{\x00}\x00",
		"invalid UTF-8 in text":  "{\"title\": \"\xff\"}",
		"invalid UTF-8 in name":  "{\"\xc3\": 1}",
		"an encoded surrogate":   "{\"title\": \"\xed\xa0\x80\"}",
		"an overlong encoding":   "{\"title\": \"\xc0\x80\"}",
		"a form":                 "title=x&body=y",
		"deep arrays":            `{"title": ` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "}",
		"deep objects":           strings.Repeat(`{"":`, deep/2) + "1" + strings.Repeat("}", deep/2),
		"deep arrays, not ended": `{"title": ` + strings.Repeat("[", deep),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f *fault.Error
			require.ErrorAs(t, decodeJSON([]byte(body), &event{}), &f)
			require.Equal(t, fault.Invalid, f.Kind)
			require.Equal(t, "invalid_json", f.Code)
		})
	}
}

func TestJSONRefusesMoreThan256KiB(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"one byte too many":          `{"title": "` + strings.Repeat("x", MaxJSON-12) + `"}`,
		"trailing white space":       `{}` + strings.Repeat(" ", MaxJSON),
		"much, and not even JSON":    strings.Repeat("\xff", 16<<20),
		"more than the limit, empty": strings.Repeat(" ", MaxJSON+1),
	} {
		err := decodeJSON([]byte(body), &event{})
		require.True(t, fault.Is(err, fault.TooLarge), "%s: %v", name, err)
	}
}

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
	for _, body := range []string{"", "{}", `{"title": "x"}`, `{"title": 7}`, `{"x": 1}`, "[]", "null", `{"version": 1e99}`, `{"a":{"b":[{"c":null}]}}`, "{}{}", "\xff", `{"completed": "\ud83d"}`} {
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
