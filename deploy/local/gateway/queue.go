package gateway

import (
	"net/http"
	"sync/atomic"
)

// Limits of the calls that wait.
const (
	queueLength = 10_000
	queueBytes  = 32 << 20
)

// asyncCall is a call in the queue.
type asyncCall struct {
	function *Function
	path     string
	query    string
	host     string
	header   http.Header
	body     []byte
	callback *callback // may be nil
}

// size returns how many bytes of memory the request takes, approximately.
func (c *asyncCall) size() int64 {
	n := len(c.path) + len(c.query) + len(c.host) + len(c.body)
	for name, values := range c.header {
		n += len(name)
		for _, value := range values {
			n += len(value)
		}
	}
	return int64(n)
}

// queue contains the calls that wait. What does not fit is refused, and its caller is told so.
type queue struct {
	calls chan *asyncCall
	bytes atomic.Int64
}

func newQueue() *queue { return &queue{calls: make(chan *asyncCall, queueLength)} }

// add adds a call and reports whether there was room for it.
func (q *queue) add(c *asyncCall) bool {
	if q.bytes.Add(c.size()) <= queueBytes {
		select {
		case q.calls <- c:
			return true
		default:
		}
	}
	q.bytes.Add(-c.size())
	return false
}

// removed must be called for each call that was received from calls.
func (q *queue) removed(c *asyncCall) { q.bytes.Add(-c.size()) }
