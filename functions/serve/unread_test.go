package serve

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// An answer that its client does not read is memory, so it counts as a request in flight until it is sent.
func TestAnswersThatNobodyReadsAreInFlight(t *testing.T) {
	t.Parallel()
	settings := bounds()
	settings.MaxInflight = 1
	served := make(chan struct{}, 8)
	r := start(t, settings, func(handler.Request) (handler.Response, error) {
		served <- struct{}{}
		return handler.Response{Body: make([]byte, 64<<20)}, nil
	})
	silent, err := net.Dial("tcp", r.address)
	require.NoError(t, err)
	defer silent.Close()
	_, err = fmt.Fprint(silent, "GET / HTTP/1.1\r\nHost: function\r\n\r\n")
	require.NoError(t, err)
	<-served
	for range 3 {
		require.Equal(t, http.StatusServiceUnavailable, r.do(t, "GET", "/", nil, nil).StatusCode)
	}
	read, err := io.CopyN(io.Discard, silent, 64<<20)
	require.NoError(t, err)
	require.EqualValues(t, 64<<20, read)
}
