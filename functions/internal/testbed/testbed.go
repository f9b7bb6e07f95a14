// Package testbed provides each test with a database and a bucket of its own on real servers, with signed-in users, and with
// calls of a function as the gateway makes them. `make test` starts the servers.
package testbed

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
)

// Setting returns the value of an environment variable that `make test` sets.
func Setting(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	require.NotEmpty(t, value, "%s is not set: run `make test`, or `.snaptask/bin/snaptask services -- go test` and the package: they start the servers", name)
	return value
}

// Database creates a database for one test, with the newest schema, and returns its DSN. It is dropped after the test.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	config, err := mysql.ParseDSN(Setting(t, "TEST_MYSQL_DSN"))
	require.NoError(t, err)
	server, err := sql.Open("mysql", config.FormatDSN())
	require.NoError(t, err)
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	_, err = server.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := server.Exec("DROP DATABASE " + name)
		require.NoError(t, err)
		require.NoError(t, server.Close())
	})

	config.DBName = name
	config.ParseTime = true
	empty, err := sql.Open("mysql", config.FormatDSN())
	require.NoError(t, err)
	defer empty.Close()
	migrations, err := goose.NewProvider(goose.DialectMySQL, empty, os.DirFS(filepath.Join(root(t), "db", "migrations")))
	require.NoError(t, err)
	_, err = migrations.Up(context.Background())
	require.NoError(t, err)
	return config.FormatDSN()
}

// Store returns a store on a new Database.
func Store(t testing.TB) *store.Store {
	t.Helper()
	return StoreAt(t, Database(t))
}

// StoreAt returns a store on the database at dsn.
func StoreAt(t testing.TB, dsn string) *store.Store {
	t.Helper()
	return LimitedStore(t, dsn, store.Usage{})
}

// LimitedStore is StoreAt with a quota for each user.
func LimitedStore(t testing.TB, dsn string, quota store.Usage) *store.Store {
	t.Helper()
	s, err := store.New(store.Config{DSN: dsn, MaxOpen: 4, MaxLifetime: time.Minute, Timeout: 5 * time.Second, Quota: quota})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// AwaitUploads makes all of the user's tasks in the database at dsn await an upload.
func AwaitUploads(t testing.TB, dsn string, userID uuid.UUID) {
	t.Helper()
	pool, err := sql.Open("mysql", dsn+"&interpolateParams=true")
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec("UPDATE tasks SET upload_id = id WHERE user_id = ?", userID[:]) // both are UUIDv7
	require.NoError(t, err)
}

// EndVersions sets the version of every task in the database at dsn to the last one that there is.
func EndVersions(t testing.TB, dsn string) {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec("UPDATE tasks SET version = ?", uint32(math.MaxUint32))
	require.NoError(t, err)
}

// Everything returns the filter that lists all of a user's tasks, newest first.
func Everything() task.Filter { return task.Filter{Sort: task.ByCreated, Limit: 1000} }

// keys sign the tokens of one test run.
var publicKey, privateKey, _ = ed25519.GenerateKey(nil)

// Signer returns the signer of tokens that Verifier accepts.
func Signer() *auth.Signer { return auth.NewSigner(privateKey, time.Hour) }

// Verifier returns the verifier of Signer's tokens.
func Verifier() *auth.Verifier { return auth.NewVerifier([]ed25519.PublicKey{publicKey}) }

// Person is a user who is signed in.
type Person struct {
	task.Owner
	Username string
	Token    string
	hash     string // of the password
}

// noPassword is a hash that no password has.
const noPassword = "none"

// SignInAgain opens one more session of the person, which ends at expiresAt.
func SignInAgain(t testing.TB, s *store.Store, p Person, expiresAt time.Time) Person {
	t.Helper()
	p.SessionID = NewID(t)
	require.NoError(t, s.AddSession(context.Background(), p.Owner, p.hash, expiresAt))
	var err error
	p.Token, err = Signer().Token(p.Owner, time.Now(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	return p
}

// SignIn adds a user with a valid session and without a password.
func SignIn(t testing.TB, s *store.Store) Person {
	t.Helper()
	return signIn(t, s, noPassword)
}

// SignInWith is SignIn for a user with this password.
func SignInWith(t testing.TB, s *store.Store, password string) Person {
	t.Helper()
	hash := auth.Hash(password)
	return signIn(t, s, hash)
}

func signIn(t testing.TB, s *store.Store, hash string) Person {
	t.Helper()
	p := Person{Username: "user-" + NewID(t).String(), hash: hash}
	require.NoError(t, s.AddUser(context.Background(), p.Username, hash))
	user, err := s.UserByName(context.Background(), p.Username)
	require.NoError(t, err)
	p.UserID = user.ID
	return SignInAgain(t, s, p, time.Now().Add(time.Hour))
}

// AddTask stores a new task of the owner's and returns it.
func AddTask(t testing.TB, s *store.Store, owner task.Owner) task.Task {
	t.Helper()
	draft, err := task.New(task.Draft{Title: "a task", DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	added, err := s.AddTask(context.Background(), owner, draft)
	require.NoError(t, err)
	return added
}

// NewID returns a new UUIDv7.
func NewID(t testing.TB) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	require.NoError(t, err)
	return id
}

// root returns the repository's folder.
func root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.work")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		require.NotEqual(t, parent, folder, "no go.work above the test")
		folder = parent
	}
}
