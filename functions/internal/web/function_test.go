package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"snaptask/functions/internal/fault"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func ok(*nothing, *Request) (handler.Response, error) { return JSON(struct{}{}) }

func TestOnlyTheVerbsAreAnswered(t *testing.T) {
	t.Parallel()
	f := &Function[nothing]{Open: openNothing, Verbs: map[string]Verb[nothing]{http.MethodGet: ok, http.MethodPut: ok}}
	for method, want := range map[string]int{
		"GET": 200, "PUT": 200, "OPTIONS": 200,
		"POST": 405, "DELETE": 405, "PATCH": 405, "HEAD": 405, "TRACE": 405, "get": 405, "MADEUP": 405, "": 405,
	} {
		t.Run("method "+method, func(t *testing.T) {
			t.Parallel()
			r := call(t, f, handler.Request{Method: method})
			require.Equal(t, want, r.StatusCode)
			if want == 405 {
				require.Equal(t, "GET, PUT, OPTIONS", r.Header.Get("Allow"))
				require.Equal(t, "method_not_allowed", refusal(t, r).Code)
				require.Contains(t, refusal(t, r).Message, "GET, PUT, OPTIONS")
			}
		})
	}
}

func TestACallWithoutAnIDGetsOne(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]http.Header{"no headers": nil, "other headers": {"Accept": {"*/*"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := ""
			f := function(func(_ *nothing, r *Request) (handler.Response, error) {
				seen = r.CallID
				return JSON(struct{}{})
			})
			r, err := f.Handle(handler.Request{Method: "POST", Header: header})
			require.NoError(t, err)
			_, err = ParseID(seen)
			require.NoError(t, err)
			require.Equal(t, seen, r.Header.Get(CallIDHeader))
			require.Empty(t, header.Get(CallIDHeader), "the caller's headers stay as they are")
		})
	}
}

func TestOpenIsTriedAgainAfterItFailed(t *testing.T) {
	t.Parallel()
	opened := 0
	f := function(ok)
	f.Open = func() (*nothing, error) {
		if opened++; opened < 3 {
			return nil, errors.New("mysql-dsn: the secret can't be read")
		}
		return &nothing{}, nil
	}
	for range 2 {
		r := call(t, f, handler.Request{Method: "POST"})
		require.Equal(t, 500, r.StatusCode)
		require.NotContains(t, string(r.Body), "mysql-dsn")
	}
	lines := logged.take(t.Name())
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "mysql-dsn")
	for range 3 {
		require.Equal(t, 200, call(t, f, handler.Request{Method: "POST"}).StatusCode)
	}
	require.Equal(t, 3, opened, "what is open stays open")
}

func TestOpenMayFailForOneCallWhileItWorksForAnother(t *testing.T) {
	t.Parallel()
	opened := 0
	f := function(ok)
	f.Open = func() (*nothing, error) {
		if opened++; opened <= 20 {
			return nil, errors.New("not yet")
		}
		return &nothing{}, nil
	}
	var calls sync.WaitGroup
	var mu sync.Mutex
	answers := map[int]int{}
	for range 40 {
		calls.Go(func() {
			r, _ := f.Handle(handler.Request{Method: "POST"})
			mu.Lock()
			defer mu.Unlock()
			answers[r.StatusCode]++
		})
	}
	calls.Wait()
	require.Equal(t, map[int]int{500: 20, 200: 20}, answers)
}

func TestTheContextReachesTheVerb(t *testing.T) {
	t.Parallel()
	var seen error
	f := function(func(_ *nothing, r *Request) (handler.Response, error) {
		seen = r.Context().Err()
		return JSON(struct{}{})
	})
	call(t, f, handler.Request{Method: "POST"})
	require.NoError(t, seen, "without a context of its own a call has one that does not end")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	sent := handler.Request{Method: "POST"}
	sent.WithContext(ended)
	call(t, f, sent)
	require.ErrorIs(t, seen, context.Canceled)
}

// Not parallel: the origins come from the environment.
func TestOrigins(t *testing.T) {
	const ours, other = "https://tasks.example.org", "https://evil.example.org"
	refused := func(*nothing, *Request) (handler.Response, error) {
		return handler.Response{}, fault.New(fault.NotFound, "none", "None.")
	}
	for name, c := range map[string]struct {
		allowed, method, origin string
		verb                    Verb[nothing]
		status                  int
		allow, vary             string
	}{
		"no list, no origin":            {"", "POST", "", ok, 200, "", ""},
		"no list, any origin":           {"", "POST", other, ok, 200, "", ""},
		"no list, preflight":            {"", "OPTIONS", other, ok, 403, "", ""},
		"no list, OPTIONS by hand":      {"", "OPTIONS", "", ok, 200, "", ""},
		"listed":                        {ours, "POST", ours, ok, 200, ours, "Origin"},
		"listed, an error":              {ours, "POST", ours, refused, 404, ours, "Origin"},
		"listed, wrong method":          {ours, "DELETE", ours, ok, 405, ours, "Origin"},
		"listed, preflight":             {ours, "OPTIONS", ours, ok, 200, ours, "Origin"},
		"second of the list, preflight": {"https://a.example," + ours, "OPTIONS", ours, ok, 200, ours, "Origin"},
		"not listed":                    {ours, "POST", other, ok, 200, "", "Origin"},
		"not listed, preflight":         {ours, "OPTIONS", other, ok, 403, "", "Origin"},
		"listed host, other port":       {ours, "OPTIONS", ours + ":8443", ok, 403, "", "Origin"},
		"begins like a listed one":      {ours, "OPTIONS", ours + ".evil.example", ok, 403, "", "Origin"},
		"null":                          {ours, "OPTIONS", "null", ok, 403, "", "Origin"},
		"no origin":                     {ours, "POST", "", ok, 200, "", "Origin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CORS_ORIGINS", c.allowed)
			header := http.Header{}
			if c.origin != "" {
				header.Set("Origin", c.origin)
			}
			r := call(t, function(c.verb), handler.Request{Method: c.method, Header: header})
			require.Equal(t, c.status, r.StatusCode)
			require.Equal(t, c.allow, r.Header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, c.vary, r.Header.Get("Vary"))
			require.Empty(t, r.Header.Get("Access-Control-Allow-Credentials"))
			if c.method == "OPTIONS" && c.status == 200 {
				require.Equal(t, "POST, OPTIONS", r.Header.Get("Access-Control-Allow-Methods"))
				require.Contains(t, r.Header.Get("Access-Control-Allow-Headers"), "Authorization, Content-Type")
				require.Empty(t, r.Body)
			}
			if c.allow != "" {
				require.Contains(t, r.Header.Get("Access-Control-Expose-Headers"), "Retry-After")
			}
		})
	}
}

func TestAWrongListOfOriginsIsAnInternalError(t *testing.T) {
	t.Setenv("CORS_ORIGINS", "tasks.example.org")
	r := call(t, function(ok), handler.Request{Method: "POST"})
	require.Equal(t, 500, r.StatusCode)
	require.NotContains(t, string(r.Body), "tasks.example.org")
	require.Contains(t, logged.take(t.Name())[0], "CORS_ORIGINS")
}
