package run

import (
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

func TestSigningKeysAreKeptAndFitEachOther(t *testing.T) {
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

func TestFunctionsFolderHoldsItsSecretsAndNoOthers(t *testing.T) {
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

func TestDemoAccount(t *testing.T) {
	tests := map[string]struct {
		variable        string
		register, login int
		says            string
		fails           string
	}{
		"made":                        {"", 200, 0, "user demo, password: demo-password", ""},
		"made with a chosen password": {"chosen-password", 200, 0, "the one in DEMO_PASSWORD", ""},
		"there already":               {"", 409, 200, "user demo, password: demo-password", ""},
		"there, registration off":     {"", 403, 200, "user demo, password: demo-password", ""},
		"made with registration off":  {"added-password", 403, 500, "the one in DEMO_PASSWORD", ""},
		"can't be added":              {"refused-password", 403, 200, "", "too bad"},
		"there with another password": {"chosen-password", 409, 401, "DEMO_PASSWORD is not it", ""},
		"register is broken":          {"", 500, 0, "", "register answers 500"},
		"login is broken":             {"", 409, 503, "", "login answers 503"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(demoVariable, test.variable)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var sent map[string]string
				_ = json.NewDecoder(r.Body).Decode(&sent)
				switch {
				case sent["username"] != "demo" || (test.variable != "" && sent["password"] != test.variable):
					w.WriteHeader(http.StatusTeapot)
				case r.URL.Path == "/function/register":
					w.WriteHeader(test.register)
				default:
					w.WriteHeader(test.login)
				}
			}))
			defer server.Close()
			says, err := demo(t.Context(), server.URL, func(_ context.Context, username, password string) error {
				require.Equal(t, "demo", username)
				switch password {
				case "added-password":
					return nil
				case "refused-password":
					return errors.New("too bad")
				}
				return errTaken
			})
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			require.Contains(t, says, test.says)
			require.False(t, test.variable != "" && strings.Contains(says, test.variable), "a chosen password is not printed")
		})
	}
}
