// Command fetch prepares the model for TensorFlow Serving: it downloads one, or copies the bundled one if that fails.
//
//	fetch -to DIR -otherwise DIR [-wait 10s]
//	fetch -to DIR -serve :8080
//
// MODEL_URLS lists the addresses of archives (tar.gz) of a SavedModel, separated by white space. The first that can be
// downloaded becomes version 2 in -to. If none can, the version folders in -otherwise are copied. MODEL_SHA256 is the SHA-256
// of the archive in hex; if it is empty, archives are not checked. -wait is how long to try an address that refuses connections.
//
// With -serve it stores the archive in -to and serves it as /model.tar.gz, or 404 if none could be downloaded. In a cluster only
// such a pod reaches the internet: it is the only address in MODEL_URLS of the others.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		slog.Error("no model", "cause", err.Error())
		os.Exit(1)
	}
}

var errNoModel = errors.New("the archive has no saved_model.pb")

// downloadTimeout bounds each download: 85 MB need at least 4 Mbit/s.
const downloadTimeout = 3 * time.Minute

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	to := flags.String("to", "", "folder to create the version folder of the model in")
	otherwise := flags.String("otherwise", "", "folder with version folders, which are copied if nothing can be downloaded")
	patience := flags.Duration("wait", 10*time.Second, "how long to try an address that refuses connections")
	address := flags.String("serve", "", "address at which to serve the archive")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *to == "" || (*otherwise == "") == (*address == "") || flags.NArg() > 0 {
		return errors.New("usage: fetch -to DIR -otherwise DIR [-wait DURATION] | fetch -to DIR -serve ADDRESS")
	}
	if err := os.MkdirAll(*to, 0o755); err != nil {
		return err
	}
	if *address != "" {
		return mirror(ctx, *to, *address, *patience)
	}
	fetched := filepath.Join(*to, "2")
	if has(fetched) {
		slog.Info("the model has already been downloaded", "folder", fetched)
		return nil
	}
	if done, err := first(ctx, *patience, func(address string) error { return attempt(ctx, address, fetched) }); done || err != nil {
		return err
	}
	if err := copyVersions(*otherwise, *to); err != nil {
		return err
	}
	slog.Info("copied the bundled model", "from", *otherwise, "folder", *to)
	return nil
}

// first calls fetch with each address in MODEL_URLS until one succeeds, and reports whether one did.
func first(ctx context.Context, patience time.Duration, fetch func(address string) error) (done bool, err error) {
	for _, address := range strings.Fields(os.Getenv("MODEL_URLS")) {
		began := time.Now()
		err := again(ctx, patience, func() error { return fetch(address) })
		if err == nil {
			slog.Info("downloaded", "url", address, "ms", time.Since(began).Milliseconds())
			return true, nil
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		slog.Warn("download failed", "url", address, "cause", err.Error(), "ms", time.Since(began).Milliseconds())
	}
	return false, nil
}

// again calls attempt until patience has passed while nothing accepts the connection: the server is starting, or network policies do
// not know a new pod yet.
func again(ctx context.Context, patience time.Duration, attempt func() error) error {
	for end := time.Now().Add(patience); ; {
		err := attempt()
		var dialling *net.OpError
		var resolving *net.DNSError
		refused := errors.As(err, &dialling) && dialling.Op == "dial" || errors.As(err, &resolving)
		if !refused || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(2 * time.Second):
		}
	}
}

// attempt downloads into a temporary folder first, so that TensorFlow Serving never sees an incomplete model.
func attempt(ctx context.Context, address, folder string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	partial, err := os.MkdirTemp(filepath.Dir(folder), ".partial-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(partial)
	if err := download(ctx, address, os.Getenv("MODEL_SHA256"), partial, io.Discard); err != nil {
		return err
	}
	if !has(partial) {
		return errNoModel
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return err
	}
	return os.Rename(partial, folder)
}

// has reports whether the folder contains a SavedModel.
func has(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, "saved_model.pb"))
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// copyVersions copies each folder that contains a SavedModel.
func copyVersions(from, to string) error {
	folders, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	copied := false
	for _, f := range folders {
		source, target := filepath.Join(from, f.Name()), filepath.Join(to, f.Name())
		if !has(source) {
			continue
		}
		if !has(target) {
			err := cmp.Or(os.RemoveAll(target), os.CopyFS(target, os.DirFS(source)))
			if err != nil {
				return err
			}
		}
		copied = true
	}
	if !copied {
		return errors.New(from + " contains no model")
	}
	return nil
}
