package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snaptask/functions/internal/config"

	"github.com/stretchr/testify/require"
)

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

func TestSeveralPublicKeysAreParsed(t *testing.T) {
	t.Parallel()
	a, _ := newKey(t)
	b, _ := newKey(t)
	c, _ := newKey(t)
	for name, text := range map[string]string{
		"back to back":      publicPEM(t, a) + publicPEM(t, b) + publicPEM(t, c),
		"with comments":     "now\n" + publicPEM(t, a) + "\nnext\n\n" + publicPEM(t, b) + publicPEM(t, c) + "the end\n",
		"Windows line ends": strings.ReplaceAll(publicPEM(t, a)+publicPEM(t, b)+publicPEM(t, c), "\n", "\r\n"),
	} {
		keys, err := parsePublicKeys(text)
		require.NoError(t, err, name)
		require.Equal(t, []ed25519.PublicKey{a, b, c}, keys, name)
	}
}

func TestKeysOfOtherKindsAreRefused(t *testing.T) {
	t.Parallel()
	public, private := newKey(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good, goodPrivate := publicPEM(t, public), privatePEM(t, private)
	damaged := strings.Replace(good, "\nMCow", "\n*Cow", 1)
	require.NotEqual(t, good, damaged)
	for name, c := range map[string]struct{ text, problem string }{
		"RSA":                      {publicPEM(t, &rsaKey.PublicKey), "block 1 is not an Ed25519 public key"},
		"ECDSA":                    {publicPEM(t, &ecKey.PublicKey), "block 1 is not an Ed25519 public key"},
		"RSA after a good one":     {good + publicPEM(t, &rsaKey.PublicKey), "block 2 is not an Ed25519 public key"},
		"private":                  {goodPrivate, "block 1 is not an Ed25519 public key"},
		"damaged DER":              {block("PUBLIC KEY", []byte("x")), "block 1 is not an Ed25519 public key"},
		"damaged PEM":              {damaged, "holds no PEM block"},
		"damaged after a good one": {good + damaged, "1 of 2 blocks"},
		"good after a damaged one": {damaged + good, "1 of 2 blocks"},
		"cut off after a good one": {good + good[:60], "1 of 2 blocks"},
	} {
		keys, err := parsePublicKeys(c.text)
		require.ErrorContains(t, err, c.problem, name)
		require.Empty(t, keys, name)
		requireNoKeyIn(t, err, c.text)
	}
	for name, c := range map[string]struct{ text, problem string }{
		"RSA":         {privatePEM(t, rsaKey), "is not an Ed25519 private key"},
		"public":      {good, "is not an Ed25519 private key"},
		"PKCS #1":     {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), "is not an Ed25519 private key"},
		"the raw key": {base64.StdEncoding.EncodeToString(private), "holds no PEM block"},
	} {
		key, err := parsePrivateKey(c.text)
		require.ErrorContains(t, err, c.problem, name)
		require.Empty(t, key, name)
		requireNoKeyIn(t, err, c.text)
	}
}

// requireNoKeyIn checks that the error, which is logged, contains no part of the key.
func requireNoKeyIn(t *testing.T, err error, key string) {
	t.Helper()
	for _, line := range strings.Split(key, "\n") {
		if len(line) > 20 && !strings.HasPrefix(line, "-----") {
			require.NotContains(t, err.Error(), line)
		}
	}
}

func TestOpenReportsProblemsOfKeys(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("SECRETS_DIR", folder)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "token-public-keys"), []byte("hunter2"), 0o600))
	c := config.New()
	OpenVerifier(c)
	OpenSigner(c)
	require.ErrorContains(t, c.Err(), "token-public-keys: holds no PEM block")
	require.ErrorContains(t, c.Err(), "token-signing-key: the secret can't be read")
	require.NotContains(t, c.Err().Error(), "hunter")
}
