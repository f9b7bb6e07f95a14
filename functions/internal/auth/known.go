package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"snaptask/functions/internal/task"
)

// knownTokens is how many tokens a generation has; two of them take about 1 MB.
const knownTokens = 4096

// known remembers tokens that were verified, for a browser brings the same one with every call and an Ed25519 signature takes
// longer to check than all else that a function does for a list. It keeps a token's SHA-256 instead of the token. When the
// young generation is full it becomes the old one, and what the old one had is forgotten.
type known struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]verified
}

// verified is what a token says.
type verified struct {
	owner   task.Owner
	expires time.Time
}

// find gives the owner of a token that was remembered and has not expired by now.
func (k *known) find(token string, now time.Time) (task.Owner, bool) {
	key := sha256.Sum256([]byte(token))
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.young[key]
	if !ok {
		if v, ok = k.old[key]; ok {
			k.put(key, v)
		}
	}
	if !ok || !now.Before(v.expires) {
		return task.Owner{}, false
	}
	return v.owner, true
}

func (k *known) remember(token string, v verified) {
	key := sha256.Sum256([]byte(token))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put(key, v)
}

func (k *known) put(key [sha256.Size]byte, v verified) {
	if k.young == nil || len(k.young) == knownTokens {
		k.young, k.old = map[[sha256.Size]byte]verified{}, k.young
	}
	k.young[key] = v
}
