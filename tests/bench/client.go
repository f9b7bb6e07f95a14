package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// callTimeout bounds one call.
const callTimeout = 60 * time.Second

// connection is a client of HTTP/1.1 that costs as little CPU as it can, because it shares the machine with what it
// measures: requests are bytes made beforehand, and of an answer's head it reads what it must.
type connection struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
	body    bytes.Buffer
}

// answer is what came back. Its body holds until the next call.
type answer struct {
	status     int
	retryAfter string
	body       []byte
}

// request is one as the wire has it.
func request(method, target, token, contentType string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n", method, target)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if contentType != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", contentType)
	}
	if method != http.MethodGet {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// do sends a request and reads its answer. A connection that the server has closed is opened again first.
func (c *connection) do(request []byte) (answer, error) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.address, 5*time.Second)
		if err != nil {
			return answer{}, err
		}
		c.conn = conn
		if c.reader == nil {
			c.reader = bufio.NewReaderSize(conn, 64<<10)
		}
		c.reader.Reset(conn)
	}
	if err := c.conn.SetDeadline(time.Now().Add(callTimeout)); err != nil {
		return answer{}, err
	}
	_, err := c.conn.Write(request)
	var a answer
	ends := true
	if err == nil {
		a, ends, err = c.read()
	}
	if ends || err != nil {
		c.close()
	}
	return a, err
}

func (c *connection) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// read reads one answer; ends says that the server closes the connection after it.
func (c *connection) read() (a answer, ends bool, err error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return a, true, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return a, true, fmt.Errorf("%q is no answer of HTTP/1", line)
	}
	ends = line[7] == '0'
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return a, true, err
	}
	length, chunked := int64(-1), false
	for {
		line, err = c.reader.ReadSlice('\n')
		if err != nil {
			return a, true, err
		}
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if len(name) == 0 {
			break
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return a, true, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			ends = bytes.EqualFold(value, []byte("close"))
		case bytes.EqualFold(name, []byte("Retry-After")):
			a.retryAfter = string(value)
		}
	}
	c.body.Reset()
	switch {
	case chunked:
		if _, err = c.body.ReadFrom(httputil.NewChunkedReader(c.reader)); err == nil {
			_, err = c.reader.Discard(2) // the empty line that ends the trailer
		}
	case length >= 0:
		_, err = io.CopyN(&c.body, c.reader, length)
	case ends:
		_, err = c.body.ReadFrom(c.reader)
	default:
		err = errors.New("the answer does not say how long it is")
	}
	a.body = c.body.Bytes()
	return a, ends, err
}
