package chaos

import (
	"errors"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

var rounds = flag.Int("rounds", 1, "how often each function's database is made slow in each way")

// short and long are how long the database does not answer: less and more than DB_TIMEOUT.
const short, long = databaseTimeout / 4, databaseTimeout * 3 / 2

// TestAnswersAreTrueWhenTheDatabaseIsSlow makes the database slow while every function that writes is called, and compares each answer
// with what was done: 200 is done, outcome_unknown is either, anything else is not done. Then it repeats the request, which must end
// in the same as a single one.
func TestAnswersAreTrueWhenTheDatabaseIsSlow(t *testing.T) {
	t.Parallel()
	a, s := startSlow(t)
	random := rand.New(rand.NewPCG(*seed, 2))
	counts := map[string]map[string]int{}
	for range *rounds {
		for _, d := range disturbances {
			for _, duration := range []time.Duration{short, long} {
				what := d.name + " for " + duration.String()
				if counts[what] == nil {
					counts[what] = map[string]int{}
				}
				for _, code := range disturbWrites(t, a, s, d, duration, random) {
					counts[what][code]++
				}
			}
		}
	}
	for what, codes := range counts {
		t.Logf("%s: %v", what, codes)
		if strings.HasSuffix(what, long.String()) {
			require.NotZero(t, codes["unavailable"]+codes["outcome_unknown"], what)
		}
	}
	require.Zero(t, counts["locked for "+long.String()]["200"], "what is locked can't be done")
}

// disturbWrites makes the database slow for a duration while every kind of write is made once, and checks their answers. It returns
// their codes.
func disturbWrites(t *testing.T, a *application.Application, s *slow, d disturbance, duration time.Duration, random *rand.Rand) (codes []string) {
	writes := newWrites(t, a, s)
	requireEveryFunction(t, writes)
	errs := make([]error, len(writes))
	var end func()
	if !d.late {
		end = d.begin(t, s)
	}
	var group sync.WaitGroup
	for i, w := range writes {
		delay := time.Duration(random.IntN(60)) * time.Millisecond
		group.Go(func() {
			time.Sleep(delay)
			errs[i] = w.send()
		})
	}
	if d.late {
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		end = d.begin(t, s)
	}
	time.Sleep(duration)
	end()
	group.Wait()
	a.WaitReady(t)
	s.waitIdle(t)
	for i, w := range writes {
		codes = append(codes, codeOf(errs[i]))
		w.check(t, d.name, errs[i])
	}
	return codes
}

// requireEveryFunction fails for a function that may write and is not among the writes.
func requireEveryFunction(t *testing.T, writes []write) {
	table, err := stack.Read(filepath.Join(scenario.Root(t), "stack.yml"))
	require.NoError(t, err)
	for name := range table.Functions {
		reads := strings.HasPrefix(name, "get-")
		require.True(t, reads || slices.ContainsFunc(writes, func(w write) bool { return strings.HasPrefix(w.name, name) }), "add %s to newWrites", name)
	}
}

// waitIdle waits until the server has finished what functions have sent.
func (s *slow) waitIdle(t *testing.T) {
	require.Eventually(t, func() bool {
		var running int
		err := s.pool.QueryRow(`SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND COMMAND <> 'Sleep' AND ID <> CONNECTION_ID()`).Scan(&running)
		return err == nil && running == 0
	}, 10*time.Second, 50*time.Millisecond, "statements are left on the server")
}

// codeOf returns the code of an answer: 200, that of an error, or "lost".
func codeOf(err error) string {
	if err == nil {
		return "200"
	}
	if failure := (*client.Error)(nil); errors.As(err, &failure) {
		return failure.Code
	}
	return "lost"
}
