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

// Trips puts a relay in front of the database at dsn that counts the commands sent through it: round trips, as the wire
// has them. The count is since the call before.
func Trips(t testing.TB, dsn string) (through string, count func() int) {
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
			go relay(client, target, &commands)
		}
	}()
	config.Addr = listener.Addr().String()
	return config.FormatDSN(), func() int { return int(commands.Swap(0)) }
}

func relay(client net.Conn, target string, commands *atomic.Int64) {
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
	// A packet of MySQL's protocol is its length in 3 bytes, a sequence number that is 0 for every new command, and its
	// payload, whose first byte says which command it is.
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
