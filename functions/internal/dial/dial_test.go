package dial

import (
	"context"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// refusing returns a Func that refuses connections until this moment.
func refusing(until time.Time) Func {
	return func(context.Context, string, string) (net.Conn, error) {
		if time.Now().Before(until) {
			return nil, syscall.ECONNREFUSED
		}
		client, _ := net.Pipe()
		return client, nil
	}
}

func TestRefusedConnectionIsDialledAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, err := Again(refusing(time.Now().Add(2*time.Second)))(t.Context(), "tcp", "mysql:3306")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	})
}

func TestUnreachableServerIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := Again(refusing(began.Add(time.Hour)))(t.Context(), "tcp", "mysql:3306")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Equal(t, Patience, time.Since(began))
	})
}

func TestCallerMayHaveLessPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := Again(refusing(began.Add(time.Hour)))(ctx, "tcp", "mysql:3306")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestFirstErrorIsReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		_, err := Again(func(ctx context.Context, _, _ string) (net.Conn, error) {
			tries++
			if tries == 1 {
				return nil, syscall.ECONNREFUSED
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})(t.Context(), "tcp", "mysql:3306")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}
