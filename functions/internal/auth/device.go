package auth

import (
	"crypto/ed25519"
	"time"

	"snaptask/functions/internal/task"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	deviceAudience = "snaptask-device"
	deviceLifetime = 400 * 24 * time.Hour // from the last login; as long as browsers keep a cookie
)

// DeviceToken returns the JWT by which a later login of the user is known to come from this device. It opens no session.
func (s *Signer) DeviceToken(d task.Device) (string, error) {
	now := time.Now()
	return s.sign(jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{deviceAudience},
		Subject:   d.UserID.String(),
		ID:        d.ID.String(),
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(deviceLifetime)),
	})
}

// Device returns the device that a token of DeviceToken names, or a zero Device if the token is missing, forged, expired or signed
// with an earlier key.
func (s *Signer) Device(token string) task.Device {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(deviceAudience), jwt.WithExpirationRequired())
	var c jwt.RegisteredClaims
	if _, err := parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.key.Public().(ed25519.PublicKey), nil }); err != nil {
		return task.Device{}
	}
	user, errUser := uuid.Parse(c.Subject)
	id, errID := uuid.Parse(c.ID)
	if errUser != nil || errID != nil {
		return task.Device{}
	}
	return task.Device{UserID: user, ID: id}
}
