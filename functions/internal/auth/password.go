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

	// A stored hash that asks for more is not ours.
	maxStoredKiB    = 256 * 1024
	maxStoredPasses = 64

	costFormat = "v=%d$m=%d,t=%d,p=%d"
)

// Passwords gives turns to those who hash or check one, few at once, so that many sign-ins can't exhaust memory or CPU.
type Passwords struct {
	slots chan struct{}
}

// NewPasswords works on as many passwords at once as there are CPUs.
func NewPasswords() *Passwords {
	return &Passwords{make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Turn waits until there is room for one more password, which the caller then hashes or checks before it is done. Tries
// that are counted within it can't be many at once, be they right or wrong. The fault is Unavailable when ctx ends before.
func (p *Passwords) Turn(ctx context.Context) (done func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return p.release, nil
	case <-ctx.Done():
		return nil, &fault.Error{Kind: fault.Unavailable, Code: "busy", Message: "Too many people are signing in. Please try again.", RetryAfter: 2 * time.Second, Cause: ctx.Err()}
	}
}

// release gives the turn to the next, and before it frees the memory of the hash: the collector would let the next one in
// beside the remains of this one, and 19 MiB are much where a process may have 96. That costs little, measured against
// the hash.
func (p *Passwords) release() {
	runtime.GC()
	<-p.slots
}

// Hash gives the password's argon2id hash with a new salt, as a PHC string. It is for the caller whose turn it is.
func Hash(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonKey)
	return fmt.Sprintf("$argon2id$"+costFormat+"$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// Matches says whether the password is the one that hash was made of. An empty hash, that of an unknown user, takes
// the same work and never matches. It is for the caller whose turn it is.
func Matches(hash, password string) (bool, error) {
	if len(password) > 4*maxPassword {
		hash, password = "", "" // longer than any that was ever set; the work stays bounded
	}
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

// storedHash is what a PHC string of argon2id says.
type storedHash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// parseHash reads a PHC string. What it lets through has a bounded cost that argon2 accepts; its errors hold nothing of
// the hash.
func parseHash(text string) (storedHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return storedHash{}, errors.New("not argon2id")
	}
	var h storedHash
	cost := parts[2] + "$" + parts[3]
	// Sscanf passes over what stands behind the last number, so what was read is written again and compared.
	_, err := fmt.Sscanf(cost, costFormat, new(int), &h.memory, &h.passes, &h.lanes)
	if err != nil || cost != fmt.Sprintf(costFormat, argon2.Version, h.memory, h.passes, h.lanes) {
		return storedHash{}, errors.New("not a version and cost that are known")
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
