package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	killTimeout  = 5 * time.Second // for one connection of the killer
	killInterval = 20 * time.Millisecond
	maxKillPause = 2 * time.Second // between two connections
	killGrace    = time.Second     // for what is left when the store is closed
)

// killer ends abandoned connections at their server, which does not notice that a client has closed its connection while a
// statement runs. It works on one connection of its own, which it opens when there is something to kill.
type killer struct {
	connector driver.Connector // dials once
	release   func()           // frees the place of a connection that has ended

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	victims []victim
	working bool
	closed  bool
}

// victim is an abandoned connection.
type victim struct {
	id     uint64 // at its server
	server server
	opened time.Time
}

func newKiller(c driver.Connector, release func()) *killer {
	k := &killer{connector: c, release: release}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

// kill ends a connection at its server and then releases its place. It does not wait for that.
func (k *killer) kill(v victim) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed { // the server's own limits end it
		return
	}
	k.victims = append(k.victims, v)
	if !k.working {
		k.working = true
		k.work.Go(k.run)
	}
}

// close waits for the killer to finish, for at most killGrace, and then stops it.
func (k *killer) close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	defer time.AfterFunc(killGrace, k.cancel).Stop()
	k.work.Wait()
	k.cancel()
}

// run repeats round until there is nothing left to kill.
func (k *killer) run() {
	for pause := killInterval; ; pause = min(2*pause, maxKillPause) {
		k.round()
		k.mu.Lock()
		k.working = len(k.victims) > 0 && k.ctx.Err() == nil
		again := k.working
		k.mu.Unlock()
		if !again {
			return
		}
		select {
		case <-k.ctx.Done():
		case <-time.After(pause):
		}
	}
}

// round kills all victims on one connection, until the server knows none of them or does not answer.
func (k *killer) round() {
	ctx, cancel := context.WithTimeout(k.ctx, killTimeout)
	defer cancel()
	opened, err := k.connector.Connect(ctx)
	if errors.Is(err, syscall.ECONNREFUSED) { // the server has ended, and its statements with it
		k.forget(func(victim) bool { return true })
		return
	}
	if err != nil {
		return
	}
	defer opened.Close()
	c := opened.(mysqlConn)
	self, err := askPeer(ctx, c)
	if err != nil {
		return
	}
	started, err := startOf(ctx, c)
	if err != nil {
		return
	}
	for {
		victims := k.left()
		if len(victims) == 0 {
			return
		}
		for _, v := range victims {
			ended := !v.isOf(self.server, started)
			if !ended {
				if ended, err = killOnce(ctx, c, v.id); err != nil {
					return
				}
			}
			if ended {
				k.forget(func(one victim) bool { return one == v })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(killInterval):
		}
	}
}

// killOnce kills a connection and reports whether it has ended. That takes longer than KILL, because the server first rolls back
// what the connection did.
func killOnce(ctx context.Context, c driver.ExecerContext, id uint64) (ended bool, err error) {
	_, err = c.ExecContext(ctx, fmt.Sprintf("KILL %d", id), nil)
	if number(err) == noSuchThread || number(err) == notOwner {
		return true, nil
	}
	return false, err
}

// startOf returns when the server of a connection was started, to the second.
func startOf(ctx context.Context, c driver.QueryerContext) (time.Time, error) {
	row, err := readRow(ctx, c, `SHOW GLOBAL STATUS LIKE 'Uptime'`)
	if err != nil {
		return time.Time{}, err
	}
	var seconds int
	if _, err := fmt.Sscan(row[1], &seconds); err != nil {
		return time.Time{}, err
	}
	return time.Now().Add(-time.Duration(seconds) * time.Second), nil
}

// isOf reports whether the connection belongs to this server since it was started, at a time known to the second. After a
// restart, a server uses the same ids for other connections.
func (v victim) isOf(current server, started time.Time) bool {
	return v.server == current && !v.opened.Before(started.Add(-time.Second))
}

// left returns the victims that are left.
func (k *killer) left() []victim {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.victims)
}

// forget removes the victims that have ended and releases their places.
func (k *killer) forget(ended func(victim) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := len(k.victims)
	k.victims = slices.DeleteFunc(k.victims, ended)
	for range before - len(k.victims) {
		k.release()
	}
}
