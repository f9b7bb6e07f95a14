// Package services runs a command, such as tests, with a database, an object store and a model server of its own.
package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"snaptask/deploy/local/classifier"
	"snaptask/deploy/local/mariadb"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/state"
)

// startTimeout limits the start of all services, including a download of MariaDB.
const startTimeout = 4 * time.Minute

// services are the servers of one run.
type services struct {
	program string        // of this process; the servers run it in another mode
	shared  string        // folder that outlives the run
	folder  *state.Folder // of the run
	say     func(string)

	mu       sync.Mutex
	children []*process.Child
	env      []string
}

// Run starts the services, runs command with their addresses in its environment, and stops them. MariaDB is downloaded into the
// folder shared. The error is the command's process.Exit, or names what could not be started.
func Run(ctx context.Context, shared string, command []string, messages io.Writer) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	folder, err := newFolder(filepath.Join(shared, "tmp"))
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder.Path)
	defer folder.Close()
	var mu sync.Mutex
	s := &services{program: program, shared: shared, folder: folder, say: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(messages, "services: "+text)
	}}
	defer s.stop()
	if err := s.start(ctx); err != nil {
		return err
	}
	return process.Foreground(ctx, append(os.Environ(), s.env...), command[0], command[1:]...)
}

// newFolder creates a locked folder inside parent and removes the folders of runs that were killed.
func newFolder(parent string) (*state.Folder, error) {
	outer, err := state.Open(parent)
	for attempts := 0; errors.Is(err, state.ErrInUse) && attempts < 100; attempts++ {
		time.Sleep(50 * time.Millisecond)
		outer, err = state.Open(parent)
	}
	if err != nil {
		return nil, err
	}
	defer outer.Close()
	others, err := filepath.Glob(filepath.Join(parent, "services-*"))
	if err != nil {
		return nil, err
	}
	for _, path := range others {
		old, err := state.Open(path)
		if errors.Is(err, state.ErrInUse) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := errors.Join(os.RemoveAll(path), old.Close()); err != nil {
			return nil, err
		}
	}
	return state.Open(filepath.Join(parent, fmt.Sprintf("services-%d", os.Getpid())))
}

// start starts all services concurrently, except those whose addresses are in the environment.
func (s *services) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var (
		group    sync.WaitGroup
		failures [3]error
	)
	for i, service := range []struct {
		variable string // of a server to use instead
		prepare  func(context.Context) (spec process.Spec, env []string, err error)
	}{
		{"TEST_MYSQL_DSN", s.mariaDB},
		{"TEST_S3_ENDPOINT", s.s3},
		{"TEST_CLASSIFIER_ADDRESS", s.classifier},
	} {
		if os.Getenv(service.variable) != "" {
			s.say("using the server of " + service.variable)
			continue
		}
		group.Go(func() {
			began := time.Now()
			spec, env, err := service.prepare(ctx)
			if errors.Is(err, classifier.ErrNotBuilt) {
				s.say(err.Error() + "; tests that need it will fail")
				return
			}
			if err == nil {
				err = s.launch(ctx, spec, env)
			}
			if err != nil {
				failures[i] = fmt.Errorf("the server of %s: %w", service.variable, err)
				return
			}
			s.say(fmt.Sprintf("%s ready after %.2f s", spec.Name, time.Since(began).Seconds()))
		})
	}
	group.Wait()
	return errors.Join(failures[:]...)
}

// launch starts a server and waits until it is ready.
func (s *services) launch(ctx context.Context, spec process.Spec, env []string) error {
	var err error
	if spec.Log, err = process.NewLog(filepath.Join(s.folder.Path, spec.Name+".log")); err != nil {
		return err
	}
	child := process.Start(spec, s.say)
	s.mu.Lock()
	s.children = append(s.children, child)
	s.env = append(s.env, env...)
	s.mu.Unlock()
	return child.Wait(ctx)
}

func (s *services) stop() {
	var group sync.WaitGroup
	for _, child := range s.children {
		group.Go(child.Stop)
	}
	group.Wait()
}

func (s *services) mariaDB(ctx context.Context) (process.Spec, []string, error) {
	install, err := mariadb.Find(ctx, filepath.Join(s.shared, "mariadb-dist"), s.say)
	if err != nil {
		return process.Spec{}, nil, err
	}
	number, portErr := port.Free()
	password, passwordErr := s.folder.Secret("mysql-password")
	account := mariadb.Account{Name: "test", Password: password, Rights: "ALL PRIVILEGES ON *.*", Grants: true}
	server := &mariadb.Server{
		Install: install, Dir: filepath.Join(s.folder.Path, "mariadb"), Port: number, Throwaway: true, Accounts: []mariadb.Account{account},
	}
	if err := errors.Join(portErr, passwordErr); err != nil {
		return process.Spec{}, nil, err
	}
	if err := server.Prepare(ctx); err != nil {
		return process.Spec{}, nil, err
	}
	return server.Process(s.program), []string{"TEST_MYSQL_DSN=" + server.DSN(account, "")}, nil
}

func (s *services) s3(context.Context) (process.Spec, []string, error) {
	number, portErr := port.Free()
	access, accessErr := s.folder.Secret("s3-access-key")
	secret, secretErr := s.folder.Secret("s3-secret-key")
	server := s3.Server{Dir: filepath.Join(s.folder.Path, "s3"), Port: number, AccessKey: access, SecretKey: secret}
	return server.Process(s.program), []string{
		"TEST_S3_ENDPOINT=" + server.Endpoint(), "TEST_S3_ACCESS_KEY=" + access, "TEST_S3_SECRET_KEY=" + secret,
	}, errors.Join(portErr, accessErr, secretErr)
}

func (s *services) classifier(context.Context) (process.Spec, []string, error) {
	server, err := classifier.New()
	if err != nil {
		return process.Spec{}, nil, err
	}
	return server.Process(), []string{"TEST_CLASSIFIER_ADDRESS=" + server.GRPC, "TEST_CLASSIFIER_REST_URL=" + server.REST}, nil
}
