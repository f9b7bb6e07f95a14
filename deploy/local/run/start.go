package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"snaptask/db"
	"snaptask/deploy/local/classifier"
	"snaptask/deploy/local/gateway"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
	"snaptask/functions/serve/connections"
)

const (
	bucket    = "snaptask"
	adminUser = "admin" // of the gateway's /system

	maxConnections = 1024 // to the gateway
)

// start starts everything, waits until it is ready, and prints the addresses.
func (r *runner) start(ctx context.Context) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	database, err := newDatabase(r.folder.Path, r.secrets)
	if err != nil {
		return err
	}
	for name, dsn := range database.accounts {
		r.secrets[db.SecretOf(name)] = dsn
	}
	s3Port, err := port.Choose("S3")
	if err != nil {
		return err
	}
	store := s3.Server{
		Dir: filepath.Join(r.folder.Path, "s3"), Port: s3Port,
		AccessKey: r.secrets[s3AdminAccessKey], SecretKey: r.secrets[s3AdminSecretKey],
		EventURL: eventURL(r.gatewayURL, r.secrets[uploadEventToken]), Browsers: os.Getenv(objectsPublicURL) != "",
	}
	for account := range s3.Permissions {
		access, secret := s3Keys(account)
		store.Users = append(store.Users, s3.User{Name: account, AccessKey: r.secrets[access], SecretKey: r.secrets[secret]})
	}
	model, err := classifier.New()
	if err != nil {
		return err
	}
	addresses := map[string]string{
		"S3_ENDPOINT":         store.Endpoint(),
		"S3_BUCKET":           bucket,
		"S3_REGION":           s3.Region,
		"CLASSIFIER_ADDRESS":  model.GRPC,
		"CLASSIFIER_PROTOCOL": "grpc",
		"CLASSIFIER_REST_URL": model.REST,
		"CLASSIFIER_MODEL":    classifier.Model,
		"SHUTDOWN_DELAY":      "0s", // callers stop before functions do
	}
	if err := r.saveSettings(addresses); err != nil {
		return fmt.Errorf("%s: %w", housekeepingName, err)
	}
	functions, err := r.startFunctions(addresses)
	if err != nil {
		return err
	}
	predictions := model.Process()
	predictions.Env = append(predictions.Env, assignments(tracing())...)
	for _, spec := range []process.Spec{store.Process(r.program), predictions} {
		child, err := r.launch(spec)
		if err != nil {
			return err
		}
		r.servers = append(r.servers, child)
	}
	objectStore, modelServer := r.servers[0], r.servers[1]
	if err := r.startWeb(store); err != nil {
		return err
	}
	r.metrics = append(r.metrics, target{
		Targets: []string{strings.TrimPrefix(model.REST, "http://")},
		Labels:  map[string]string{"job": metricsJob, "instance": "modelserver", "__metrics_path__": classifier.MetricsPath},
	})
	if err := r.saveTargets(); err != nil {
		return err
	}
	front := r.startGateway(ctx, functions, database)

	// No process waits for another one to start, so start all of them before waiting.
	group, waiting := errgroup.WithContext(starting)
	group.Go(func() error { return database.start(waiting, r) })
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

// eventURL returns where the object store posts its events: to the function label-upload, asynchronously.
func eventURL(gateway, token string) string {
	scheme, host, _ := strings.Cut(gateway, "://")
	u := url.URL{Scheme: scheme, Host: host, User: url.UserPassword("events", token), Path: "/async-function/label-upload"}
	return u.String()
}

// startGateway serves the gateway; until everything is ready, its health check lists what is not.
func (r *runner) startGateway(ctx context.Context, functions []*gateway.Function, database *database) *gateway.Gateway {
	components := []gateway.Component{{Name: "database", Check: database.check}, {Name: "set-up", Check: r.checkSetUp}}
	for _, child := range append([]*process.Child{r.web}, r.servers...) {
		components = append(components, gateway.Component{Name: child.Name(), Check: child.Check})
	}
	front := gateway.New(ctx, gateway.Config{
		Functions: functions, Components: components, User: adminUser, Password: r.secrets[gatewayPassword], Event: r.screen.event,
	})
	r.gateway = &http.Server{
		Handler:           front,
		ReadHeaderTimeout: 10 * time.Second,
		// As in the web server: a photo may take minutes on a slow line.
		ReadTimeout:    5 * time.Minute,
		WriteTimeout:   6 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	connections.NewLimiter(maxConnections).Bound(r.gateway)
	go func() {
		if err := r.gateway.Serve(r.gatewayListener); !errors.Is(err, http.ErrServerClosed) {
			r.screen.event(fmt.Sprintf("the gateway stopped: %v", err))
		}
	}()
	return front
}

func (r *runner) checkSetUp(context.Context) error {
	if !r.setUp.Load() {
		return errors.New("in progress")
	}
	return nil
}

// welcome creates the demo account, checks that everything works, and prints the addresses.
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
	password := filepath.Join(r.folder.Path, keys, gatewayPassword)
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
