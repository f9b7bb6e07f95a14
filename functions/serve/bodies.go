package serve

import (
	"slices"
	"sync"
)

// bodies bounds the memory of request bodies, from their first byte until their call has ended.
type bodies struct {
	mu      sync.Mutex
	free    int64            // bytes
	holders map[string]*held // by user
}

// held is the memory of one user's bodies.
type held struct {
	bytes    int64
	arriving []*body // in the order in which they began to arrive
}

// body is a request's body.
type body struct {
	*pacedReader
	user  string
	bytes int64 // of memory
}

func newBodies(bytes int64) *bodies { return &bodies{free: bytes, holders: map[string]*held{}} }

// begin notes that a body arrives. end must be called.
func (b *bodies) begin(user string, from *pacedReader) *body {
	arriving := &body{pacedReader: from, user: user}
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.holders[user]
	if h == nil {
		h = &held{}
		b.holders[user] = h
	}
	h.arriving = append(h.arriving, arriving)
	return arriving
}

// grow reserves this many more bytes for a body and reports whether it could. If too few are free, it gives up the bodies that have
// been arriving longest, of the user who holds the most: a body that is sent at once gets through.
func (b *bodies) grow(arriving *body, bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if arriving.wasGivenUp() {
		return false
	}
	for b.free < bytes {
		oldest := b.oldest()
		if oldest == nil || oldest == arriving {
			return false
		}
		oldest.giveUp()
		b.arrived(oldest)
		b.release(oldest)
	}
	b.free -= bytes
	arriving.bytes += bytes
	b.holders[arriving.user].bytes += bytes
	return true
}

// oldest returns the body that has been arriving longest, of the user who holds the most memory, or nil if none is arriving.
func (b *bodies) oldest() (oldest *body) {
	var most int64 = -1
	for _, h := range b.holders {
		if len(h.arriving) > 0 && h.bytes > most {
			oldest, most = h.arriving[0], h.bytes
		}
	}
	return oldest
}

// complete notes that a body has arrived. It is not given up from then on.
func (b *bodies) complete(arrived *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.arrived(arrived)
}

// end frees a body's memory.
func (b *bodies) end(ended *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.arrived(ended)
	b.release(ended)
	if h := b.holders[ended.user]; h != nil && h.bytes == 0 && len(h.arriving) == 0 {
		delete(b.holders, ended.user)
	}
}

func (b *bodies) arrived(arrived *body) {
	h := b.holders[arrived.user]
	if h == nil {
		return
	}
	if at := slices.Index(h.arriving, arrived); at >= 0 {
		h.arriving = slices.Delete(h.arriving, at, at+1)
	}
}

func (b *bodies) release(ended *body) {
	b.free += ended.bytes
	if h := b.holders[ended.user]; h != nil {
		h.bytes -= ended.bytes
	}
	ended.bytes = 0
}
