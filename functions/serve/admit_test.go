package serve

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/web"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

var unauthorized = fault.New(fault.Unauthorized, "unauthorized", "Please sign in.")

func admitNobody(handler.Request) (web.Admission, error) {
	return web.Admission{Header: http.Header{"Vary": {"Origin"}}}, unauthorized
}

// admitByHeader admits the user who is named in the header User.
func admitByHeader(r handler.Request) (web.Admission, error) {
	if r.Header.Get("User") == "" {
		return web.Admission{}, unauthorized
	}
	return web.Admission{User: r.Header.Get("User")}, nil
}

// dial opens a connection and sends text on it.
func (r *running) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", r.address)
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	require.NoError(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(connection, text)
	require.NoError(t, err)
	return connection
}

func TestRequestsAreRefusedWithoutTheirBody(t *testing.T) {
	t.Parallel()
	for name, admit := range map[string]Admit{
		"the token": admitNobody,
		"the session": func(handler.Request) (web.Admission, error) {
			return web.Admission{User: "ada", Header: http.Header{"Vary": {"Origin"}}, CheckSession: func(context.Context) error { return unauthorized }}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			called := make(chan struct{}, 1)
			r := startFunction(t, bounds(), Function{Admit: admit, Handle: func(sent handler.Request) (handler.Response, error) {
				called <- struct{}{}
				return echo(sent)
			}})
			// Neither body is ever sent.
			for _, header := range []string{"Content-Length: 60000\r\nExpect: 100-continue", "Content-Length: 60000", "Transfer-Encoding: chunked"} {
				response, err := http.ReadResponse(bufio.NewReader(r.dial(t, "PUT / HTTP/1.1\r\nHost: x\r\n"+header+"\r\n\r\n")), nil)
				require.NoError(t, err)
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				requireFault(t, answer{response, string(text)}, 401, "unauthorized")
				require.Equal(t, "Origin", response.Header.Get("Vary"), "the header of the admission")
				require.True(t, response.Close)
			}
			requireFault(t, r.do(t, "GET", "/", nil, nil), 401, "unauthorized")
			require.Empty(t, called)
		})
	}
}

func TestAdmissionSeesTheRequestWithoutItsBody(t *testing.T) {
	t.Parallel()
	seen := make(chan handler.Request, 1)
	r := startFunction(t, bounds(), Function{Handle: echo, Admit: func(sent handler.Request) (web.Admission, error) {
		seen <- sent
		return web.Admission{}, nil
	}})
	require.Equal(t, "body", r.do(t, "PATCH", "/?a=1", strings.NewReader("body"), http.Header{"Authorization": {"Bearer x"}}).body)
	sent := <-seen
	require.Equal(t, "PATCH", sent.Method)
	require.Equal(t, "a=1", sent.QueryString)
	require.Equal(t, "Bearer x", sent.Header.Get("Authorization"))
	require.Nil(t, sent.Body)
}

func TestABodyOfAPreflightRequestTakesNoMemory(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.BodyBudget = 1 // no body of a request fits
	r := startFunction(t, settings, Function{Admit: func(handler.Request) (web.Admission, error) { return web.Admission{}, nil }, Handle: echo})
	require.Empty(t, r.do(t, "OPTIONS", "/", strings.NewReader("words"), nil).body)
	requireFault(t, r.do(t, "POST", "/", strings.NewReader("words"), nil), 503, "busy")
}

// stalled sends requests whose bodies never arrive, and waits until the server has read their headers.
func (r *running) stalled(t *testing.T, count int, header string) {
	t.Helper()
	for range count {
		r.dial(t, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n"+header+"\r\n")
	}
	r.waitInFlight(t, count)
}

func TestBodiesThatDoNotArriveTakeNoSlot(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight, settings.UserInflight = 1, 4
	for name, admit := range map[string]Admit{"public": nil, "of another user": admitByHeader, "without a user": admitByHeader} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startFunction(t, settings, Function{Handle: echo, Admit: admit})
			count, header := 64, ""
			if name == "of another user" {
				count, header = 4, "User: eve\r\n"
			}
			r.stalled(t, count, header)
			for range 10 {
				a := r.do(t, "POST", "/", strings.NewReader("words"), http.Header{"User": {"ada"}})
				require.Equal(t, 200, a.StatusCode, a.body)
			}
		})
	}
}

func TestOneUsersRequestsWaitForEachOther(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight, settings.UserInflight, settings.QueueTime = 4, 2, 20*time.Second
	g := newGate()
	r := startFunction(t, settings, Function{Handle: g.handle, Admit: admitByHeader})
	send := func(user string) chan answer {
		answered := make(chan answer, 1)
		go func() { answered <- r.do(t, "POST", "/", strings.NewReader(user), http.Header{"User": {user}}) }()
		return answered
	}
	var greedy []chan answer
	for range 14 {
		greedy = append(greedy, send("eve"))
	}
	<-g.entered
	<-g.entered
	ordinary := send("ada")
	<-g.entered
	require.Empty(t, g.entered, "two calls of one user, and one of another")
	close(g.open)
	require.Equal(t, 200, (<-ordinary).StatusCode)
	for _, answered := range greedy {
		require.Equal(t, 200, (<-answered).StatusCode)
	}
}

func TestAUserWithTooManyRequestsIsRefused(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.UserInflight, settings.QueueTime = 1, time.Millisecond
	g := newGate()
	r := startFunction(t, settings, Function{Handle: g.handle, Admit: admitByHeader})
	first := make(chan answer, 1)
	go func() { first <- r.do(t, "POST", "/", nil, http.Header{"User": {"eve"}}) }()
	<-g.entered
	refused := r.do(t, "POST", "/", strings.NewReader("more"), http.Header{"User": {"eve"}})
	requireFault(t, refused, 503, "busy")
	require.NotEmpty(t, refused.Header.Get("Retry-After"))
	close(g.open)
	require.Equal(t, 200, (<-first).StatusCode)
	require.Equal(t, 200, r.do(t, "POST", "/", nil, http.Header{"User": {"eve"}}).StatusCode)
}

func TestAClientWithTooManyRequestsMakesRoomForOthers(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxConnections, settings.MaxInflight, settings.QueueTime = 16, 1, 20*time.Second
	g := newGate()
	r := startFunction(t, settings, Function{Handle: g.handle, Admit: func(sent handler.Request) (web.Admission, error) {
		return web.Admission{Client: sent.Header.Get("Client")}, nil
	}})
	send := func(client string, answers chan answer) {
		go func() { answers <- r.do(t, "POST", "/", strings.NewReader(client), http.Header{"Client": {client}}) }()
	}
	const waiting = 8 // half of the connections
	greedy, ordinary := make(chan answer, 1+waiting), make(chan answer, 1)
	send("192.0.2.1", greedy)
	<-g.entered
	for range waiting {
		send("192.0.2.1", greedy)
	}
	r.waitInFlight(t, 1+waiting)
	send("192.0.2.2", ordinary)
	requireFault(t, <-greedy, 503, "busy")
	close(g.open)
	require.Equal(t, 200, (<-ordinary).StatusCode)
	for range waiting {
		require.Equal(t, 200, (<-greedy).StatusCode)
	}
}
