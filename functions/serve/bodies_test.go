package serve

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// begin begins a body of which nothing is read.
func begin(b *bodies, user string) *body {
	r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
	return b.begin(user, newPacedReader(httptest.NewRecorder(), r, time.Second, time.Second))
}

func TestTheOldestBodyOfTheLargestHolderIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newBodies(100)
	ada, first, second := begin(b, "ada"), begin(b, "eve"), begin(b, "eve")
	require.True(t, b.grow(ada, 20))
	require.True(t, b.grow(first, 40))
	require.True(t, b.grow(second, 40))

	require.True(t, b.grow(ada, 10))
	require.True(t, first.wasGivenUp())
	require.False(t, second.wasGivenUp())
	require.False(t, b.grow(first, 1), "a body that was given up gets no more")
	require.True(t, b.grow(second, 30))
	for _, ended := range []*body{ada, first, second} {
		b.end(ended)
	}
	require.EqualValues(t, 100, b.free)
	require.Empty(t, b.holders)
}

func TestABodyThatHasArrivedIsNotGivenUp(t *testing.T) {
	t.Parallel()
	b := newBodies(100)
	whole, late := begin(b, "ada"), begin(b, "eve")
	require.True(t, b.grow(whole, 80))
	b.complete(whole)
	require.True(t, b.grow(late, 20))
	require.False(t, b.grow(late, 20))
	require.False(t, whole.wasGivenUp())
	b.end(whole)
	require.True(t, b.grow(late, 80))
}

// Not parallel: it measures what the process allocates.
func TestABodyTakesMemoryAsItArrives(t *testing.T) {
	settings := bounds()
	settings.BodyLimit, settings.BodyBudget = 64<<20, 512<<20
	s := newServer(t.Name(), Function{Handle: echo}, settings)
	const count = 16
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range count {
		r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", 100)))
		_, err := s.readAll(s.bodies.begin("eve", newPacedReader(httptest.NewRecorder(), r, time.Second, time.Second)), 60<<20)
		require.Error(t, err, "less than announced")
	}
	runtime.ReadMemStats(&after)
	require.EqualValues(t, settings.BodyBudget-count*firstBytes, s.bodies.free)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
}

func TestABodyThatArrivesTooSlowlyIsRefused(t *testing.T) {
	t.Parallel()
	due := func(received int64) time.Time {
		p := &pacedReader{start: time.Unix(0, 0), end: time.Unix(60, 0), grace: bodyGrace, received: received}
		return p.due()
	}
	require.Equal(t, time.Unix(5, 0), due(0))
	require.Equal(t, time.Unix(15, 0), due(10*minRate))
	require.Equal(t, time.Unix(60, 0), due(1000*minRate), "READ_TIMEOUT")
}

func TestBodiesWithoutMemoryAreRefusedAndTheSlowestGoFirst(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.BodyBudget = settings.BodyLimit + 1
	r := startFunction(t, settings, Function{Handle: echo, Admit: admitByHeader})
	slow := r.dial(t, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nUser: eve\r\nContent-Length: 60000\r\n\r\n%s", strings.Repeat("x", 50000)))
	r.waitInFlight(t, 1)
	words := strings.Repeat("w", 60000)
	require.Equal(t, words, r.do(t, "POST", "/", strings.NewReader(words), http.Header{"User": {"ada"}}).body)
	response, err := http.ReadResponse(bufio.NewReader(slow), nil)
	require.NoError(t, err)
	require.Equal(t, 503, response.StatusCode)
	require.NotEmpty(t, response.Header.Get("Retry-After"))
	require.True(t, response.Close)
}
