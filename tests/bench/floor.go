package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	handler "github.com/openfaas/templates-sdk/go-http"
)

// trivial is the least that a function can do: what remains is the server around it.
func trivial(handler.Request) (handler.Response, error) {
	return handler.Response{StatusCode: 200, Body: []byte(`{}`), Header: map[string][]string{"Content-Type": {"application/json"}}}, nil
}

// recorder is a relay to the database that writes down the statements sent through it, so that the bare loop can send
// the very same ones.
type recorder struct {
	listener net.Listener
	mu       sync.Mutex
	seen     []string
}

// errPrepared is why nothing was recorded of a statement that was prepared: its values are not in its text.
var errPrepared = errors.New("the function prepares its statements, which the bare loop can't repeat")

// Commands of MySQL's protocol, by the first byte of a packet.
const (
	comQuery   = 0x03
	comPrepare = 0x16
)

// record starts a recorder before the database at dsn, and gives the DSN that goes through it.
func record(dsn string) (*recorder, string, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, "", err
	}
	target := config.Addr
	r := &recorder{}
	if r.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, "", err
	}
	go func() {
		for {
			client, err := r.listener.Accept()
			if err != nil {
				return
			}
			go r.relay(client, target)
		}
	}()
	config.Addr = r.listener.Addr().String()
	return r, config.FormatDSN(), nil
}

func (r *recorder) relay(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, server)
	}()
	for {
		// A packet is its length in 3 bytes, a sequence number that is 0 for every new command, and its payload.
		header := make([]byte, 4)
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		payload := make([]byte, binary.LittleEndian.Uint32(header)&0xffffff)
		if _, err := io.ReadFull(client, payload); err != nil {
			return
		}
		if header[3] == 0 && len(payload) > 0 && (payload[0] == comQuery || payload[0] == comPrepare) {
			r.mu.Lock()
			r.seen = append(r.seen, string(payload))
			r.mu.Unlock()
		}
		if _, err := server.Write(append(header, payload...)); err != nil {
			return
		}
	}
}

// statement gives the last statement recorded, which must be one that bears all its values.
func (r *recorder) statement() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seen) == 0 {
		return "", errors.New("the function sent no statement to the database")
	}
	last := r.seen[len(r.seen)-1]
	if last[0] != comQuery {
		return "", errPrepared
	}
	return last[1:], nil
}

// escaped is how the driver writes bytes within quotes.
func escaped(b []byte) string {
	return strings.NewReplacer("\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`, `'`, `\'`, `"`, `\"`, `\`, `\\`).Replace(string(b))
}

// bare is a script that sends statements to the database and reads what they give, and makes nothing of it.
type bare struct {
	ctx  context.Context
	conn *sql.Conn
	next func() string // "" at the end
}

func (b *bare) call() (bool, error) {
	text := b.next()
	if text == "" {
		return false, nil
	}
	rows, err := b.conn.QueryContext(b.ctx, text)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for more := true; more; more = rows.NextResultSet() {
		names, err := rows.Columns()
		if err != nil {
			return false, err
		}
		values, into := make([]sql.RawBytes, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return false, err
			}
		}
	}
	return true, rows.Err()
}

func (b *bare) close() { b.conn.Close() }

// bareLoop makes n scripts, each on a connection of its own.
func bareLoop(ctx context.Context, pool *sql.DB, n int, next func() string) ([]script, error) {
	var all []script
	for range n {
		opening, cancel := context.WithTimeout(ctx, 5*time.Second)
		conn, err := pool.Conn(opening)
		cancel()
		if err != nil {
			return nil, err
		}
		all = append(all, &bare{ctx, conn, next})
	}
	return all, nil
}
