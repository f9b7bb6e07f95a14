package serve

import (
	"strings"
	"testing"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

func TestAnAnswerSaysThatItIsTheLastOfItsConnection(t *testing.T) {
	t.Parallel()
	t.Run("not while all is well", func(t *testing.T) {
		t.Parallel()
		r := start(t, bounds(), echo)
		for range 3 {
			require.False(t, r.do(t, "POST", "/", strings.NewReader("words"), nil).Close)
		}
	})
	t.Run("when the connection is old", func(t *testing.T) {
		t.Parallel()
		settings := bounds()
		settings.ConnectionAge = time.Millisecond
		r := start(t, settings, func(q handler.Request) (handler.Response, error) {
			time.Sleep(5 * time.Millisecond)
			return echo(q)
		})
		last := r.do(t, "POST", "/", strings.NewReader("words"), nil)
		require.True(t, last.Close)
		require.Equal(t, "words", last.body)
	})
	t.Run("when the server stops", func(t *testing.T) {
		t.Parallel()
		settings := bounds()
		settings.ShutdownDelay = time.Second
		g := newGate()
		r := start(t, settings, g.handle)
		finished := make(chan answer, 1)
		go func() { finished <- r.do(t, "POST", "/", strings.NewReader("begun before"), nil) }()
		<-g.entered
		r.stop()
		require.Eventually(t, func() bool { return r.do(t, "GET", "/_/health", nil, nil).StatusCode == 503 }, 5*time.Second, time.Millisecond)
		close(g.open)
		require.True(t, (<-finished).Close)
		require.NoError(t, <-r.ended)
	})
}
