package functions_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"snaptask/functions"
	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/testbed"
	"snaptask/functions/stack"

	"github.com/stretchr/testify/require"
)

// suite is all functions with one database and one bucket.
type suite struct {
	signer     *auth.Signer
	verifier   *auth.Verifier
	bucket     testbed.Bucket
	roundTrips func() int // to the database, since the previous call
	stack      map[string]stack.Function
}

// person is a user who has signed in with the functions.
type person struct{ name, token string }

const (
	password   = "correct horse battery"
	eventToken = "the secret of the object store"
)

func TestSuite(t *testing.T) {
	s := open(t)
	t.Run("permissions", s.permissions)
	t.Run("round trips", s.countRoundTrips)
	t.Run("contract", s.contract)
}

// open sets the settings and secrets of all functions. A function reads them once per process, so only one test can call it.
func open(t *testing.T) *suite {
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)

	dsn, roundTrips := testbed.RoundTrips(t, testbed.Database(t))
	accounts := testbed.Accounts(t, dsn)
	roundTrips()
	table, err := stack.Read("../stack.yml")
	require.NoError(t, err)
	bucket := testbed.NewBucket(t)
	secrets := t.TempDir()
	values := map[string]string{
		"token-signing-key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER})),
		"token-public-keys":  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})),
		"upload-event-token": eventToken,
	}
	for name, f := range table.Functions {
		account := f.Environment["DB_ACCOUNT"]
		require.Contains(t, accounts, account, "%s: db/rights.sql has no such account", name)
		access, secret := f.S3Secrets()
		values[f.MySQLSecret()], values[access], values[secret] = accounts[account], bucket.AccessKey, bucket.SecretKey
	}
	for name, value := range values {
		require.NoError(t, os.WriteFile(filepath.Join(secrets, name), []byte(value), 0o600))
	}
	t.Setenv("SECRETS_DIR", secrets)
	t.Setenv("S3_ENDPOINT", bucket.Endpoint)
	t.Setenv("S3_BUCKET", bucket.Bucket)
	t.Setenv("CLASSIFIER_ADDRESS", testbed.Setting(t, "TEST_CLASSIFIER_ADDRESS"))
	t.Setenv("DB_MAX_OPEN", "1")
	return &suite{auth.NewSigner(private, time.Hour), auth.NewVerifier([]ed25519.PublicKey{public}), bucket, roundTrips, table.Functions}
}

// call calls a function, which at its first call connects with its own account.
func (s *suite) call(t *testing.T, name string, c testbed.Call) testbed.Answer {
	t.Helper()
	for _, setting := range []string{"DB_ACCOUNT", "S3_ACCOUNT"} {
		t.Setenv(setting, s.stack[name].Environment[setting])
	}
	c.Function = name
	return testbed.Do(t, functions.All[name].Handle, c)
}

// ok is call, requires 200, and decodes the body into v unless v is nil.
func (s *suite) ok(t *testing.T, v any, name string, c testbed.Call) testbed.Answer {
	t.Helper()
	answer := s.call(t, name, c)
	require.Equal(t, http.StatusOK, answer.Status, "%s: %s", name, answer.Body)
	if v != nil {
		answer.JSON(t, v)
	}
	return answer
}

func (s *suite) signIn(t *testing.T) person {
	t.Helper()
	p := person{name: "user-" + testbed.NewID(t).String()}
	body := fmt.Appendf(nil, `{"username": %q, "password": %q}`, p.name, password)
	s.ok(t, nil, "register", testbed.Call{Method: "POST", Body: body})
	var session struct{ Token string }
	s.ok(t, &session, "login", testbed.Call{Method: "POST", Body: body})
	p.token = session.Token
	return p
}

func (s *suite) create(t *testing.T, p person) (query string) {
	t.Helper()
	var created struct{ ID string }
	s.ok(t, &created, "create-task", testbed.Call{Method: "POST", Token: p.token, Body: []byte(`{"title": "a task", "dueDate": "2026-12-24"}`)})
	return "id=" + created.ID
}

// expired returns an expired token of the person.
func (s *suite) expired(t *testing.T, p person) string {
	t.Helper()
	owner, err := s.verifier.Owner(p.token)
	require.NoError(t, err)
	token, err := s.signer.Token(owner, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	return token
}
