package function

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestAUsersSearchesRunOneAtATime holds the first search at the database. With two connections, eight searches at once would
// leave none for others.
func TestAUsersSearchesRunOneAtATime(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	direct := testbed.StoreAt(t, dsn)
	ada, eve := testbed.SignIn(t, direct), testbed.SignIn(t, direct)
	add(t, direct, ada.Owner, "Fix the pier")
	add(t, direct, eve.Owner, "Fix the roof")
	held := make(chan struct{}, 8)
	release := make(chan struct{})
	through := testbed.StoreAt(t, testbed.Hold(t, dsn, "LIKE '%pier%'", func() {
		held <- struct{}{}
		<-release
	}))
	f := function.With(&deps{through, newSearches(time.Millisecond)}, testbed.Verifier())
	get := func(token, query string) testbed.Answer {
		return testbed.Do(t, f.Handle, testbed.Call{Method: http.MethodGet, Token: token, Query: query})
	}

	var wait sync.WaitGroup
	var first testbed.Answer
	wait.Go(func() { first = get(ada.Token, "q=pier") })
	<-held
	for range 7 {
		answer := get(ada.Token, "q=pier")
		require.Equal(t, http.StatusTooManyRequests, answer.Status)
		require.Equal(t, "too_many_searches", answer.Fault(t).Code)
		require.Equal(t, "1", answer.Header.Get("Retry-After"))
	}
	require.Contains(t, string(get(eve.Token, "q=roof").Body), "Fix the roof", "another user's search")
	require.Contains(t, string(get(ada.Token, "").Body), "Fix the pier", "a list without a search")
	require.Empty(t, held, "no other search has reached the database")
	close(release)
	wait.Wait()
	require.Equal(t, http.StatusOK, first.Status)
	require.Contains(t, string(first.Body), "Fix the pier")
}

func TestASearchWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	s, user := newSearches(time.Hour), uuid.New()
	end, err := s.begin(t.Context(), user)
	require.NoError(t, err)
	others, err := s.begin(t.Context(), uuid.New())
	require.NoError(t, err, "another user need not wait")
	others()

	const waiting = 4
	order := make(chan string, waiting+1)
	var wait sync.WaitGroup
	for range waiting {
		wait.Go(func() {
			end, err := s.begin(t.Context(), user)
			if err != nil {
				order <- err.Error()
				return
			}
			order <- "next"
			end()
		})
	}
	order <- "first"
	end()
	wait.Wait()
	close(order)
	var all []string
	for one := range order {
		all = append(all, one)
	}
	require.Equal(t, "first"+strings.Repeat(" next", waiting), strings.Join(all, " "))
}

func TestACancelledSearchGivesUpItsTurn(t *testing.T) {
	t.Parallel()
	s, user := newSearches(time.Hour), uuid.New()
	end, err := s.begin(t.Context(), user)
	require.NoError(t, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.begin(cancelled, user)
	require.True(t, fault.Is(err, fault.Throttled))
	end()
	end, err = s.begin(t.Context(), user)
	require.NoError(t, err)
	end()
}
