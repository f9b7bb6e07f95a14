package function

import (
	"context"
	"sync"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
)

// searches lets each user run one search at a time: a search may read all texts of the user, and the functions have few
// connections to the database.
type searches struct {
	patience time.Duration // how long a search waits for the one before

	mu    sync.Mutex
	users map[uuid.UUID]*line // that run or wait for a search
}

// line has the searches of one user.
type line struct {
	turn  chan struct{} // full while a search runs
	calls int           // that run or wait
}

func newSearches(patience time.Duration) *searches {
	return &searches{patience: patience, users: map[uuid.UUID]*line{}}
}

// begin waits for the user's turn. The search is over when end is called. The fault is Throttled if the search before takes
// longer than patience or ctx.
func (s *searches) begin(ctx context.Context, user uuid.UUID) (end func(), err error) {
	l := s.join(user)
	timer := time.NewTimer(s.patience)
	defer timer.Stop()
	select {
	case l.turn <- struct{}{}:
		return func() {
			<-l.turn
			s.leave(user, l)
		}, nil
	case <-ctx.Done():
	case <-timer.C:
	}
	s.leave(user, l)
	return nil, &fault.Error{
		Kind: fault.Throttled, Code: "too_many_searches", Message: "Another search of yours is still running. Please try again.", RetryAfter: time.Second,
	}
}

func (s *searches) join(user uuid.UUID) *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.users[user]
	if l == nil {
		l = &line{turn: make(chan struct{}, 1)}
		s.users[user] = l
	}
	l.calls++
	return l
}

func (s *searches) leave(user uuid.UUID, l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.calls--; l.calls == 0 {
		delete(s.users, user)
	}
}
