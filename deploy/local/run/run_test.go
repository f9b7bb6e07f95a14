package run

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/state"
)

func folder(t *testing.T) *state.Folder {
	t.Helper()
	f, err := state.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func TestSigningKeysAreStoredAndAPair(t *testing.T) {
	t.Parallel()
	f := folder(t)
	private, public, err := signingKeys(f)
	require.NoError(t, err)
	again, samePublic, err := signingKeys(f)
	require.NoError(t, err)
	require.Equal(t, private, again)
	require.Equal(t, public, samePublic)

	block, _ := pem.Decode(private)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	block, _ = pem.Decode(public)
	verifying, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	message := []byte("message")
	require.True(t, ed25519.Verify(verifying.(ed25519.PublicKey), message, ed25519.Sign(key.(ed25519.PrivateKey), message)))
}

func TestDamagedSigningKeyIsNamed(t *testing.T) {
	t.Parallel()
	f := folder(t)
	path := filepath.Join(f.Path, keys, tokenSigningKey)
	require.NoError(t, state.WriteFile(path, []byte("garbage")))
	_, _, err := signingKeys(f)
	require.ErrorContains(t, err, path)
}

func TestSecretsFolderContainsTheNamedSecretsOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "login")
	all := map[string]string{"one": "1", "two": "2", "three": "3"}
	require.NoError(t, writeSecrets(dir, []string{"one", "two"}, all))
	require.NoError(t, writeSecrets(dir, []string{"two", "three"}, all))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	got := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		got[entry.Name()] = string(content)
		info, err := entry.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	require.Equal(t, map[string]string{"two": "2", "three": "3"}, got)
	require.ErrorContains(t, writeSecrets(dir, []string{"four"}, all), "four")
}

func TestReachable(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080",
		"0.0.0.0:8080":   "http://127.0.0.1:8080",
		"[::]:8080":      "http://127.0.0.1:8080",
		"[::1]:8080":     "http://[::1]:8080",
		"192.0.2.1:8080": "http://192.0.2.1:8080",
	}
	for address, want := range tests {
		require.Equal(t, want, reachable(address), address)
	}
}

func TestEventURLHasTheTokenAsPassword(t *testing.T) {
	t.Parallel()
	require.Equal(t, "http://events:the-token@[::1]:8080/async-function/label-upload", eventURL("http://[::1]:8080", "the-token"))
}

func TestDemoAccount(t *testing.T) {
	tests := map[string]struct {
		password string
		add      error
		login    int // status
		want     string
		fails    string
	}{
		"created":                       {"", nil, 500, "user demo, password: demo-password", ""},
		"created with a password":       {"chosen-password", nil, 500, "the one in DEMO_PASSWORD", ""},
		"can't be created":              {"", errors.New("too bad"), 200, "", "too bad"},
		"exists":                        {"", errTaken, 200, "user demo, password: demo-password", ""},
		"exists with another password":  {"chosen-password", errTaken, 401, "DEMO_PASSWORD is not it", ""},
		"exists, and login is degraded": {"", errTaken, 503, "", "login returns 503"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(demoVariable, test.password)
			password := cmp.Or(test.password, demoPassword)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var sent map[string]string
				_ = json.NewDecoder(r.Body).Decode(&sent)
				if r.URL.Path != "/function/login" || sent["username"] != "demo" || sent["password"] != password {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				w.WriteHeader(test.login)
			}))
			defer server.Close()
			got, err := demo(t.Context(), server.URL, func(_ context.Context, username, sent string) error {
				require.Equal(t, "demo", username)
				require.Equal(t, password, sent)
				return test.add
			})
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			require.Contains(t, got, test.want)
			require.False(t, test.password != "" && strings.Contains(got, test.password), "a chosen password is not printed")
		})
	}
}
