// Package auth has the rules for usernames and passwords, hashes and checks passwords, signs and verifies the tokens of sessions
// and devices, and verifies clients' addresses and the secrets of programs that call functions.
package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	issuer   = "snaptask"
	audience = "snaptask-functions"
)

// Signer opens sessions and signs their tokens.
type Signer struct {
	key      ed25519.PrivateKey
	kid      string
	lifetime time.Duration // of a session
}

// NewSigner returns a Signer whose sessions end after lifetime. A token's kid is derived from the public key, so keys
// need no names.
func NewSigner(key ed25519.PrivateKey, lifetime time.Duration) *Signer {
	return &Signer{key, keyID(key.Public().(ed25519.PublicKey)), lifetime}
}

// OpenSigner returns a Signer with the secret token-signing-key (PKCS #8 in PEM) and SESSION_LIFETIME.
func OpenSigner(c *config.Reader) *Signer {
	lifetime := c.Duration("SESSION_LIFETIME", 7*24*time.Hour, time.Second)
	text := c.Secret("token-signing-key")
	if text == "" {
		return nil
	}
	key, err := parsePrivateKey(text)
	if err != nil {
		c.Fail("token-signing-key", "%w", err)
		return nil
	}
	return NewSigner(key, lifetime)
}

// Token returns a JWT (RFC 7519), signed with Ed25519, whose sub is the user and whose jti is the session.
func (s *Signer) Token(owner task.Owner, issuedAt, expiresAt time.Time) (string, error) {
	return s.sign(jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   owner.UserID.String(),
		ID:        owner.SessionID.String(),
		IssuedAt:  jwt.NewNumericDate(issuedAt),
		ExpiresAt: jwt.NewNumericDate(expiresAt),
	})
}

func (s *Signer) sign(claims jwt.RegisteredClaims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["kid"] = s.kid
	return token.SignedString(s.key)
}

// Session is a new session and its token.
type Session struct {
	task.Owner `json:"-"`
	Token      string    `json:"token"`
	Username   string    `json:"username"`
	ExpiresAt  task.Time `json:"expiresAt"` // UTC, whole seconds: a token has no fractions
	Device     string    `json:"device"`    // of Signer.DeviceToken
}

// NewSession returns a session of the user that begins now. It is on the given device, or on a new one if that is not a device of
// the user. The session's token is valid once the session is stored.
func (s *Signer) NewSession(userID uuid.UUID, username string, device task.Device) (Session, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Session{}, err
	}
	if device.UserID != userID {
		device = task.Device{UserID: userID, ID: uuid.New()}
	}
	issuedAt := time.Now().UTC().Truncate(time.Second)
	n := Session{Owner: task.Owner{UserID: userID, SessionID: id}, Username: username, ExpiresAt: task.NewTime(issuedAt.Add(s.lifetime))}
	if n.Token, err = s.Token(n.Owner, issuedAt, n.ExpiresAt.Time()); err != nil {
		return Session{}, err
	}
	n.Device, err = s.DeviceToken(device)
	return n, err
}

// Verifier verifies tokens. It holds only public keys.
type Verifier struct {
	keys   map[string]ed25519.PublicKey
	parser *jwt.Parser
	cache  tokenCache
}

// OpenVerifier returns a Verifier with the secret token-public-keys: one or more keys in PEM.
func OpenVerifier(c *config.Reader) *Verifier {
	text := c.Secret("token-public-keys")
	keys, err := parsePublicKeys(text)
	if err != nil && text != "" {
		c.Fail("token-public-keys", "%w", err)
	}
	return NewVerifier(keys)
}

// NewVerifier returns a Verifier that accepts tokens signed with any of keys, so that keys can be rotated.
func NewVerifier(keys []ed25519.PublicKey) *Verifier {
	v := &Verifier{
		keys: make(map[string]ed25519.PublicKey, len(keys)),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
			jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired(),
		),
	}
	for _, key := range keys {
		v.keys[keyID(key)] = key
	}
	return v
}

// Owner returns the user and the session in a token. It does not check whether the session has ended, which only the database
// knows. The fault is Unauthorized for a token that is missing, forged, expired or of another issuer.
func (v *Verifier) Owner(token string) (task.Owner, error) {
	if token == "" {
		return task.Owner{}, Unauthorized("Please sign in.")
	}
	if owner, ok := v.cache.find(token, time.Now()); ok {
		return owner, nil
	}
	var c jwt.RegisteredClaims
	_, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		key, ok := v.keys[kid]
		if !ok {
			return nil, jwt.ErrTokenUnverifiable
		}
		return key, nil
	})
	if err != nil {
		return task.Owner{}, Unauthorized("The session is not valid or has ended. Please sign in again.")
	}
	user, errUser := uuid.Parse(c.Subject)
	session, errSession := uuid.Parse(c.ID)
	if errUser != nil || errSession != nil {
		return task.Owner{}, Unauthorized("The session is not valid. Please sign in again.")
	}
	owner := task.Owner{UserID: user, SessionID: session}
	v.cache.add(token, verified{owner, c.ExpiresAt.Time})
	return owner, nil
}

// Unauthorized returns the fault of a call without a valid session.
func Unauthorized(message string) error {
	return fault.New(fault.Unauthorized, "unauthorized", message)
}

// keyID returns the first 8 bytes of a public key's SHA-256, in hex.
func keyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}
