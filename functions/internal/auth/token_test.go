package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func newKey(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return public, private
}

func newOwner() task.Owner { return task.Owner{UserID: uuid.New(), SessionID: uuid.New()} }

func signed(t *testing.T, key ed25519.PrivateKey, owner task.Owner) string {
	t.Helper()
	now := time.Now()
	token, err := NewSigner(key, time.Hour).Token(owner, now, now.Add(time.Hour))
	require.NoError(t, err)
	return token
}

func TestTokenNamesItsOwner(t *testing.T) {
	t.Parallel()
	public, private := newKey(t)
	owner := newOwner()
	got, err := NewVerifier([]ed25519.PublicKey{public}).Owner(signed(t, private, owner))
	require.NoError(t, err)
	require.Equal(t, owner, got)
}

func TestTokenHasTheDocumentedClaims(t *testing.T) {
	t.Parallel()
	public, private := newKey(t)
	owner := newOwner()
	issued := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	text, err := NewSigner(private, time.Hour).Token(owner, issued, issued.Add(168*time.Hour))
	require.NoError(t, err)

	token, _, err := jwt.NewParser().ParseUnverified(text, jwt.MapClaims{})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": keyID(public)}, token.Header)
	require.Equal(t, jwt.MapClaims{
		"iss": "snaptask", "aud": []any{"snaptask-functions"}, "sub": owner.UserID.String(), "jti": owner.SessionID.String(),
		"iat": float64(issued.Unix()), "exp": float64(issued.Add(168 * time.Hour).Unix()),
	}, token.Claims)
}

func TestKeysCanBeRotated(t *testing.T) {
	t.Parallel()
	oldPublic, oldPrivate := newKey(t)
	newPublic, newPrivate := newKey(t)
	owner := newOwner()
	oldToken, newToken := signed(t, oldPrivate, owner), signed(t, newPrivate, owner)
	for name, c := range map[string]struct {
		keys               []ed25519.PublicKey
		takesOld, takesNew bool
	}{
		"before":  {[]ed25519.PublicKey{oldPublic}, true, false},
		"between": {[]ed25519.PublicKey{oldPublic, newPublic}, true, true},
		"after":   {[]ed25519.PublicKey{newPublic}, false, true},
		"none":    {nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := NewVerifier(c.keys)
			_, err := v.Owner(oldToken)
			require.Equal(t, c.takesOld, err == nil)
			_, err = v.Owner(newToken)
			require.Equal(t, c.takesNew, err == nil)
		})
	}
}

func TestTokensThatAreNotOursAreUnauthorized(t *testing.T) {
	t.Parallel()
	public, private := newKey(t)
	otherPublic, otherPrivate := newKey(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	verifier := NewVerifier([]ed25519.PublicKey{public, otherPublic})
	kid := keyID(public)

	good := func() jwt.MapClaims {
		return jwt.MapClaims{
			"iss": issuer, "aud": audience, "sub": uuid.NewString(), "jti": uuid.NewString(), "exp": time.Now().Add(time.Hour).Unix(),
		}
	}
	with := func(name string, value any) jwt.MapClaims {
		c := good()
		c[name] = value
		return c
	}
	without := func(name string) jwt.MapClaims {
		c := good()
		delete(c, name)
		return c
	}
	sign := func(method jwt.SigningMethod, key any, kid any, c jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, c)
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	ours := func(c jwt.MapClaims) string { return sign(jwt.SigningMethodEdDSA, private, kid, c) }
	_, err = verifier.Owner(ours(good()))
	require.NoError(t, err, "the unchanged input of the cases below is valid")

	valid := ours(good())
	parts := strings.Split(valid, ".")
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"snaptask","aud":"snaptask-functions","exp":9999999999}`))
	for name, token := range map[string]string{
		"no token":                      "",
		"a word":                        "garbage",
		"only dots":                     "..",
		"many dots":                     strings.Repeat(".", 100_000),
		"white space":                   " ",
		"bytes":                         "\xff\xfe.\x00.\x01",
		"JSON null":                     "bnVsbA.bnVsbA.bnVsbA",
		"no signature":                  parts[0] + "." + parts[1] + ".",
		"two parts":                     parts[0] + "." + parts[1],
		"four parts":                    valid + "." + parts[2],
		"other claims, same signature":  parts[0] + "." + forged + "." + parts[2],
		"cut off":                       valid[:len(valid)-4],
		"alg none":                      sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, good()),
		"HS256 with the public key":     sign(jwt.SigningMethodHS256, []byte(public), kid, good()),
		"HS256 with the kid":            sign(jwt.SigningMethodHS256, []byte(kid), kid, good()),
		"RS256":                         sign(jwt.SigningMethodRS256, rsaKey, kid, good()),
		"another key under a known kid": sign(jwt.SigningMethodEdDSA, otherPrivate, kid, good()),
		"unknown kid":                   sign(jwt.SigningMethodEdDSA, private, "0123456789abcdef", good()),
		"empty kid":                     sign(jwt.SigningMethodEdDSA, private, "", good()),
		"kid that is a number":          sign(jwt.SigningMethodEdDSA, private, 7, good()),
		"kid that is a path":            sign(jwt.SigningMethodEdDSA, private, "../../dev/null", good()),
		"wrong issuer":                  ours(with("iss", "somebody")),
		"no issuer":                     ours(without("iss")),
		"wrong audience":                ours(with("aud", "somebody")),
		"no audience":                   ours(without("aud")),
		"expired":                       ours(with("exp", time.Now().Add(-time.Second).Unix())),
		"no end":                        ours(without("exp")),
		"an end that is text":           ours(with("exp", "2099-01-01")),
		"not valid yet":                 ours(with("nbf", time.Now().Add(time.Hour).Unix())),
		"user that is no UUID":          ours(with("sub", "ada")),
		"no user":                       ours(without("sub")),
		"session that is no UUID":       ours(with("jti", "1")),
		"no session":                    ours(without("jti")),
		"user that is a number":         ours(with("sub", 7)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			owner, err := verifier.Owner(token)
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, fault.Unauthorized, f.Kind)
			require.Zero(t, owner)
			requireNoLeak(t, err, token, public, private)
		})
	}
}

// requireNoLeak checks that an error contains neither the token nor a key in any form.
func requireNoLeak(t *testing.T, err error, token string, public ed25519.PublicKey, private ed25519.PrivateKey) {
	t.Helper()
	if len(token) > 3 {
		require.NotContains(t, err.Error(), token)
	}
	for _, key := range [][]byte{public, private, private.Seed()} {
		require.NotContains(t, err.Error(), string(key))
		require.NotContains(t, err.Error(), hex.EncodeToString(key))
		require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString(key))
	}
	require.NotContains(t, err.Error(), keyID(public))
}
