// Command snaptask runs Snaptask on one machine without a cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"snaptask/deploy/local/observe"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/run"
	"snaptask/deploy/local/s3"
	"snaptask/deploy/local/services"
	"snaptask/deploy/local/state"
	"snaptask/functions"
	"snaptask/functions/serve"
	webapp "snaptask/webapp/server"
)

const help = `snaptask runs Snaptask on this machine, without a cluster.

    snaptask run      start everything: database, object store, classifier, functions, gateway and web app; Ctrl-C stops it
    snaptask dev      the same, and rebuild and restart what changes: functions/, webapp/server and, with Vite, webapp/src
    snaptask observe  show the metrics of what run runs in Prometheus, and in Grafana and Jaeger if they are installed
    snaptask services -- COMMAND [ARGUMENT...]
                      run COMMAND with a MariaDB, an S3 server and a model server of its own, whose addresses are in
                      TEST_MYSQL_DSN, TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY,
                      TEST_CLASSIFIER_ADDRESS and TEST_CLASSIFIER_REST_URL; a server whose address is set is not started
    snaptask housekeeping sweep | user VERB | backup >FILE | restore <FILE | verify <FILE | help
                      sweep, as run does every minute; manage users and backups; needs snaptask run in another terminal
    snaptask stopped  fail if something runs on the state folder
    snaptask help     this text

Environment, with defaults:

    GATEWAY_PORT (31112), WEB_PORT (8080)        ports; GATEWAY_HOST, WEB_HOST (127.0.0.1) are the addresses to listen on
    MYSQL_PORT, S3_PORT (any free port)          ports of run's servers, on 127.0.0.1
    DEV_PORT (5173)                              port of Vite, on 127.0.0.1
    PROMETHEUS_PORT (9095), GRAFANA_PORT (3000)  ports of observe, on 127.0.0.1
    OTEL_EXPORTER_OTLP_ENDPOINT (none)           where every program sends its traces: http://127.0.0.1:4318; and other OTEL_...
    MYSQL_DSN (a private MariaDB)                database to use instead: USER:PASSWORD@tcp(HOST:PORT)/DATABASE
    DEMO_PASSWORD (demo-password)                of the account demo, when it is created
    UPLOADS (both)                               direct: no photo goes by way of the object store; event: all do
    OBJECTS_PUBLIC_URL (unset)                   where browsers send photos to the object store, such as http://127.0.0.1:9000 with
                                                 S3_PORT=9000; unset: they send them through the web server
    REGISTRATION (on), SESSION_LIFETIME (168h)   and the functions' other settings
    SNAPTASK_STATE (.snaptask)                   folder of everything that is stored
    SNAPTASK_MODELSERVER                         program of the model server, if it is not beside this one
`

func main() {
	err := command(os.Args[1:])
	if exit := process.Exit(0); err != nil && !errors.As(err, &exit) { // a command has printed why it failed
		fmt.Fprintln(os.Stderr, "snaptask: "+err.Error())
	}
	os.Exit(process.ExitCode(err))
}

// command runs a command. Those that are not in the help text are for child processes.
func command(args []string) error {
	ctx, cancel := process.Lifetime()
	defer cancel()
	mode := "help"
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	switch mode {
	case "run", "dev":
		context.AfterFunc(ctx, cancel) // so that a second Ctrl-C ends the process immediately
		return run.Run(ctx, stateFolder(), os.Stdout, mode == "dev")
	case "observe":
		context.AfterFunc(ctx, cancel)
		return observe.Run(ctx, stateFolder(), os.Stdout)
	case "services":
		if len(args) > 0 && args[0] == "--" {
			args = args[1:]
		}
		if len(args) == 0 {
			return errors.New("usage: snaptask services -- COMMAND [ARGUMENT...]")
		}
		return services.Run(ctx, stateFolder(), args, os.Stderr)
	case "housekeeping":
		slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
		return run.Housekeeping(ctx, stateFolder(), args)
	case "stopped":
		return stopped(stateFolder())
	case "function":
		if len(args) == 1 {
			if f, ok := functions.All[args[0]]; ok {
				return serveFunction(ctx, args[0], f)
			}
		}
		return errors.New("usage: snaptask function NAME")
	case "webapp":
		listeners, err := process.Listeners(2)
		if err != nil {
			return err
		}
		slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
		return webapp.Serve(ctx, listeners[0], listeners[1])
	case "s3":
		return s3.Serve(ctx)
	case "wrap":
		if len(args) == 0 {
			return errors.New("usage: snaptask wrap PROGRAM [ARGUMENT...]")
		}
		return process.Foreground(ctx, os.Environ(), args[0], args[1:]...)
	case "help", "-h", "-help", "--help":
		fmt.Print(help)
		return nil
	default:
		return fmt.Errorf("no such command: %s; snaptask help lists the commands", mode)
	}
}

// serveFunction serves a function on the listeners of the parent process, or on PORT and METRICS_PORT as an image does.
func serveFunction(ctx context.Context, name string, f serve.Function) error {
	if !process.Inherits() {
		serve.Main(name, f)
		return nil
	}
	listeners, err := process.Listeners(2)
	if err != nil {
		return err
	}
	settings, err := serve.SettingsFromEnv()
	if err != nil {
		return err
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	return serve.Serve(ctx, name, f, settings, listeners[0], listeners[1])
}

// stopped returns an error if a process uses the state folder at path.
func stopped(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	folder, err := state.Open(path)
	if err != nil {
		return err
	}
	return folder.Close()
}

// stateFolder returns SNAPTASK_STATE, the folder .snaptask that contains this program, or .snaptask in the working folder.
func stateFolder() string {
	const name = ".snaptask"
	if path := os.Getenv("SNAPTASK_STATE"); path != "" {
		return path
	}
	if program, err := os.Executable(); err == nil {
		if path := filepath.Dir(filepath.Dir(program)); filepath.Base(path) == name {
			return path
		}
	}
	return name
}
