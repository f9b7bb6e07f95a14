package testbed

import (
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// RoundTrips starts a proxy for the database at dsn. count returns how many commands were sent through it since its last
// call: BEGIN and COMMIT count like any statement.
func RoundTrips(t testing.TB, dsn string) (through string, count func() int) {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	target := config.Addr
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	var commands atomic.Int64
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go proxy(client, target, &commands)
		}
	}()
	config.Addr = listener.Addr().String()
	return config.FormatDSN(), func() int { return int(commands.Swap(0)) }
}

func proxy(client net.Conn, target string, commands *atomic.Int64) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer client.Close()
		io.Copy(client, server)
	}()
	// A packet of MySQL's protocol is its length in 3 bytes, a sequence number that is 0 in a new command, and a payload whose
	// first byte is the kind of command.
	const ping, quit = 0x0e, 0x01
	for {
		header := make([]byte, 4)
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		payload := make([]byte, binary.LittleEndian.Uint32(header)&0xffffff)
		if _, err := io.ReadFull(client, payload); err != nil {
			return
		}
		if header[3] == 0 && len(payload) > 0 && payload[0] != ping && payload[0] != quit {
			commands.Add(1)
		}
		if _, err := server.Write(append(header, payload...)); err != nil {
			return
		}
	}
}
