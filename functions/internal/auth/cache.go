package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"snaptask/functions/internal/task"
)

// generationSize is the number of tokens in one generation of a tokenCache; two generations take about 1 MB.
const generationSize = 4096

// tokenCache is a two-generation cache of verified tokens: checking an Ed25519 signature costs a third of the CPU of a
// whole list. It holds the SHA-256 of a token rather than the token. When the young generation is full it becomes the
// old one, and the old one is dropped.
type tokenCache struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]verified
}

// verified is the content of a verified token.
type verified struct {
	owner   task.Owner
	expires time.Time
}

// find returns the owner of a cached token that has not expired by now.
func (c *tokenCache) find(token string, now time.Time) (task.Owner, bool) {
	key := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.young[key]
	if !ok {
		if v, ok = c.old[key]; ok {
			c.put(key, v)
		}
	}
	if !ok || !now.Before(v.expires) {
		return task.Owner{}, false
	}
	return v.owner, true
}

func (c *tokenCache) add(token string, v verified) {
	key := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, v)
}

func (c *tokenCache) put(key [sha256.Size]byte, v verified) {
	if c.young == nil || len(c.young) == generationSize {
		c.young, c.old = map[[sha256.Size]byte]verified{}, c.young
	}
	c.young[key] = v
}
