package web

import (
	"os"
	"strings"
	"testing"

	"snaptask/functions/internal/fault"

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
		"replacement":       {`{"title": "\ufffd"}`, event{Title: "\ufffd"}},
		"noncharacters":     {`{"title": "\ufffe\uffff"}`, event{Title: "\ufffe\uffff"}},
		"escaped name":      {`{"titl\u0065": "x"}`, event{Title: "x"}},
		"byte order mark":   {"\ufeff{\"title\": \"x\"}", event{Title: "x"}},
		"mark within text":  {"{\"title\": \"\ufeffx\"}", event{Title: "\ufeffx"}},
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
		`{"Title": "x"}`:                       {"Title": "is not a field of this request"},
		`{"TITLE": "x"}`:                       {"TITLE": "is not a field of this request"},
		`{"duedate": "2026-12-24"}`:            {"duedate": "is not a field of this request"},
		`{"\u017fitle": "x"}`:                  {"\u017fitle": "is not a field of this request"},
		`{"title": "x", "Title": "y"}`:         {"Title": "is not a field of this request"},
		`{"title": "x", "title": "x"}`:         {"title": "is there more than once"},
		`{"title": "x", "titl\u0065": "y"}`:    {"title": "is there more than once"},
		`{"title": null, "title": "x"}`:        {"title": "is there more than once"},
		`{"version": 1.5}`:                     {"version": "must be a whole number"},
		`{"version": 1e3}`:                     {"version": "must be a whole number"},
		`{"a/b~c": 1}`:                         {"a/b~c": "is not a field of this request"},
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
		"only a byte order mark": "\ufeff",
		"two byte order marks":   "\ufeff\ufeff{}",
		"a mark at the end":      "{}\ufeff",
		"half a surrogate pair":  `{"title": "\ud83d"}`,
		"the other half":         `{"title": "\udc08"}`,
		"halves in wrong order":  `{"title": "\udc08\ud83d"}`,
		"two first halves":       `{"title": "\ud83d\ud83d"}`,
		"half and a character":   `{"title": "\ud83dx"}`,
		"half in a name":         `{"\ud83d": 1}`,
		"no-break space":         "{\u00a0}",
		"infinite number":        `{"version": NaN}`,
		"leading zero":           `{"version": 01}`,
		"hexadecimal":            `{"version": 0x1}`,
		"UTF-16":                 "{\x00}\x00",
		"invalid UTF-8 in text":  "{\"title\": \"\xff\"}",
		"invalid UTF-8 in name":  "{\"\xc3\": 1}",
		"an encoded surrogate":   "{\"title\": \"\xed\xa0\x80\"}",
		"an overlong encoding":   "{\"title\": \"\xc0\x80\"}",
		"a form":                 "title=x&body=y",
		"deep arrays":            `{"title": ` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "}",
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

func TestUnknownFieldsAreNotReadIntoTheirDepth(t *testing.T) {
	t.Parallel()
	const deep = 50_000
	body := strings.Repeat(`{"":`, deep) + "1" + strings.Repeat("}", deep)
	requireFields(t, decodeJSON([]byte(body), &event{}), map[string]string{"": "is not a field of this request"})
}

func TestJSONFromPowerShellIsRead(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/json-with-bom.json")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(body), "\ufeff"))
	require.NoError(t, decodeJSON(body, &event{}))
}

func BenchmarkJSON(b *testing.B) {
	body := []byte(`{"title": "Fix the pier", "completed": true, "version": 3, "dueDate": "2026-12-24"}`)
	b.ReportAllocs()
	for b.Loop() {
		var e event
		if err := decodeJSON(body, &e); err != nil || e.Version != 3 {
			b.Fatal(err)
		}
	}
}
