package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// guesses is a database in which time passes as a test says: it moves the times of the rows into the past.
type guesses struct {
	*store.Store
	pool    *sql.DB
	elapsed time.Duration
}

func newGuesses(t *testing.T) *guesses {
	t.Helper()
	dsn := testbed.Database(t)
	return &guesses{testbed.StoreAt(t, dsn), rows(t, dsn), 0}
}

func (g *guesses) pass(t *testing.T, d time.Duration) {
	t.Helper()
	_, err := g.pool.Exec(`UPDATE password_failures SET not_before = not_before - INTERVAL ? MICROSECOND, failed_at = failed_at - INTERVAL ? MICROSECOND`,
		d.Microseconds(), d.Microseconds())
	require.NoError(t, err)
	g.elapsed += d
}

// guess is an attempt with a wrong password. It returns how long the next one must wait if it was not checked.
func (g *guesses) guess(t *testing.T, name, address string, device task.Device) (wait time.Duration) {
	t.Helper()
	_, a, err := g.NewLogin(t.Context(), name, address, device)
	return began(t, g.Store, a, err)
}

func (g *guesses) confirm(t *testing.T, owner task.Owner) (wait time.Duration) {
	t.Helper()
	_, _, a, err := g.NewConfirmation(t.Context(), owner)
	return began(t, g.Store, a, err)
}

func began(t *testing.T, s *store.Store, a *store.Attempt, err error) (wait time.Duration) {
	t.Helper()
	if err == nil {
		err = s.BeginAttempt(t.Context(), a)
	}
	if err == nil {
		return 0
	}
	var f *fault.Error
	require.True(t, errors.As(err, &f), "%v", err)
	require.Equal(t, fault.Throttled, f.Kind, "%v", err)
	require.Positive(t, f.RetryAfter)
	require.LessOrEqual(t, f.RetryAfter, 40*time.Second)
	return f.RetryAfter
}

// attack guesses a name's password from as many addresses for a time, each as soon as it may, and counts the checks.
func (g *guesses) attack(t *testing.T, name string, addresses int, during time.Duration) (checks int) {
	t.Helper()
	began := g.elapsed
	for i := 0; g.elapsed-began < during; i++ {
		var first time.Duration
		for range addresses {
			address := fmt.Sprint("192.0.2.", rand.IntN(addresses))
			wait := g.guess(t, name, address, task.Device{})
			if wait == 0 {
				checks++
			}
			if first == 0 || wait > 0 && wait < first {
				first = wait
			}
		}
		if first > 0 {
			g.pass(t, first)
		}
	}
	return checks
}

func TestGuessesOfANameAreFewerThan120AnHourFromAnyNumberOfAddresses(t *testing.T) {
	t.Parallel()
	for _, addresses := range []int{1, 3, 50} {
		g := newGuesses(t)
		ada := testbed.SignIn(t, g.Store)
		known := task.Device{UserID: ada.UserID, ID: uuid.New()}
		checks := g.attack(t, ada.Username, addresses, time.Hour)
		t.Logf("%d addresses: %d checks", addresses, checks)
		require.Greater(t, checks, 60, "the attack must have gone on")
		require.Less(t, checks, 120, "%d addresses", addresses)

		require.Zero(t, g.guess(t, ada.Username, "198.51.100.1", known), "the owner's device must not wait")
		wait := g.guess(t, ada.Username, "198.51.100.1", task.Device{})
		g.pass(t, wait)
		require.LessOrEqual(t, wait, 60*time.Second)
		if wait > 0 {
			require.Zero(t, g.guess(t, ada.Username, "198.51.100.1", task.Device{}), "Retry-After must be true for a new device of the owner's")
		}
		require.Zero(t, g.guess(t, "somebody else", "192.0.2.1", task.Device{}), "an address that guesses closes no other name")
	}
}

func TestUnknownNamesAreDelayedLikeExistingOnes(t *testing.T) {
	t.Parallel()
	g := newGuesses(t)
	require.NoError(t, g.AddUser(t.Context(), "jose", "h"))
	waits := map[string][]time.Duration{}
	for _, names := range [][]string{
		{"jose", "JOSE", "José", "jose ", "JOSÉ"},
		{"nobody", "NOBODY", "Nobodý", "nobody ", "nobödy"},
	} {
		for i := range 20 {
			wait := g.guess(t, names[i%len(names)], fmt.Sprint("192.0.2.", i), task.Device{}).Round(time.Second)
			waits[names[0]] = append(waits[names[0]], wait)
			g.pass(t, wait)
		}
	}
	require.Equal(t, waits["jose"], waits["nobody"])
	require.Contains(t, waits["jose"], 8*time.Second)
}

func TestDelaysDoubleAndOldFailuresFade(t *testing.T) {
	t.Parallel()
	g := newGuesses(t)
	var waits []time.Duration
	for len(waits) < 8 {
		if wait := g.guess(t, "ada", "192.0.2.1", task.Device{}); wait > 0 {
			waits = append(waits, wait.Round(time.Second))
			g.pass(t, wait)
		}
	}
	const second = time.Second
	require.Equal(t, []time.Duration{1 * second, 2 * second, 4 * second, 8 * second, 16 * second, 32 * second, 40 * second, 40 * second}, waits)
	for range 5 {
		g.guess(t, "ada", "192.0.2.1", task.Device{})
	}
	g.pass(t, 15*time.Minute)
	for range 5 {
		require.Zero(t, g.guess(t, "ada", "192.0.2.1", task.Device{}))
	}
}

