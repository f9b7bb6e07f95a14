package serve

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
	"github.com/stretchr/testify/require"
)

// connected gives both ends of a connection.
func connected(t *testing.T) (*connection, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	there, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { there.Close() })
	here, err := accepting{l}.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { here.Close() })
	return here.(*connection), there
}

func (c *connection) must(t *testing.T, text string) {
	t.Helper()
	n, err := c.Write([]byte(text))
	require.NoError(t, err)
	require.Equal(t, len(text), n)
}

func receive(t *testing.T, from net.Conn, n int) string {
	t.Helper()
	require.NoError(t, from.SetReadDeadline(time.Now().Add(5*time.Second)))
	b := make([]byte, n)
	_, err := io.ReadFull(from, b)
	require.NoError(t, err)
	return string(b)
}

func TestWhatIsHeldLeavesWithTheLast(t *testing.T) {
	t.Parallel()
	here, there := connected(t)
	for range 2 {
		here.hold(true)
		here.must(t, "one ")
		here.must(t, "two ")
		require.NoError(t, there.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
		_, err := there.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		here.hold(false)
		here.must(t, "three")
		require.Equal(t, "one two three", receive(t, there, 13))
		here.must(t, "four")
		require.Equal(t, "four", receive(t, there, 4))
	}
}

func TestALongAnswerIsNotHeld(t *testing.T) {
	t.Parallel()
	here, there := connected(t)
	here.hold(true)
	first, second := strings.Repeat("a", heldBytes), strings.Repeat("b", heldBytes)
	here.must(t, first)
	here.must(t, second)
	require.Equal(t, first+second, receive(t, there, 2*heldBytes))
}

func TestAnswersOfAnySizeArriveInFullAndInOrder(t *testing.T) {
	t.Parallel()
	r := start(t, bounds(), func(q handler.Request) (handler.Response, error) {
		size, err := strconv.Atoi(q.QueryString)
		return handler.Response{StatusCode: http.StatusOK, Body: []byte(numbered(size))}, err
	})
	for _, size := range []int{0, 1, 2, 2047, 2048, 2049, 3900, 4095, 4096, 4097, 8000, 8191, 8193, 16 << 10, 16<<10 + 1, 20_000, 300_000} {
		require.Equal(t, numbered(size), r.do(t, "GET", fmt.Sprint("/?", size), nil, nil).body, size)
	}
}

// numbered is a text of which no two places look alike.
func numbered(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprint(&b, i, " ")
	}
	return b.String()[:size]
}
