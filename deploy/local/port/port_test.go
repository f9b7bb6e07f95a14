package port

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestListenNamesTheVariableOfAPortInUse(t *testing.T) {
	number, err := Free()
	require.NoError(t, err)
	t.Setenv("MYSQL_PORT", strconv.Itoa(number))
	chosen, err := Choose("MYSQL")
	require.NoError(t, err)
	require.Equal(t, number, chosen)

	listener, err := Listen("MYSQL", 0)
	require.NoError(t, err)
	defer listener.Close()
	_, err = Choose("MYSQL")
	require.ErrorContains(t, err, "is in use")
	require.ErrorContains(t, err, "MYSQL_PORT=NUMBER")
}

func TestFreePortsAreNotEphemeral(t *testing.T) {
	t.Parallel()
	for range 20 {
		number, err := Choose("UNSET")
		require.NoError(t, err)
		require.GreaterOrEqual(t, number, lowest)
		require.LessOrEqual(t, number, highest)
	}
}

func TestInheritableAcceptsConnectionsBeforeAServerRuns(t *testing.T) {
	t.Parallel()
	file, address, err := Inheritable()
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
		want  int
		fails bool
	}{"": {8080, false}, "9000": {9000, false}, "web": {0, true}, "0": {0, true}, "65536": {0, true}}
	for value, test := range tests {
		t.Run(value, func(t *testing.T) {
			t.Setenv("WEB_PORT", value)
			got, err := fromEnv("WEB_PORT", 8080)
			if test.fails {
				require.ErrorContains(t, err, "WEB_PORT="+value)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}
