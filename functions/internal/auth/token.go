// Package auth makes and checks what people and their browsers prove themselves with: passwords and session tokens.
package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	issuer   = "snaptask"
	audience = "snaptask-functions"
)

// claims are the parts of a token (RFC 7519): sub is the user, jti the session.
type claims struct {
	jwt.RegisteredClaims
}

// Signer makes tokens.
type Signer struct {
	key ed25519.PrivateKey
	kid string
}

// NewSigner signs with key; the token's kid follows from the public half, so keys need no names.
func NewSigner(key ed25519.PrivateKey) *Signer {
	return &Signer{key, keyID(key.Public().(ed25519.PublicKey))}
}

// Token is a JWT, signed with Ed25519, that names the owner's session and ends with it.
func (s *Signer) Token(owner task.Owner, issuedAt, expiresAt time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   owner.UserID.String(),
		ID:        owner.SessionID.String(),
		IssuedAt:  jwt.NewNumericDate(issuedAt),
		ExpiresAt: jwt.NewNumericDate(expiresAt),
	}})
	token.Header["kid"] = s.kid
	return token.SignedString(s.key)
}

// Session is a new session and the token that speaks for it.
type Session struct {
	task.Owner
	Token     string
	ExpiresAt time.Time // UTC, whole seconds, which is what a token can say
}

// NewSession makes a session of the user that begins now and lives for lifetime. It is to be stored before its token
// is of use.
func (s *Signer) NewSession(userID uuid.UUID, lifetime time.Duration) (Session, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Session{}, err
	}
	issuedAt := time.Now().UTC().Truncate(time.Second)
	n := Session{Owner: task.Owner{UserID: userID, SessionID: id}, ExpiresAt: issuedAt.Add(lifetime)}
	n.Token, err = s.Token(n.Owner, issuedAt, n.ExpiresAt)
	return n, err
}

// Verifier reads tokens. It knows their makers' public keys only.
type Verifier struct {
	keys   map[string]ed25519.PublicKey
	parser *jwt.Parser
	known  known
}

// NewVerifier accepts tokens signed with any of keys, so that a new key can be added before the old one goes.
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

// Owner is whom the token speaks for. Whether the session it names is still alive, the database says. The fault is
// Unauthorized for a token that is missing, forged, expired or not ours.
func (v *Verifier) Owner(token string) (task.Owner, error) {
	if token == "" {
		return task.Owner{}, Unauthorized("Please sign in.")
	}
	if owner, ok := v.known.find(token, time.Now()); ok {
		return owner, nil
	}
	var c claims
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
	v.known.remember(token, verified{owner, c.ExpiresAt.Time})
	return owner, nil
}

// Unauthorized is the fault of a call without a living session.
func Unauthorized(message string) error {
	return fault.New(fault.Unauthorized, "unauthorized", message)
}

// keyID names a public key by the first 8 bytes of its SHA-256, in hex.
func keyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}
