package serve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/serve/connections"
)

// How much of an oversized or refused body to drain, and for how long, so that the client sees the response instead of a reset.
const (
	drainBytes = 64 << 20
	drainTime  = 10 * time.Second
)

// The grace periods of pacedReader: how long a body may take in addition to the time that its bytes take at minRate.
const (
	bodyGrace  = 5 * time.Second
	drainGrace = time.Second
)

// firstBytes is the memory of a body before any of it has arrived. It then grows with the body, whatever length was announced, to
// growth times as much each time.
const (
	firstBytes = 4 << 10
	growth     = 4
)

// receive reads the request's body, up to the limit; that of OPTIONS is discarded. end frees its memory. If the body does not arrive in
// full, the connection closes with the response.
func (s *server) receive(w http.ResponseWriter, r *http.Request, user string) (received []byte, end func(), err error) {
	if r.Body == http.NoBody {
		return nil, func() {}, nil
	}
	if r.Method == http.MethodOptions { // needs no token
		discardUnread(w, r)
		return nil, func() {}, nil
	}
	if r.ContentLength > s.settings.BodyLimit {
		discardUnread(w, r)
		return nil, func() {}, tooLarge(s.settings.BodyLimit)
	}
	connection := connections.Of(r.Context())
	connection.Arrives()
	arriving := s.bodies.begin(user, newPacedReader(w, r, bodyGrace, s.settings.ReadTimeout))
	end = func() { s.bodies.end(arriving) }
	received, err = s.readAll(arriving, r.ContentLength)
	switch {
	case err == nil:
		connection.Served()
		s.bodies.complete(arriving)
		arriving.setDeadline(time.Time{}) // else it would end the request while it is served
		return received, end, nil
	case errors.Is(err, errTooLong):
		discard(w, r, drainBytes-s.settings.BodyLimit)
		return nil, end, tooLarge(s.settings.BodyLimit)
	case errors.Is(err, errNoMemory), arriving.wasGivenUp():
		err = s.busy("memory", "Too much is being sent at once. Please try again.")
	default:
		err = fault.New(fault.Invalid, "body_incomplete", "The request's body did not arrive in full, or too slowly.")
	}
	abort(w)
	return nil, end, err
}

var (
	errTooLong  = errors.New("the body is too long")
	errNoMemory = errors.New("no memory for the body")
)

// readAll reads a body of length bytes, or of any number up to the limit if length is negative, as for a chunked body.
func (s *server) readAll(arriving *body, length int64) ([]byte, error) {
	most := length
	if length < 0 {
		most = s.settings.BodyLimit + 1
	}
	var all []byte
	for {
		if len(all) == cap(all) {
			size := min(most, max(firstBytes, growth*int64(cap(all))))
			if !s.bodies.grow(arriving, size-int64(cap(all))) {
				return nil, errNoMemory
			}
			all = append(make([]byte, 0, size), all...)
		}
		n, err := arriving.Read(all[len(all):cap(all)])
		all = all[:len(all)+n]
		switch {
		case int64(len(all)) == length:
			return all, nil
		case int64(len(all)) > s.settings.BodyLimit:
			return nil, errTooLong
		case err == io.EOF && length < 0:
			return all, nil
		case err != nil:
			return nil, err
		}
	}
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "too_large", fmt.Sprintf("The request has more than %d KiB.", limit>>10))
}

// discardUnread discards a body of which nothing was read, unless the client waits for "100 Continue" before it sends one.
func discardUnread(w http.ResponseWriter, r *http.Request) {
	if r.Body != http.NoBody && r.Header.Get("Expect") == "" {
		discard(w, r, drainBytes)
	}
}

var discarded = sync.Pool{New: func() any { return new([8 << 10]byte) }}

// discard discards up to limit bytes of the body, because a client that is still sending does not read the response. If there is
// more, the connection closes with the response, or before it if there are too many connections.
func discard(w http.ResponseWriter, r *http.Request, limit int64) {
	connection := connections.Of(r.Context())
	connection.Refused()
	into := discarded.Get().(*[8 << 10]byte)
	defer discarded.Put(into)
	from := newPacedReader(w, r, drainGrace, drainTime)
	for {
		if _, err := from.Read(into[:]); err == io.EOF {
			connection.Served()
			from.setDeadline(time.Time{})
			return
		} else if err != nil || from.received > limit {
			abort(w)
			return
		}
	}
}

// abort makes the server close the connection after the response without reading the rest of the body.
func abort(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
}
