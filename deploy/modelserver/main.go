// Command modelserver serves one frozen image classifier with the protocol of TensorFlow Serving: gRPC (Predict,
// GetModelMetadata, GetModelStatus) and REST under /v1/models/NAME.
//
//	modelserver -model DIR -name efficientnet -grpc 127.0.0.1:8500 -rest 127.0.0.1:8501
//
// With LISTEN_FDS=2 it inherits two open listeners instead: file 3 for gRPC, file 4 for REST. With EXIT_ON_STDIN_EOF=1 it
// stops when its standard input ends. SIGTERM and SIGINT stop it after the running requests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"snaptask/deploy/modelserver/serving"
	"snaptask/functions/telemetry"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if os.Getenv("EXIT_ON_STDIN_EOF") == "1" {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if err := run(ctx, os.Args[1:]); err != nil {
		slog.Error("can't serve", "function", "modelserver", "cause", err.Error())
		os.Exit(1)
	}
}

type options struct {
	model, name, rest, grpc string
	cpus                    int
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("modelserver", flag.ContinueOnError)
	flags.StringVar(&o.model, "model", bundled(), "folder with version folders (1, 2, ...), the highest of which is served, or with a saved_model.pb")
	flags.StringVar(&o.name, "name", "efficientnet", "name under which the model is served")
	flags.StringVar(&o.grpc, "grpc", "127.0.0.1:8500", "address for gRPC")
	flags.StringVar(&o.rest, "rest", "127.0.0.1:8501", "address for REST")
	flags.IntVar(&o.cpus, "cpus", runtime.NumCPU(), "how many cores to use")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.cpus < 1:
		return o, errors.New("-cpus must be 1 or more")
	case o.name == "":
		return o, errors.New("-name must not be empty")
	}
	return o, nil
}

// bundled returns the folder of the model next to this source file, on the machine where the program was built. Images set
// -model instead.
func bundled() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "model", "efficientnet-lite0")
}

// run serves until ctx ends, then finishes the running requests.
func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(o.cpus)
	begin := time.Now()
	model, err := serving.Load(o.model, o.name, o.cpus)
	if err != nil {
		return err
	}
	closeTraces, err := telemetry.Open("modelserver")
	if err != nil {
		return err
	}
	defer closeTraces()
	boundMemory()
	loaded := time.Since(begin)
	grpcListener, restListener, err := listen(o)
	if err != nil {
		return err
	}
	slog.Info("serving", "model", model.Name, "version", model.Version, "grpc", grpcListener.Addr().String(),
		"rest", restListener.Addr().String(), "loadMs", loaded.Milliseconds(), "cpus", o.cpus)
	return serve(ctx, model, grpcListener, restListener)
}

// perRequests is how much memory requests may use, in bytes, before the garbage collector runs more often.
const perRequests = 48 << 20

// boundMemory returns to the operating system the memory that only loading needed, and sets a memory limit: by default the
// garbage collector would run only at twice the size of the model. GOMEMLIMIT in the environment takes precedence.
func boundMemory() {
	debug.FreeOSMemory()
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	debug.SetMemoryLimit(int64(now.Sys-now.HeapReleased) + perRequests)
}

// drainTime is how long running requests may take after the signal to stop.
const drainTime = 10 * time.Second

func serve(ctx context.Context, model *serving.Model, grpcListener, restListener net.Listener) error {
	grpcServer := serving.NewGRPC(model)
	restServer := &http.Server{
		Handler: serving.NewREST(model), ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
	}
	failed := make(chan error, 2)
	go func() { failed <- grpcServer.Serve(grpcListener) }()
	go func() { failed <- restServer.Serve(restListener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	context.AfterFunc(late, grpcServer.Stop)
	grpcServer.GracefulStop()
	return restServer.Shutdown(late)
}
