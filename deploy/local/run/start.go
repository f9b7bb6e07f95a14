package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"snaptask/deploy/local/classifier"
	"snaptask/deploy/local/gateway"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/state"
)

const (
	bucket    = "snaptask"
	adminUser = "admin" // of the gateway's /system
	adminFile = "gateway-password"
)

// start starts everything, waits until it is ready, and prints where it is.
func (r *runner) start(ctx context.Context) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	db, err := newDatabase(r.folder)
	if err != nil {
		return err
	}
	store, err := newStore(r.folder)
	if err != nil {
		return err
	}
	model, err := classifier.New()
	if err != nil {
		return err
	}
	functions, err := r.startFunctions(db, store, model)
	if err != nil {
		return err
	}
	for _, spec := range []process.Spec{store.Process(r.program), model.Process()} {
		child, err := r.launch(spec)
		if err != nil {
			return err
		}
		r.servers = append(r.servers, child)
	}
	objectStore, modelServer := r.servers[0], r.servers[1]
	if err := r.startWeb(); err != nil {
		return err
	}
	front, err := r.startGateway(ctx, functions, db)
	if err != nil {
		return err
	}

	// No process waits for another one to start, so wait for all of them at once.
	group, waiting := errgroup.WithContext(starting)
	group.Go(func() error { return db.start(waiting, r) })
	group.Go(func() error {
		if err := objectStore.Wait(waiting); err != nil {
			return err
		}
		r.screen.step("object store on %s", store.Address())
		return store.MakeBucket(waiting, bucket)
	})
	group.Go(func() error {
		if err := modelServer.Wait(waiting); err != nil {
			return err
		}
		r.screen.step("classifier on %s (gRPC) and %s (REST)", model.GRPC, strings.TrimPrefix(model.REST, "http://"))
		return nil
	})
	group.Go(func() error {
		for _, child := range append([]*process.Child{r.web}, r.functions...) {
			if err := child.Wait(waiting); err != nil {
				return err
			}
		}
		r.screen.step("web app and %d functions", len(r.functions))
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if err := r.welcome(starting, front); err != nil {
		return err
	}
	return r.startSweeps(ctx)
}

// newStore describes the object store; it starts nothing.
func newStore(folder *state.Folder) (s3.Server, error) {
	number, portErr := port.Choose("S3")
	access, accessErr := secret(folder, "s3-administrator-access-key")
	key, keyErr := secret(folder, "s3-administrator-secret-key")
	userAccess, userAccessErr := secret(folder, s3AccessKey)
	userKey, userKeyErr := secret(folder, s3SecretKey)
	server := s3.Server{
		Dir: filepath.Join(folder.Path, "s3"), Port: number, AccessKey: access, SecretKey: key,
		User: s3.User{AccessKey: userAccess, SecretKey: userKey},
	}
	return server, errors.Join(portErr, accessErr, keyErr, userAccessErr, userKeyErr)
}

// startGateway serves the gateway; until everything is ready, its health check says what is not.
func (r *runner) startGateway(ctx context.Context, functions []*gateway.Function, db *database) (*gateway.Gateway, error) {
	password, err := secret(r.folder, adminFile)
	if err != nil {
		return nil, err
	}
	components := []gateway.Component{{Name: "database", Check: db.check}, {Name: "set-up", Check: r.checkSetUp}}
	for _, child := range append([]*process.Child{r.web}, r.servers...) {
		components = append(components, gateway.Component{Name: child.Name(), Check: child.Check})
	}
	front := gateway.New(ctx, gateway.Config{Functions: functions, Components: components, User: adminUser, Password: password})
	r.gateway = &http.Server{
		Handler:           front,
		ReadHeaderTimeout: 10 * time.Second,
		// As in the web server: a photo may take minutes on a slow line.
		ReadTimeout:    5 * time.Minute,
		WriteTimeout:   6 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	go func() {
		if err := r.gateway.Serve(r.gatewayListener); !errors.Is(err, http.ErrServerClosed) {
			r.screen.event(fmt.Sprintf("the gateway stopped: %v", err))
		}
	}()
	return front, nil
}

func (r *runner) checkSetUp(context.Context) error {
	if !r.setUp.Load() {
		return errors.New("in progress")
	}
	return nil
}

// welcome creates the demo account, checks that everything works, and prints where it is.
func (r *runner) welcome(ctx context.Context, front *gateway.Gateway) error {
	account, err := demo(ctx, r.gatewayURL, r.addUser)
	if err != nil {
		return fmt.Errorf("the demo account: %w", err)
	}
	r.screen.step("demo account")
	r.setUp.Store(true)
	if degraded := front.Degraded(ctx); len(degraded) > 0 {
		return fmt.Errorf("not everything works: %s", strings.Join(degraded, "; "))
	}
	password := filepath.Join(r.folder.Path, keys, adminFile)
	r.screen.step("everything is ready\n")
	r.screen.line("  web app    %s", r.webURL)
	r.screen.line("  sign in    %s", account)
	r.screen.line("  functions  %s/function/NAME", r.gatewayURL)
	r.screen.line("  faas-cli   faas-cli login --gateway %s --username %s --password-stdin < %s", r.gatewayURL, adminUser, password)
	r.screen.line("  health     %s/healthz", r.gatewayURL)
	r.screen.line("  logs       %s", r.logFolder())
	r.screen.line("  stop       Ctrl-C\n")
	return nil
}
