package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func TestEachFaultHasItsStatus(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 400, fault.Unauthorized: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.MethodNotAllowed: 405, fault.Conflict: 409, fault.TooLarge: 413, fault.UnsupportedMedia: 415,
		fault.Unprocessable: 422, fault.Throttled: 429, fault.Unavailable: 503,
	}
	require.Equal(t, want, status)
	for kind := fault.Internal; kind <= fault.Unavailable; kind++ {
		t.Run(fmt.Sprint(want[kind]), func(t *testing.T) {
			t.Parallel()
			f := function(func(context.Context, Request[[]byte]) (any, error) {
				return nil, fmt.Errorf("wrapped: %w", fault.New(kind, "some_code", "Some words."))
			})
			r := call(t, f, handler.Request{Method: "POST"})
			require.Equal(t, want[kind], r.StatusCode)
			require.Equal(t, errorDetail{Code: "some_code", Message: "Some words.", RequestID: t.Name()}, refusal(t, r))
			require.Equal(t, kind == fault.Unauthorized, r.Header.Get("WWW-Authenticate") == "Bearer")
			require.Equal(t, kind == fault.MethodNotAllowed, r.Header.Get("Allow") != "")
			require.Empty(t, r.Header.Get("Retry-After"))
			require.Empty(t, logged.take(t.Name()), "a fault without a cause is the client's business")
		})
	}
}

func TestRetryAfterIsRoundedUpToSeconds(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		0: "", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", 15 * time.Minute: "900",
	} {
		r := Refuse(t.Context(), &fault.Error{Kind: fault.Throttled, Code: "throttled", Message: "Later.", RetryAfter: after}, "call")
		require.Equal(t, want, r.Header.Get("Retry-After"), after)
	}
}

func TestTheClientReadsTheFieldsButNotTheCause(t *testing.T) {
	t.Parallel()
	f := function(func(context.Context, Request[[]byte]) (any, error) {
		e := fault.InvalidFields(map[string]string{"title": "is required"})
		e.Cause = errors.New("Error 1406: SELECT\nsecret")
		return nil, e
	})
	r := call(t, f, handler.Request{Method: "POST"})
	require.Equal(t, map[string]string{"title": "is required"}, refusal(t, r).Fields)
	require.NotContains(t, string(r.Body), "SELECT")
	lines := logged.take(t.Name())
	require.Len(t, lines, 1)
	require.Contains(t, lines[0], `"cause":"Error 1406: SELECT secret"`)
}

func TestInternalErrorsStayInTheLog(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"a driver's error": errors.New("dial tcp 10.0.0.7:3306: connection refused"),
		"a long one":       errors.New("dial tcp 10.0.0.7:3306 " + strings.Repeat("é", 100_000)),
		"joined":           errors.Join(errors.New("dial tcp 10.0.0.7:3306"), errors.New("again")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(func(context.Context, Request[[]byte]) (any, error) { return nil, err })
			r := call(t, f, handler.Request{Method: "POST"})
			require.Equal(t, 500, r.StatusCode)
			require.Equal(t, errorDetail{Code: "internal", Message: "Something went wrong on our side.", RequestID: t.Name()}, refusal(t, r))
			lines := logged.take(t.Name())
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], "dial tcp 10.0.0.7:3306")
			require.Less(t, len(lines[0]), 2000)
		})
	}
}

func TestAReplyThatCannotBeEncodedIsAnInternalError(t *testing.T) {
	t.Parallel()
	f := function(func(context.Context, Request[[]byte]) (any, error) { return math.NaN(), nil })
	require.Equal(t, 500, call(t, f, handler.Request{Method: "POST"}).StatusCode)
}

func TestReplies(t *testing.T) {
	t.Parallel()
	photo := Bytes{Type: "image/jpeg", ETag: `"v1-full"`, Body: []byte("JPEG")}
	cached := map[string]string{"Content-Type": "image/jpeg", "ETag": `"v1-full"`, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
	json := "application/json; charset=utf-8"
	for name, c := range map[string]struct {
		reply  any
		status int
		body   string
		header map[string]string
	}{
		"a value":      {map[string]string{"text": "<é>"}, 200, `{"text":"<é>"}`, map[string]string{"Content-Type": json}},
		"nothing":      {Empty{}, 200, `{}`, map[string]string{"Content-Type": json}},
		"a last page":  {Page{Items: []int{1, 2}}, 200, `[1,2]`, map[string]string{"Content-Type": json, "Link": ""}},
		"a page":       {Page{[]int{1}, url.Values{"q": {"a b"}}}, 200, `[1]`, map[string]string{"Link": `<?q=a+b>; rel="next"`}},
		"bytes":        {photo, 200, "JPEG", cached},
		"not modified": {NotModified{Type: photo.Type, ETag: photo.ETag}, 304, "", cached},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := call(t, function(func(context.Context, Request[[]byte]) (any, error) { return c.reply, nil }), handler.Request{Method: "POST"})
			require.Equal(t, c.status, r.StatusCode)
			require.Equal(t, c.body, string(r.Body))
			for name, want := range c.header {
				require.Equal(t, want, r.Header.Get(name), name)
			}
		})
	}
}
