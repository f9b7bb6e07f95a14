package testbed

import (
	"bytes"
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
	var commands atomic.Int64
	through = proxied(t, dsn, func([]byte) (loses bool) {
		commands.Add(1)
		return false
	})
	return through, func() int { return int(commands.Swap(0)) }
}

// LoseAnswers starts a proxy for the database at dsn that closes the connection instead of passing on the server's answer to
// a command that contains text.
func LoseAnswers(t testing.TB, dsn, text string) (through string) {
	t.Helper()
	return proxied(t, dsn, func(command []byte) (loses bool) { return bytes.Contains(command, []byte(text)) })
}

// Hold starts a proxy for the database at dsn that calls wait before it passes on a command that contains text.
func Hold(t testing.TB, dsn, text string, wait func()) (through string) {
	t.Helper()
	return proxied(t, dsn, func(command []byte) (loses bool) {
		if bytes.Contains(command, []byte(text)) {
			wait()
		}
		return false
	})
}

// proxied starts a proxy that calls see with every command, before the server has it, and loses the answer if see returns
// true.
func proxied(t testing.TB, dsn string, see func(command []byte) (loses bool)) (through string) {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	target := config.Addr
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go forward(listener, target, see)
	config.Addr = listener.Addr().String()
	return config.FormatDSN()
}

func proxy(client net.Conn, target string, see func(command []byte) (loses bool)) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	var losing atomic.Bool
	go func() {
		defer client.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if losing.Load() {
				return
			}
			if _, failed := client.Write(buffer[:n]); failed != nil || err != nil {
				return
			}
		}
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
		if header[3] == 0 && len(payload) > 0 && payload[0] != ping && payload[0] != quit && see(payload) {
			losing.Store(true)
		}
		if _, err := server.Write(append(header, payload...)); err != nil {
			return
		}
	}
}

// Forward connects every client of the listener with target until the listener is closed.
func Forward(listener net.Listener, target string) {
	forward(listener, target, func([]byte) (loses bool) { return false })
}

func forward(listener net.Listener, target string, see func(command []byte) (loses bool)) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go proxy(client, target, see)
	}
}
