package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
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
			f := function(func(*nothing, *Request) (handler.Response, error) {
				return handler.Response{}, fmt.Errorf("wrapped: %w", fault.New(kind, "some_code", "Some words."))
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

func TestRetryAfterIsInWholeSecondsUpwards(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		0: "", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", 15 * time.Minute: "900",
	} {
		r := Refuse(&fault.Error{Kind: fault.Throttled, Code: "throttled", Message: "Later.", RetryAfter: after}, "call")
		require.Equal(t, want, r.Header.Get("Retry-After"), after)
	}
}

func TestTheClientReadsTheFieldsButNotTheCause(t *testing.T) {
	t.Parallel()
	f := function(func(*nothing, *Request) (handler.Response, error) {
		e := fault.InvalidFields(map[string]string{"title": "is required"})
		e.Cause = errors.New("Error 1406: SELECT\nsecret")
		return handler.Response{}, e
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
			f := function(func(*nothing, *Request) (handler.Response, error) { return handler.Response{}, err })
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

func TestWhatCannotBeEncodedIsAnInternalError(t *testing.T) {
	t.Parallel()
	f := function(func(*nothing, *Request) (handler.Response, error) { return JSON(math.NaN()) })
	require.Equal(t, 500, call(t, f, handler.Request{Method: "POST"}).StatusCode)
}

func TestJSONIsA200(t *testing.T) {
	t.Parallel()
	r, err := JSON(map[string]string{"text": "<é>"})
	require.NoError(t, err)
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"))
	var back map[string]string
	require.NoError(t, json.Unmarshal(r.Body, &back))
	require.Equal(t, map[string]string{"text": "<é>"}, back)
}

func TestTimeIsUTCToTheMicrosecond(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 2*60*60)
	require.Equal(t, "2026-03-01T10:00:00.000000Z", Time(time.Date(2026, 3, 1, 12, 0, 0, 0, east)))
	require.Equal(t, "2026-03-01T23:30:00.123456Z", Time(time.Date(2026, 3, 2, 1, 30, 0, 123456789, east)))
}
