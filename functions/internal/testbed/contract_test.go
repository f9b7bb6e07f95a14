package testbed

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	bare = `{"id":"01a2086b-793d-720c-a042-2c5ab6a42366","title":"Fix the pier","body":"","dueDate":"2026-12-24","completed":false,` +
		`"createdAt":"2026-11-23T12:39:50.845136Z","updatedAt":"2026-11-23T12:39:50.845136Z","version":1,` +
		`"upload":false,"imageStatus":"none","labels":[],"predictions":[],"uploading":false,"uploadError":null`
	ofBare = "id=01a2086b-793d-720c-a042-2c5ab6a42366"
	fault  = `{"error":{"code":"unauthorized","message":"Please sign in.","requestId":"call-1"}}`
)

func answered(status int, body string, header ...string) Answer {
	a := Answer{status, http.Header{"Content-Type": {"application/json; charset=utf-8"}, "X-Call-Id": {"call-1"}}, []byte(body)}
	for i := 0; i < len(header); i += 2 {
		a.Header.Set(header[i], header[i+1])
	}
	return a
}

func TestBreachesOfTheContractAreNamed(t *testing.T) {
	t.Parallel()
	list := Call{Function: "get-tasks", Method: "GET", Token: "token"}
	one := Call{Function: "get-tasks", Method: "GET", Token: "token", Query: ofBare}
	create := Call{Function: "create-task", Method: "POST", Token: "token", Body: []byte(`{"title":"Fix the pier","dueDate":"2026-12-24"}`)}
	image := Call{Function: "get-image", Method: "GET", Token: "token", Query: ofBare}
	trace := Call{Function: "create-task", Method: "TRACE"}
	jpeg := []string{"Content-Type", "image/jpeg", "Cache-Control", "private, no-cache", "Vary", "Authorization",
		"ETag", `"01a2086b-7970-7c16-a40a-5b5af6c29832-full"`}
	for name, c := range map[string]struct {
		call   Call
		answer Answer
		breach string // empty if there is none
	}{
		"a task":                        {one, answered(200, bare+"}"), ""},
		"a list":                        {list, answered(200, "["+bare+"}]", "Link", `<?cursor=YwGiCGt5PXIMoEIsWrakI2Y>; rel="next"`), ""},
		"an empty list":                 {list, answered(200, "[]"), ""},
		"a new task":                    {create, answered(200, bare+"}"), ""},
		"a picture":                     {image, answered(200, "\xff\xd8\xff", jpeg...), ""},
		"no new picture":                {image, answered(304, "", jpeg...), ""},
		"no session":                    {Call{Function: "get-tasks", Method: "GET"}, answered(401, fault, "WWW-Authenticate", "Bearer"), ""},
		"no such method":                {trace, answered(405, `{"error":{"code":"method_not_allowed","message":"No.","requestId":"1"}}`, "Allow", "POST, OPTIONS"), ""},
		"a refused call":                {Call{Function: "get-tasks", Method: "GET", Query: "nonsense=%zz"}, answered(401, fault, "WWW-Authenticate", "Bearer"), ""},
		"function":                      {Call{Function: "other", Method: "GET"}, answered(200, "[]"), "no path /function/other"},
		"status":                        {list, answered(409, fault), "the status 409 is not documented"},
		"defect":                        {list, answered(500, fault), "the status 500 is not documented"},
		"method":                        {trace, answered(200, "{}"), "the status 200 is not documented"},
		"field":                         {one, answered(200, bare+`,"colour":"red"}`), "colour"},
		"field of one in a list":        {list, answered(200, "["+bare+`,"colour":"red"}]`), "colour"},
		"field left out":                {create, answered(200, `{"id":"01a2086b-793d-720c-a042-2c5ab6a42366"}`), "title"},
		"field that is null":            {list, answered(200, "null"), "body"},
		"field of an error":             {list, answered(401, `{"error":{"code":"unauthorized","message":"No.","requestId":"1","cause":"SQL"}}`, "WWW-Authenticate", "Bearer"), "cause"},
		"code":                          {list, answered(401, `{"error":{"code":"other","message":"No.","requestId":"1"}}`, "WWW-Authenticate", "Bearer"), "code"},
		"header":                        {list, answered(200, "[]", "X-Secret", "1"), "the header X-Secret is not documented"},
		"header of a 304":               {image, answered(304, "", append(jpeg, "X-Secret", "1")...), "the header X-Secret is not documented"},
		"header left out":               {list, answered(401, fault), "the header WWW-Authenticate is missing"},
		"header's form":                 {list, answered(200, "[]", "Link", "https://example.org"), "Link"},
		"media type":                    {list, answered(200, "[]", "Content-Type", "text/html"), "text/html"},
		"not JSON":                      {list, answered(200, "<p>"), "decode"},
		"body of a 304":                 {image, answered(304, "x", jpeg...), "a body of 1 bytes"},
		"accepted field":                {Call{Function: "create-task", Method: "POST", Token: "token", Body: []byte(`{"title":"x","dueDate":"2026-12-24","colour":"red"}`)}, answered(200, bare+"}"), "colour"},
		"accepted value":                {Call{Function: "create-task", Method: "POST", Token: "token", Body: []byte(`{"title":"x","dueDate":"2026-02-30"}`)}, answered(200, bare+"}"), "dueDate"},
		"accepted parameter":            {Call{Function: "get-tasks", Method: "GET", Token: "token", Query: "colour=red"}, answered(200, "[]"), "the parameter colour is not documented"},
		"accepted filter":               {Call{Function: "get-tasks", Method: "GET", Token: "token", Query: "limit=0"}, answered(200, "[]"), "limit"},
		"accepted call without a token": {Call{Function: "get-tasks", Method: "GET"}, answered(200, "[]"), "the call carries no token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			breach := Breach(Contract(t), c.call, c.answer)
			if c.breach == "" {
				require.NoError(t, breach)
				return
			}
			require.ErrorContains(t, breach, c.breach)
		})
	}
}
