package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/text"
	"snaptask/functions/internal/turns"

	"golang.org/x/crypto/argon2"
)

// The cost of one argon2id hash: 19 MiB, 2 passes, 1 lane, the first choice of OWASP's Password Storage Cheat Sheet.
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonSalt   = 16 // bytes
	argonKey    = 32 // bytes
	maxPassword = 128
	maxTyped    = 3 * 4 * maxPassword // bytes: no text is more than 3 times as long in NFD as in NFC

	// Stored hashes that cost more are refused.
	maxStoredKiB    = 256 * 1024
	maxStoredPasses = 64

	costFormat = "v=%d$m=%d,t=%d,p=%d"
)

// Passwords limits how many passwords are hashed or checked concurrently, so that many sign-ins can't exhaust memory or CPU.
type Passwords struct {
	queue *turns.Queue
}

const (
	maxSlots   = 4  // of 19 MiB, in a process limited to 96 MiB
	maxWaiting = 64 // about 2 s of work for one CPU
)

// NewPasswords returns Passwords with one slot for each CPU, and at most maxSlots.
func NewPasswords() *Passwords {
	return &Passwords{turns.New(turns.Limits{
		WaitFor: "a password check", Working: min(runtime.GOMAXPROCS(0), maxSlots), Waiting: maxWaiting, FullestGivesWay: true,
	})}
}

// Acquire waits for a slot, in which the caller hashes or checks a password, and returns a function that releases it.
// This also bounds the number of attempts that are counted but not yet checked. Known callers, who have shown that they have
// signed in before, come first; the others take turns by address. The fault is Unavailable if too many wait, or if ctx ends.
func (p *Passwords) Acquire(ctx context.Context, address string, known bool) (release func(), err error) {
	line := turns.Line{Name: address}
	if known {
		line = turns.Line{First: true}
	}
	done, ok := p.queue.Wait(ctx, line)
	if !ok {
		return nil, &fault.Error{Kind: fault.Unavailable, Code: "busy", Message: "Too many people are signing in. Please try again.", RetryAfter: 2 * time.Second, Cause: ctx.Err()}
	}
	return func() {
		// Free the memory of the hash before the slot: otherwise the next 19 MiB may be allocated before the garbage collector
		// has freed these, in a process limited to 96 MiB. It costs little compared to the hash.
		runtime.GC()
		done()
	}, nil
}

// Hash returns the password's argon2id hash with a new salt, as a PHC string. A function's caller holds a slot of Passwords.
func Hash(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonKey)
	return fmt.Sprintf("$argon2id$"+costFormat+"$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// Matches reports whether hash is the hash of the password, in NFC or as it was typed: accounts from before passwords were
// normalized may have either. An empty hash, which stands for an unknown user, takes the same time and never matches. The caller
// holds a slot of Passwords.
func Matches(hash, password string) (bool, error) {
	if len(password) > maxTyped {
		hash, password = "", "" // longer than any valid password; this bounds the work
	}
	normal := text.NFC(password)
	matches, err := matchesExactly(hash, normal)
	if matches || err != nil || normal == password {
		return matches, err
	}
	return matchesExactly(hash, password)
}

// matchesExactly is Matches for the bytes of one password.
func matchesExactly(hash, password string) (bool, error) {
	if hash == "" {
		argon2.IDKey([]byte(password), make([]byte, argonSalt), argonPasses, argonMemory, argonLanes, argonKey)
		return false, nil
	}
	stored, err := parseHash(hash)
	if err != nil {
		return false, fmt.Errorf("stored password hash: %w", err)
	}
	again := argon2.IDKey([]byte(password), stored.salt, stored.passes, stored.memory, stored.lanes, uint32(len(stored.key)))
	return subtle.ConstantTimeCompare(again, stored.key) == 1, nil
}

// storedHash is a parsed PHC string of argon2id.
type storedHash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// parseHash parses a PHC string and checks that its cost is valid and bounded. Its errors contain no part of the hash.
func parseHash(text string) (storedHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return storedHash{}, errors.New("not argon2id")
	}
	var h storedHash
	cost := parts[2] + "$" + parts[3]
	// Sscanf ignores text after the last number, so compare with the canonical form.
	_, err := fmt.Sscanf(cost, costFormat, new(int), &h.memory, &h.passes, &h.lanes)
	if err != nil || cost != fmt.Sprintf(costFormat, argon2.Version, h.memory, h.passes, h.lanes) {
		return storedHash{}, errors.New("unknown version or cost")
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil {
		return storedHash{}, errors.New("not base64")
	}
	if h.memory > maxStoredKiB || h.passes < 1 || h.passes > maxStoredPasses || h.lanes < 1 || len(key) < 16 {
		return storedHash{}, errors.New("out of bounds")
	}
	h.salt, h.key = salt, key
	return h, nil
}
