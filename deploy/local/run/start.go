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
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/state"
)

const (
	bucket    = "snaptask"
	adminUser = "admin" // of the gateway's /system
	adminFile = "gateway-password"
)

// start brings everything up and then says where it is.
func (r *runner) start(ctx context.Context, a *addresses) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	base, err := newDatabase(r.folder)
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
	functions, err := r.startFunctions(base, store, model)
	if err != nil {
		return err
	}
	objects, err := r.startServer("s3", func(l *process.Log) process.Spec { return store.Process(r.program, l) })
	if err != nil {
		return err
	}
	classifies, err := r.startServer("modelserver", model.Process)
	if err != nil {
		return err
	}
	if err := r.startWeb(a); err != nil {
		return err
	}
	entrance, err := r.startGateway(ctx, a, functions, base.part())
	if err != nil {
		return err
	}

	// Those started wait for nobody, so all can be waited for at once.
	group, waiting := errgroup.WithContext(starting)
	group.Go(func() error { return base.start(waiting, r) })
	group.Go(func() error {
		if err := objects.Wait(waiting); err != nil {
			return err
		}
		r.screen.step("object store on %s", store.Address())
		return store.MakeBucket(waiting, bucket)
	})
	group.Go(func() error {
		if err := classifies.Wait(waiting); err != nil {
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
	if err := r.welcome(starting, a, entrance); err != nil {
		return err
	}
	return r.startSweeps(ctx)
}

// newStore says how the object store will be reached; nothing is started.
func newStore(folder *state.Folder) (s3.Server, error) {
	number, portErr := chosenPort("S3_PORT")
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

func (r *runner) startServer(name string, spec func(*process.Log) process.Spec) (*process.Child, error) {
	log, err := r.log(name)
	if err != nil {
		return nil, err
	}
	child := r.launch(spec(log))
	r.servers = append(r.servers, child)
	return child, nil
}

// startGateway answers on the gateway's address from now on; its health says what is still missing.
func (r *runner) startGateway(ctx context.Context, a *addresses, functions []*gateway.Function, base gateway.Part) (*gateway.Gateway, error) {
	password, err := secret(r.folder, adminFile)
	if err != nil {
		return nil, err
	}
	parts := []gateway.Part{base, {Name: "set-up", Check: r.checkSetUp}, {Name: r.web.Name(), Check: r.web.Check}}
	for _, server := range r.servers {
		parts = append(parts, gateway.Part{Name: server.Name(), Check: server.Check})
	}
	entrance := gateway.New(ctx, gateway.Config{Functions: functions, Parts: parts, User: adminUser, Password: password})
	r.gateway = &http.Server{
		Handler:           entrance,
		ReadHeaderTimeout: 10 * time.Second,
		// As wide as the web app's, so that a picture may take its time on a slow line.
		ReadTimeout:    5 * time.Minute,
		WriteTimeout:   6 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	go func() {
		if err := r.gateway.Serve(a.gateway); !errors.Is(err, http.ErrServerClosed) {
			r.screen.event(fmt.Sprintf("the gateway stopped: %v", err))
		}
	}()
	return entrance, nil
}

// checkSetUp says whether the schema and the demo account are there.
func (r *runner) checkSetUp(context.Context) error {
	if !r.setUp.Load() {
		return errors.New("under way")
	}
	return nil
}

// welcome makes the demo account, sees that all is well, and says where everything is.
func (r *runner) welcome(ctx context.Context, a *addresses, entrance *gateway.Gateway) error {
	account, err := demo(ctx, a.gatewayURL(), r.addUser)
	if err != nil {
		return fmt.Errorf("the demo account: %w", err)
	}
	r.screen.step("demo account")
	r.setUp.Store(true)
	if ailing := entrance.Ailing(ctx); len(ailing) > 0 {
		return fmt.Errorf("not everything works: %s", strings.Join(ailing, "; "))
	}
	password := filepath.Join(r.folder.Path, keys, adminFile)
	r.screen.step("everything is ready\n")
	r.screen.line("  web app    %s", a.webURL())
	r.screen.line("  sign in    %s", account)
	r.screen.line("  functions  %s/function/NAME", a.gatewayURL())
	r.screen.line("  faas-cli   faas-cli login --gateway %s --username %s --password-stdin < %s", a.gatewayURL(), adminUser, password)
	r.screen.line("  health     %s/healthz", a.gatewayURL())
	r.screen.line("  logs       %s", filepath.Join(r.folder.Path, "log"))
	r.screen.line("  stop       Ctrl-C\n")
	return nil
}
