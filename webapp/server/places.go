package server

import (
	"slices"
	"sync"
)

// places bounds the uploads that arrive at once, in all and from one client. When all places are taken, the client with the most gives
// the latest of its own to one that has fewer: otherwise a few clients that send as slowly as they may would keep out all others.
type places struct {
	all, each int // limits

	mu    sync.Mutex
	count int
	of    map[string][]*place // by the client's address, the earliest first
}

// place is taken by an upload.
type place struct {
	client string
	giveUp func() // ends the upload
}

func newPlaces(all, each int) *places {
	return &places{all: all, each: each, of: map[string][]*place{}}
}

// take returns a place for an upload that giveUp ends, or nil if there is none. leave must be called.
func (p *places) take(client string, giveUp func()) *place {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := len(p.of[client])
	if own >= p.each || p.count >= p.all && !p.makeRoom(own+1) {
		return nil
	}
	taken := &place{client, giveUp}
	p.count++
	p.of[client] = append(p.of[client], taken)
	return taken
}

// makeRoom takes the latest place of the client with the most, if that has more than most.
func (p *places) makeRoom(most int) bool {
	var latest *place
	for _, taken := range p.of {
		if len(taken) > most {
			most, latest = len(taken), taken[len(taken)-1]
		}
	}
	if latest == nil {
		return false
	}
	p.remove(latest)
	latest.giveUp()
	return true
}

func (p *places) leave(left *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(left)
}

// remove does nothing if the place has been given to another client.
func (p *places) remove(left *place) {
	of := p.of[left.client]
	i := slices.Index(of, left)
	if i < 0 {
		return
	}
	p.count--
	if p.of[left.client] = slices.Delete(of, i, i+1); len(of) == 1 {
		delete(p.of, left.client)
	}
}
