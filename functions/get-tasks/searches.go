package function

import (
	"context"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/turns"

	"github.com/google/uuid"
)

// searches lets each user run one search at a time: a search may read all texts of the user, and the functions have few
// connections to the database.
type searches struct {
	queue    *turns.Queue
	patience time.Duration // how long a search waits for the one before
}

func newSearches(patience time.Duration) *searches {
	return &searches{turns.New(turns.Limits{WaitFor: "an earlier search", LineWorking: 1}), patience}
}

// begin waits for the user's turn. The search is over when end is called. The fault is Throttled if the search before takes
// longer than patience or ctx.
func (s *searches) begin(ctx context.Context, user uuid.UUID) (end func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	end, ok := s.queue.Wait(ctx, turns.Line{Name: user.String()})
	if !ok {
		return nil, &fault.Error{
			Kind: fault.Throttled, Code: "too_many_searches", Message: "Another search of yours is still running. Please try again.", RetryAfter: time.Second,
		}
	}
	return end, nil
}
