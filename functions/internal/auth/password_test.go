package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"snaptask/functions/internal/fault"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
)

func TestHashIsAPHCString(t *testing.T) {
	t.Parallel()
	first := Hash("correct horse")
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, first)
	again := Hash("correct horse")
	require.NotEqual(t, first, again, "each hash has a salt of its own")
}

func TestMatches(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("🐈", maxPassword)
	hashed := map[string]string{}
	longestTyped := strings.Repeat("e\u0323\u0302", maxPassword)
	for _, password := range []string{"correct horse", longest, "", "p\u00e4sswort", "pa\u0308sswort", strings.Repeat("\u1ec7", maxPassword)} {
		hash := Hash(password)
		hashed[password] = hash
	}
	cheap := "$argon2id$v=19$m=64,t=1,p=2$" + encode("saltsaltsaltsalt") + "$" +
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("correct horse"), []byte("saltsaltsaltsalt"), 1, 64, 2, 24))
	for name, c := range map[string]struct {
		hash, password string
		want           bool
	}{
		"the password":                  {hashed["correct horse"], "correct horse", true},
		"the longest password":          {hashed[longest], longest, true},
		"a hash of other cost":          {cheap, "correct horse", true},
		"a hash of other cost, no":      {cheap, "correct horsf", false},
		"another password":              {hashed["correct horse"], "battery staple", false},
		"other case":                    {hashed["correct horse"], "Correct horse", false},
		"trailing white space":          {hashed["correct horse"], "correct horse ", false},
		"its beginning":                 {hashed["correct horse"], "correct", false},
		"no password":                   {hashed["correct horse"], "", false},
		"longer than any":               {hashed["correct horse"], strings.Repeat("x", maxTyped+1), false},
		"longer than any, and none set": {hashed[""], strings.Repeat("x", maxTyped+1), false},
		"typed decomposed":              {hashed["p\u00e4sswort"], "pa\u0308sswort", true},
		"stored decomposed":             {hashed["pa\u0308sswort"], "pa\u0308sswort", true},
		"another accent":                {hashed["p\u00e4sswort"], "pa\u0301sswort", false},
		"no accent":                     {hashed["p\u00e4sswort"], "passwort", false},
		"the longest, decomposed":       {hashed[strings.Repeat("\u1ec7", maxPassword)], longestTyped, true},
		"unknown user, decomposed":      {"", "pa\u0308sswort", false},
		"unknown user":                  {"", "correct horse", false},
		"unknown user, no password":     {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Matches(c.hash, c.password)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// Not parallel: it reads the process's memory counter. What argon2id allocates is a measure of its work.
func TestMatchesDoesTheSameWorkForEveryone(t *testing.T) {
	hash := Hash("correct horse")
	for name, c := range map[string]struct {
		hash, password string
		checks         uint64
	}{
		"right password":           {hash, "correct horse", 1},
		"wrong password":           {hash, "battery staple", 1},
		"unknown user":             {"", "correct horse", 1},
		"longer than any":          {hash, strings.Repeat("x", 1<<20), 1},
		"wrong, decomposed":        {hash, "pa\u0308sswort", 2},
		"unknown user, decomposed": {"", "pa\u0308sswort", 2},
	} {
		var err error
		allocated := allocatedBy(func() { _, err = Matches(c.hash, c.password) })
		require.NoError(t, err, name)
		require.InDelta(t, c.checks*argonMemory<<10, allocated, 1<<20, name)
	}
}

func allocatedBy(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestDamagedStoredHashIsAnError(t *testing.T) {
	t.Parallel()
	salt, key := encode("saltsaltsaltsalt"), encode(strings.Repeat("k", argonKey))
	for name, hash := range map[string]string{
		"a password in the clear":     "correct horse",
		"bcrypt":                      "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":                     "$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + key,
		"no key":                      "$argon2id$v=19$m=64,t=1,p=1$" + salt,
		"empty key":                   "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"short key":                   "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + encode("fifteen bytes.."),
		"a part too many":             "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key + "$",
		"older version":               "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + key,
		"no version":                  "$argon2id$$m=64,t=1,p=1$" + salt + "$" + key,
		"no cost":                     "$argon2id$v=19$$" + salt + "$" + key,
		"no passes":                   "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + key,
		"negative passes":             "$argon2id$v=19$m=64,t=-1,p=1$" + salt + "$" + key,
		"passes that wrap to 0":       "$argon2id$v=19$m=64,t=4294967296,p=1$" + salt + "$" + key,
		"passes without end":          "$argon2id$v=19$m=64,t=4294967295,p=1$" + salt + "$" + key,
		"more passes than an int":     "$argon2id$v=19$m=64,t=99999999999999999999,p=1$" + salt + "$" + key,
		"no lanes":                    "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + key,
		"more lanes than there are":   "$argon2id$v=19$m=64,t=1,p=256$" + salt + "$" + key,
		"negative memory":             "$argon2id$v=19$m=-1,t=1,p=1$" + salt + "$" + key,
		"more memory than there is":   "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
		"memory above the bound":      fmt.Sprintf("$argon2id$v=19$m=%d,t=1,p=1$%s$%s", maxStoredKiB+1, salt, key),
		"salt that is not base64":     "$argon2id$v=19$m=64,t=1,p=1$***$" + key,
		"key that is not base64":      "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$***",
		"padded base64":               "$argon2id$v=19$m=64,t=1,p=1$" + salt + "==$" + key,
		"cut off in the middle":       ("$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key)[:len("$argon2id$v=19$m=64")],
		"only separators":             "$$$$$",
		"other order of the cost":     "$argon2id$v=19$t=1,m=64,p=1$" + salt + "$" + key,
		"a leading letter":            "x$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key,
		"a trailing parameter":        "$argon2id$v=19$m=64,t=1,p=1,x=1$" + salt + "$" + key,
		"an unknown version's ending": "$argon2id$v=19.1$m=64,t=1,p=1$" + salt + "$" + key,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok, err := Matches(hash, "correct horse")
			require.ErrorContains(t, err, "stored password hash")
			require.NotContains(t, err.Error(), key)
			require.False(t, ok)
			require.False(t, fault.Is(err, fault.Unavailable), "retrying can't help")
		})
	}
}

func TestConcurrentPasswordChecksAreBounded(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	slots := min(runtime.GOMAXPROCS(0), maxSlots)
	var done func()
	for range slots {
		var err error
		done, err = p.Acquire(t.Context(), "", false)
		require.NoError(t, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Acquire(ended, "", false)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, fault.Unavailable, f.Kind)
	require.Positive(t, f.RetryAfter)
	require.ErrorIs(t, err, context.Canceled)

	waiting := make(chan error)
	go func() {
		_, err := p.Acquire(t.Context(), "", false)
		waiting <- err
	}()
	done()
	require.NoError(t, <-waiting, "the next one starts when one is done")
}

func TestKnownCallersComeFirstAndAFloodFromOneAddressGivesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPasswords()
		var release func()
		for range min(runtime.GOMAXPROCS(0), maxSlots) {
			var err error
			release, err = p.Acquire(t.Context(), "", false)
			require.NoError(t, err)
		}
		var order, refused []string
		arrive := func(name, address string, known bool) {
			go func() {
				next, err := p.Acquire(t.Context(), address, known)
				if err != nil {
					refused = append(refused, name)
					return
				}
				order, release = append(order, name), next
			}()
			synctest.Wait()
		}
		for range maxWaiting {
			arrive("flood", "192.0.2.1", false)
		}
		arrive("ada", "198.51.100.1", false)
		arrive("known", "192.0.2.1", true)
		require.Equal(t, []string{"flood", "flood"}, refused)
		for range maxWaiting {
			release()
			synctest.Wait()
		}
		require.Equal(t, []string{"known", "flood", "ada", "flood"}, order[:4])
	})
}

func encode(text string) string { return base64.RawStdEncoding.EncodeToString([]byte(text)) }
