package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"snaptask/db"
	"snaptask/deploy/local/mariadb"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/state"
	"snaptask/functions/stack"
)

// What is ours and what is the other design's, on the same servers.
const (
	ourDatabase      = mariadb.Database
	baselineDatabase = "baseline"
	ourBucket        = "snaptask"
	baselineBucket   = "baseline"
)

// scene is everything that is measured, and the servers that all of it shares.
type scene struct {
	root, self, folder string // of the sources; this program; what goes with the run
	screen             *screen

	server   *mariadb.Server
	database *process.Child
	account  mariadb.Account
	pool     *sql.DB // on our database: for what is not measured, and for the bare loop
	objects  s3.Server
	stubGRPC string
	stubREST string
	children []*process.Child
	programs []*program

	stack   map[string]stack.Function
	secrets map[string]string
	built   map[string]string // programs of functions, by name
	python  string

	mu     sync.Mutex
	deaths []string // of shared servers: none may happen
}

// newScene builds and starts the shared servers and says how far it is. The scene is to be closed even if the error
// isn't nil.
func newScene(ctx context.Context, root, folder, kept string, names []string, out *screen) (*scene, error) {
	s := &scene{root: root, folder: folder, screen: out, built: map[string]string{}}
	var err error
	if s.self, err = os.Executable(); err != nil {
		return s, err
	}
	table, err := stack.Read(filepath.Join(root, "stack.yml"))
	if err != nil {
		return s, err
	}
	s.stack = table.Functions
	programs := filepath.Join(kept, "bench", "programs")
	if err := os.MkdirAll(programs, 0o700); err != nil {
		return s, err
	}
	for _, name := range names {
		if s.built[name], err = buildFunction(ctx, root, programs, name); err != nil {
			return s, err
		}
		out.step("built %s", name)
	}
	if s.python, err = python(ctx, root, filepath.Join(kept, "bench")); err != nil {
		return s, err
	}
	out.step("Python environment")
	if err := s.startDatabase(ctx, filepath.Join(kept, "mariadb-dist")); err != nil {
		return s, err
	}
	if err := s.startObjects(ctx); err != nil {
		return s, err
	}
	if err := s.startStub(ctx); err != nil {
		return s, err
	}
	out.step("MariaDB, object store and model stub")
	return s, s.makeSecrets()
}

// close ends every process.
func (s *scene) close() {
	var group sync.WaitGroup
	for _, p := range s.programs {
		group.Go(p.stop)
	}
	group.Wait()
	if s.pool != nil {
		s.pool.Close()
	}
	for _, child := range s.children {
		group.Go(child.Stop)
	}
	group.Wait()
}

// died takes note of the death of a shared server.
func (s *scene) died(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaths = append(s.deaths, event)
}

// healthy is nil while every process that was started still lives its first life.
func (s *scene) healthy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all error
	for _, event := range s.deaths {
		all = errors.Join(all, errors.New(event))
	}
	for _, p := range s.programs {
		all = errors.Join(all, p.alive())
	}
	return all
}

func (s *scene) start(ctx context.Context, spec func(*process.Log) process.Spec, name string) (*process.Child, error) {
	log, err := process.NewLog(filepath.Join(s.folder, name+".log"))
	if err != nil {
		return nil, err
	}
	child := process.Start(spec(log), s.died)
	s.children = append(s.children, child)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return child, child.Wait(ctx)
}

// startDatabase starts a MariaDB that writes every commit through to the disk, with both schemas.
func (s *scene) startDatabase(ctx context.Context, fetched string) error {
	install, err := mariadb.Find(ctx, fetched, func(text string) { s.screen.step("%s", text) })
	if err != nil {
		return err
	}
	number, err := port.Free()
	if err != nil {
		return err
	}
	folder, err := state.Open(s.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	password, err := folder.Secret("mysql-password")
	if err != nil {
		return err
	}
	s.account = mariadb.Account{Name: "bench", Password: password, Rights: "ALL PRIVILEGES ON *.*"}
	s.server = &mariadb.Server{Install: install, Dir: filepath.Join(s.folder, "mariadb"), Port: number, Accounts: []mariadb.Account{s.account}}
	if err := s.server.Prepare(ctx); err != nil {
		return err
	}
	s.database, err = s.start(ctx, func(l *process.Log) process.Spec { return s.server.Process(s.self, l) }, "mariadb")
	if err != nil {
		return err
	}
	if _, err := db.Up(ctx, s.server.DSN(s.account, ourDatabase)); err != nil {
		return err
	}
	config, err := mysql.ParseDSN(s.dsn())
	if err != nil {
		return err
	}
	config.MultiStatements, config.InterpolateParams = true, true
	config.Collation = "utf8mb4_unicode_520_ci"
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	s.pool = sql.OpenDB(connector)
	s.pool.SetMaxOpenConns(2 * clients)
	s.pool.SetMaxIdleConns(2 * clients)
	s.pool.SetConnMaxLifetime(time.Hour)
	_, err = s.pool.ExecContext(ctx, baselineTables)
	return err
}

func (s *scene) startObjects(ctx context.Context) error {
	number, err := port.Free()
	if err != nil {
		return err
	}
	s.objects = s3.Server{Dir: filepath.Join(s.folder, "s3"), Port: number, AccessKey: "bench", SecretKey: s.account.Password}
	if _, err := s.start(ctx, func(l *process.Log) process.Spec { return s.objects.Process(s.self, l) }, "s3"); err != nil {
		return err
	}
	return errors.Join(s.objects.MakeBucket(ctx, ourBucket), s.objects.MakeBucket(ctx, baselineBucket))
}

func (s *scene) startStub(ctx context.Context) error {
	calls, callsErr := port.Free()
	rest, restErr := port.Free()
	if err := errors.Join(callsErr, restErr); err != nil {
		return err
	}
	s.stubGRPC, s.stubREST = fmt.Sprintf("127.0.0.1:%d", calls), fmt.Sprintf("127.0.0.1:%d", rest)
	p, err := launch(s.folder, "stub", s.stubREST, []string{envStubGRPC + "=" + s.stubGRPC, envStubREST + "=" + s.stubREST}, s.self, "stub")
	if err != nil {
		return err
	}
	s.programs = append(s.programs, p)
	return p.ready(ctx, "/")
}

// makeSecrets makes what functions find in their secrets' files, but for mysql-dsn.
func (s *scene) makeSecrets() error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	s.secrets = map[string]string{
		"token-signing-key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER})),
		"token-public-keys":  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})),
		"client-address-key": s.account.Password,
		"s3-access-key":      s.objects.AccessKey,
		"s3-secret-key":      s.objects.SecretKey,
	}
	return nil
}

// dsn is where functions find the database.
func (s *scene) dsn() string { return s.server.DSN(s.account, ourDatabase) }
