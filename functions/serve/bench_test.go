package serve

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"testing"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// BenchmarkRequest measures a request over loopback to a function that does nothing, by the size of its response in bytes.
func BenchmarkRequest(b *testing.B) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	b.Cleanup(func() { slog.SetDefault(before) })
	for _, size := range []int{2, 3 << 10, 10 << 10, 100 << 10} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			body := make([]byte, size)
			function, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(b, err)
			metrics, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(b, err)
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() {
				ended <- Serve(ctx, "bench", Function{Handle: func(handler.Request) (handler.Response, error) {
					return handler.Response{StatusCode: http.StatusOK, Body: body, Header: http.Header{"Content-Type": {"application/json"}}}, nil
				}}, bounds(), function, metrics)
			}()
			client := &http.Client{Transport: &http.Transport{}}
			b.ReportAllocs()
			for b.Loop() {
				response, err := client.Get("http://" + function.Addr().String())
				require.NoError(b, err)
				_, err = io.Copy(io.Discard, response.Body)
				require.NoError(b, err)
				response.Body.Close()
			}
			b.StopTimer()
			stop()
			require.NoError(b, <-ended)
		})
	}
}