func TestOnlyTheOwnersDevicesAreKnown(t *testing.T) {
	t.Parallel()
	g := newGuesses(t)
	ada, eve := testbed.SignIn(t, g.Store), testbed.SignIn(t, g.Store)
	hers := task.Device{UserID: eve.UserID, ID: uuid.New()}
	for range 5 {
		require.Zero(t, g.guess(t, ada.Username, "192.0.2.1", hers))
	}
	require.Positive(t, g.guess(t, ada.Username, "192.0.2.1", hers), "another user's device must count as none")
	require.Positive(t, g.guess(t, ada.Username, "192.0.2.1", task.Device{}))
	require.Positive(t, g.guess(t, ada.Username, "192.0.2.1", task.Device{ID: uuid.New()}))
	require.Zero(t, g.guess(t, eve.Username, "192.0.2.1", hers), "the owner of that device must not wait")

	nobody := task.Device{}
	for range 5 {
		require.Zero(t, g.guess(t, "nobody", "192.0.2.1", nobody))
	}
	require.Positive(t, g.guess(t, "nobody", "192.0.2.1", nobody))
}

func TestConfirmationsAndLoginsDoNotDelayEachOther(t *testing.T) {
	t.Parallel()
	g := newGuesses(t)
	ada := testbed.SignIn(t, g.Store)
	elsewhere := testbed.SignInAgain(t, g.Store, ada, time.Now().Add(time.Hour))
	for range 5 {
		require.Zero(t, g.confirm(t, ada.Owner))
	}
	require.Positive(t, g.confirm(t, ada.Owner))
	require.Zero(t, g.confirm(t, elsewhere.Owner), "another session of the user")
	for i := range 10 {
		require.Zero(t, g.guess(t, ada.Username, fmt.Sprint("192.0.2.", i), task.Device{}))
	}
	require.Positive(t, g.guess(t, ada.Username, "192.0.2.1", task.Device{}))
	require.Zero(t, g.confirm(t, elsewhere.Owner))
}

func TestForgivingLeavesWhatOthersFailed(t *testing.T) {
	t.Parallel()
	g := newGuesses(t)
	ada := testbed.SignIn(t, g.Store)
	for i := range 6 {
		require.Zero(t, g.guess(t, ada.Username, fmt.Sprint("192.0.2.", i), task.Device{}))
	}
	for range 3 {
		require.Zero(t, g.guess(t, ada.Username, "198.51.100.1", task.Device{}))
	}
	_, a, err := g.NewLogin(t.Context(), ada.Username, "198.51.100.1", task.Device{})
	require.NoError(t, err)
	require.NoError(t, g.BeginAttempt(t.Context(), a), "the tenth failure of the name")
	require.Positive(t, g.guess(t, ada.Username, "198.51.100.2", task.Device{}))
	g.Forgive(t.Context(), a)
	for range 4 {
		g.pass(t, time.Second)
		require.Zero(t, g.guess(t, ada.Username, "198.51.100.1", task.Device{}), "four of ten failures were forgiven")
	}
	require.Positive(t, g.guess(t, ada.Username, "198.51.100.2", task.Device{}), "six of others still count")
}

// Concurrent attempts begin before any of them is checked.
func TestConcurrentGuessesGetOneTurn(t *testing.T) {
	t.Parallel()
	g := newGuesses(t)
	const addresses = 20
	for round, turns := range []int{10, 1, 1} {
		attempts := make([]*store.Attempt, addresses)
		for i := range attempts {
			var err error
			_, attempts[i], err = g.NewLogin(t.Context(), "ada", fmt.Sprint("192.0.2.", i), task.Device{})
			require.NoError(t, err)
		}
		var wait sync.WaitGroup
		begun := make(chan bool, addresses)
		for _, a := range attempts {
			wait.Go(func() { begun <- g.BeginAttempt(context.Background(), a) == nil })
		}
		wait.Wait()
		close(begun)
		got := 0
		for ok := range begun {
			if ok {
				got++
			}
		}
		if round == 0 {
			require.LessOrEqual(t, got, turns)
			for g.guess(t, "ada", "198.51.100.1", task.Device{}) == 0 {
				got++
			}
		}
		require.Equal(t, turns, got, "round %d", round)
		g.pass(t, 40*time.Second)
	}
}

func TestRegistrationsOfAnAddressAreLimited(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	s, pool := testbed.StoreAt(t, dsn), rows(t, dsn)
	register := func(address string) error { return s.CountRegistration(t.Context(), address, 3) }
	for range 2 {
		for range 3 {
			require.NoError(t, register("192.0.2.1"))
		}
		for range 3 {
			err := register("192.0.2.1")
			requireFault(t, fault.Throttled, err)
			require.ErrorContains(t, err, "There were 3 registrations from your address within an hour.")
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.True(t, f.RetryAfter > 50*time.Minute && f.RetryAfter <= time.Hour, f.RetryAfter)
		}
		require.NoError(t, register("192.0.2.2"))
		_, err := pool.Exec(`UPDATE registrations SET begun_at = begun_at - INTERVAL 1 HOUR`)
		require.NoError(t, err)
	}
	for range 10 {
		require.NoError(t, register(""), "without a proven address there is no limit")
	}
}
