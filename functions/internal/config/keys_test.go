package config

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func newKeys(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return public, private
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return block("PUBLIC KEY", der)
}

func privatePEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return block("PRIVATE KEY", der)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestPublicKeysComeInBundles(t *testing.T) {
	a, _ := newKeys(t)
	b, _ := newKeys(t)
	c, _ := newKeys(t)
	for name, text := range map[string]string{
		"back to back":      publicPEM(t, a) + publicPEM(t, b) + publicPEM(t, c),
		"with comments":     "now\n" + publicPEM(t, a) + "\nnext\n\n" + publicPEM(t, b) + publicPEM(t, c) + "the end\n",
		"Windows line ends": strings.ReplaceAll(publicPEM(t, a)+publicPEM(t, b)+publicPEM(t, c), "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			setup(t, map[string]string{"token-public-keys": text}, nil)
			loaded, err := Load(ForTokens)
			require.NoError(t, err)
			require.Equal(t, []ed25519.PublicKey{a, b, c}, loaded.Tokens.PublicKeys)
		})
	}
}

func TestKeysOfOtherKindsAreRefused(t *testing.T) {
	public, private := newKeys(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good, goodPrivate := publicPEM(t, public), privatePEM(t, private)
	damaged := strings.Replace(good, "\nMCow", "\n*Cow", 1)
	require.NotEqual(t, good, damaged)
	for name, c := range map[string]struct {
		secret, text, problem string
		part                  Part
	}{
		"RSA public":                {"token-public-keys", publicPEM(t, &rsaKey.PublicKey), "block 1 is not an Ed25519 public key", ForTokens},
		"ECDSA public":              {"token-public-keys", publicPEM(t, &ecKey.PublicKey), "block 1 is not an Ed25519 public key", ForTokens},
		"RSA behind a good one":     {"token-public-keys", good + publicPEM(t, &rsaKey.PublicKey), "block 2 is not an Ed25519 public key", ForTokens},
		"private where public":      {"token-public-keys", goodPrivate, "block 1 is not an Ed25519 public key", ForTokens},
		"damaged DER":               {"token-public-keys", block("PUBLIC KEY", []byte("x")), "block 1 is not an Ed25519 public key", ForTokens},
		"damaged PEM":               {"token-public-keys", damaged, "holds no PEM block", ForTokens},
		"damaged behind a good one": {"token-public-keys", good + damaged, "1 of 2 blocks", ForTokens},
		"good behind a damaged one": {"token-public-keys", damaged + good, "1 of 2 blocks", ForTokens},
		"cut off behind a good one": {"token-public-keys", good + good[:60], "1 of 2 blocks", ForTokens},
		"RSA private":               {"token-signing-key", privatePEM(t, rsaKey), "is not an Ed25519 private key", ForSigning},
		"public where private":      {"token-signing-key", good, "is not an Ed25519 private key", ForSigning},
		"PKCS #1":                   {"token-signing-key", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), "is not an Ed25519 private key", ForSigning},
		"the raw key":               {"token-signing-key", base64.StdEncoding.EncodeToString(private), "holds no PEM block", ForSigning},
	} {
		t.Run(name, func(t *testing.T) {
			setup(t, map[string]string{c.secret: c.text}, nil)
			loaded, err := Load(c.part)
			require.ErrorContains(t, err, c.secret+": ")
			require.ErrorContains(t, err, c.problem)
			require.Empty(t, loaded.Tokens.PublicKeys)
			require.Empty(t, loaded.Signing.PrivateKey)
			for _, line := range strings.Split(c.text, "\n") {
				if len(line) > 20 && !strings.HasPrefix(line, "-----") {
					require.NotContains(t, err.Error(), line)
				}
			}
		})
	}
}
