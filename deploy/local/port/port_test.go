package port

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTakenPortNamesItsVariable(t *testing.T) {
	t.Parallel()
	number, err := Free()
	require.NoError(t, err)
	listener, err := Open("127.0.0.1", number, "WEB_PORT")
	require.NoError(t, err)
	defer listener.Close()

	_, err = Open("127.0.0.1", number, "WEB_PORT")
	require.ErrorContains(t, err, "is taken by another program")
	require.ErrorContains(t, err, "WEB_PORT=NUMBER")
}

func TestFreePortsAreNotGivenToClients(t *testing.T) {
	t.Parallel()
	for range 20 {
		number, err := Free()
		require.NoError(t, err)
		require.GreaterOrEqual(t, number, lowest)
		require.LessOrEqual(t, number, highest)
	}
}

func TestLocalKeepsItsPortWhileNobodyServes(t *testing.T) {
	t.Parallel()
	file, address, err := Local()
	require.NoError(t, err)
	defer file.Close()
	early, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer early.Close()

	server, err := net.FileListener(file)
	require.NoError(t, err)
	defer server.Close()
	served, err := server.Accept()
	require.NoError(t, err)
	require.Equal(t, early.LocalAddr().String(), served.RemoteAddr().String())
	require.NoError(t, served.Close())
}

func TestFromEnv(t *testing.T) {
	tests := map[string]struct {
		value string
		want  int
		fails bool
	}{
		"unset":     {"", 8080, false},
		"a port":    {"9000", 9000, false},
		"a word":    {"web", 0, true},
		"zero":      {"0", 0, true},
		"too large": {"65536", 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("WEB_PORT", test.value)
			got, err := FromEnv("WEB_PORT", 8080)
			if test.fails {
				require.ErrorContains(t, err, "WEB_PORT="+test.value)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}
