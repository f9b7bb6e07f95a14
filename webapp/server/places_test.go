package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientWithTheMostUploadsMakesRoom(t *testing.T) {
	t.Parallel()
	p := newPlaces(5, 3)
	var ended []string
	take := func(client, name string) *place {
		return p.take(client, func() { ended = append(ended, name) })
	}
	first, second, third := take("a", "a1"), take("a", "a2"), take("a", "a3")
	require.Nil(t, take("a", "a4"), "more than one client may have")
	require.NotNil(t, take("b", "b1"))
	fifth := take("b", "b2")
	require.Empty(t, ended)

	require.NotNil(t, take("c", "c1"))
	require.Equal(t, []string{"a3"}, ended)
	require.NotNil(t, take("d", "d1"))
	require.Len(t, ended, 2)
	p.leave(third) // as its upload does when it notices
	require.Equal(t, 5, p.count)
	require.Nil(t, take("c", "c2"), "nobody has more than c would have")
	require.Len(t, ended, 2)

	p.leave(first)
	p.leave(second)
	p.leave(fifth)
	p.leave(fifth)
	total := 0
	for _, taken := range p.of {
		require.NotEmpty(t, taken)
		total += len(taken)
	}
	require.Equal(t, total, p.count)
}

func TestUploadThatMakesRoomIsBusy(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	arrived := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1))
		arrived <- struct{}{}
		<-ctx.Done()
	}))
	defer upstream.Close()
	config := Config{FunctionURL: unusedFunctionURL, S3Endpoint: upstream.URL, S3Bucket: "photos", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	address := serverOver(t, config, build()).URL
	defer end()
	answers := make(chan *http.Response)
	send := func(client string) {
		body, _ := io.Pipe() // after the first byte, no more comes
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, address+uploadPath+uploadQuery, io.MultiReader(strings.NewReader("x"), body))
		if err != nil {
			t.Error(err)
			return
		}
		request.ContentLength = 100
		request.Header.Set("X-Forwarded-For", client)
		if response, err := testTransport.RoundTrip(request); err == nil {
			answers <- response
		}
	}
	for client := range maxUploads / uploadsPerClient {
		for range uploadsPerClient {
			go send(fmt.Sprintf("203.0.113.%d", 1+client))
			<-arrived
		}
	}
	go send("203.0.113.9")
	<-arrived
	busy := <-answers // to one of the first
	require.Equal(t, http.StatusServiceUnavailable, busy.StatusCode)
	text, err := io.ReadAll(busy.Body)
	require.NoError(t, err)
	require.NoError(t, busy.Body.Close())
	require.Equal(t, "busy", requireError(t, busy, string(text)))
}
