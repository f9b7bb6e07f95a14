package auth

import (
	"crypto/sha256"
	"crypto/subtle"

	"snaptask/functions/internal/config"
)

// minCallerSecret is the minimum length of a caller's secret: nobody types it, so it can be too long to guess.
const minCallerSecret = 16

// Caller recognises a program that calls a function by the secret that both have.
type Caller struct {
	hash [sha256.Size]byte
}

// NewCaller returns a Caller with this secret.
func NewCaller(secret string) *Caller { return &Caller{sha256.Sum256([]byte(secret))} }

// OpenCaller returns a Caller with the secret of this name.
func OpenCaller(c *config.Reader, name string) *Caller {
	secret := c.Secret(name)
	if secret != "" && len(secret) < minCallerSecret {
		c.Fail(name, "the secret has less than %d characters", minCallerSecret)
	}
	return NewCaller(secret)
}

// Check compares a secret in a time that does not depend on it. The fault is Unauthorized.
func (c *Caller) Check(secret string) error {
	hash := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(c.hash[:], hash[:]) != 1 {
		return Unauthorized("This function is called with a secret of its own.")
	}
	return nil
}
