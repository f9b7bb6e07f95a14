package serve

import (
	"net/http"
	"sync"
	"time"
)

// minRate is how many bytes of a body must arrive in a second, on average and after a grace period.
const minRate = 8 << 10

// pacedReader reads a request's body. Reading fails at a fixed time, or earlier if the body arrives at less than minRate
// after a grace period.
type pacedReader struct {
	request    *http.Request
	connection *http.ResponseController
	start, end time.Time
	grace      time.Duration
	received   int64 // bytes

	mu      sync.Mutex
	givenUp bool
}

func newPacedReader(w http.ResponseWriter, r *http.Request, grace, most time.Duration) *pacedReader {
	now := time.Now()
	return &pacedReader{request: r, connection: http.NewResponseController(w), start: now, end: now.Add(most), grace: grace}
}

// due returns when the next bytes must have arrived.
func (p *pacedReader) due() time.Time {
	due := p.start.Add(p.grace + time.Duration(p.received)*time.Second/minRate)
	if p.end.Before(due) {
		return p.end
	}
	return due
}

func (p *pacedReader) Read(into []byte) (int, error) {
	p.setDeadline(p.due())
	n, err := p.request.Body.Read(into)
	p.received += int64(n)
	return n, err
}

func (p *pacedReader) setDeadline(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.givenUp {
		p.connection.SetReadDeadline(t)
	}
}

// giveUp makes the current and all later reads fail.
func (p *pacedReader) giveUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.givenUp = true
	p.connection.SetReadDeadline(time.Unix(1, 0))
}

// wasGivenUp reports whether giveUp was called.
func (p *pacedReader) wasGivenUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.givenUp
}
