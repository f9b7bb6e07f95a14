package web

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func TestOnlyTheVerbsAreAnswered(t *testing.T) {
	t.Parallel()
	verb := function(ok).Verbs[http.MethodPost]
	f := &Function[nothing]{Open: openNothing, Public: true, Verbs: Verbs[nothing]{http.MethodGet: verb, http.MethodPut: verb}}
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
		r, err := function(ok).Handle(handler.Request{Method: "POST", Header: header})
		require.NoError(t, err, name)
		_, err = uuid.Parse(r.Header.Get(CallIDHeader))
		require.NoError(t, err, name)
		require.Empty(t, header.Get(CallIDHeader), "the request's headers are not changed")
	}
}

func TestOnlyAPublicFunctionIsCalledWithoutASession(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	owner := task.Owner{UserID: uuid.New(), SessionID: uuid.New()}
	token, err := auth.NewSigner(private, time.Hour).Token(owner, time.Now(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	var seen task.Owner
	f := &Function[nothing]{Verbs: Verbs[nothing]{http.MethodPost: Verb(
		func(_ *nothing, _ context.Context, owner task.Owner, _ Request[event]) (any, error) {
			seen = owner
			return Empty{}, nil
		},
	)}}
	f = f.With(&nothing{}, auth.NewVerifier([]ed25519.PublicKey{public}))
	for _, authorization := range []string{"", "Bearer", "Bearer " + token + "x", "Basic YTpi"} {
		r := call(t, f, handler.Request{Method: "POST", Body: []byte("not JSON"), Header: http.Header{"Authorization": {authorization}}})
		require.Equal(t, 401, r.StatusCode, "the session is checked before the body")
	}
	r := call(t, f, handler.Request{Method: "POST", Body: []byte("{}"), Header: http.Header{"Authorization": {"Bearer " + token}}})
	require.Equal(t, 200, r.StatusCode, "%s", r.Body)
	require.Equal(t, owner, seen)
}

func TestOpenIsRetriedAfterAFailure(t *testing.T) {
	t.Parallel()
	opened := 0
	f := function(ok)
	f.Open = func(c *config.Reader) *nothing {
		if opened++; opened < 3 {
			c.Fail("mysql-dsn", "the secret can't be read")
		}
		return &nothing{}
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
	require.Equal(t, 3, opened, "opened only once")
}

func TestConcurrentCallsDoNotOpenConcurrently(t *testing.T) {
	t.Parallel()
	opened := 0
	f := function(ok)
	f.Open = func(c *config.Reader) *nothing {
		if opened++; opened <= 20 {
			c.Fail("mysql-dsn", "not yet")
		}
		return &nothing{}
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
	f := function(func(ctx context.Context, _ Request[[]byte]) (any, error) {
		seen = ctx.Err()
		return Empty{}, nil
	})
	call(t, f, handler.Request{Method: "POST"})
	require.NoError(t, seen, "a call without a context gets one that does not end")

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
	refused := func(context.Context, Request[[]byte]) (any, error) {
		return nil, fault.New(fault.NotFound, "none", "None.")
	}
	for name, c := range map[string]struct {
		allowed, method, origin string
		verb                    func(context.Context, Request[[]byte]) (any, error)
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

func TestOriginsThatNoBrowserSendsAreAnInternalError(t *testing.T) {
	for _, value := range []string{
		"*", "null", "tasks.example.org", "//tasks.example.org", "https://", "https://tasks.example.org/", "https://tasks.example.org/app",
		"https://tasks.example.org?x", "https://tasks.example.org#x", "https://user@tasks.example.org", "HTTPS://tasks.example.org",
		"https://Tasks.example.org", "https://*.example.org", "https://tasks.example.org:x", "https://good.example,bad",
	} {
		t.Setenv("CORS_ORIGINS", value)
		r := call(t, function(ok), handler.Request{Method: "POST"})
		require.Equal(t, 500, r.StatusCode, value)
		require.NotContains(t, string(r.Body), "example")
		require.Contains(t, logged.take(t.Name())[0], "CORS_ORIGINS: ")
	}
}

func TestOriginsAreSeparatedByCommasAndSpaces(t *testing.T) {
	for value, want := range map[string][]string{
		"":                      nil,
		"http://localhost:8080": {"http://localhost:8080"},
		"http://[::1]:8080":     {"http://[::1]:8080"},
		" https://a.example , https://b.example ,": {"https://a.example", "https://b.example"},
	} {
		t.Setenv("CORS_ORIGINS", value)
		c := config.New()
		require.Equal(t, want, readOrigins(c))
		require.NoError(t, c.Err())
	}
}
