// Command fetch puts a model into place before TensorFlow Serving starts: one that it downloads, or else the one at hand.
//
//	fetch -to DIR -otherwise DIR
//
// MODEL_URLS names archives (tar.gz) of a SavedModel, with spaces or ends of lines between them. The first that can be had
// becomes version 2 below -to. If none can, the folders of versions in -otherwise are copied. MODEL_SHA256, in hex, is what an
// archive must add up to; anything will do if it is empty.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"log/slog"
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
		slog.Error("no model", "error", err.Error())
		os.Exit(1)
	}
}

// patience is how long one address may take: 85 MB within it are 4 Mbit/s.
const patience = 3 * time.Minute

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	to := flags.String("to", "", "folder that gets the model, as a folder named by its version")
	otherwise := flags.String("otherwise", "", "folder with such folders, to copy when nothing can be downloaded")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *to == "" || *otherwise == "" || flags.NArg() > 0 {
		return errors.New("give -to DIR and -otherwise DIR")
	}
	if err := os.MkdirAll(*to, 0o755); err != nil {
		return err
	}
	fetched := filepath.Join(*to, "2")
	if has(fetched) {
		slog.Info("the model is here already", "folder", fetched)
		return nil
	}
	for _, address := range strings.Fields(os.Getenv("MODEL_URLS")) {
		began := time.Now()
		err := attempt(ctx, address, fetched)
		if err == nil {
			slog.Info("downloaded", "url", address, "folder", fetched, "seconds", time.Since(began).Seconds())
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		slog.Warn("can't be had", "url", address, "error", err.Error(), "seconds", time.Since(began).Seconds())
	}
	if err := copyVersions(*otherwise, *to); err != nil {
		return err
	}
	slog.Info("took the model at hand", "from", *otherwise, "folder", *to)
	return nil
}

// attempt downloads beside the folder, so that TensorFlow Serving never sees half a model.
func attempt(ctx context.Context, address, folder string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	half, err := os.MkdirTemp(filepath.Dir(folder), ".half-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(half)
	if err := download(ctx, address, os.Getenv("MODEL_SHA256"), half); err != nil {
		return err
	}
	if !has(half) {
		return errors.New("the archive holds no saved_model.pb")
	}
	if err := os.Chmod(half, 0o755); err != nil {
		return err
	}
	return os.Rename(half, folder)
}

// has says whether the folder holds a SavedModel.
func has(folder string) bool {
	info, err := os.Stat(filepath.Join(folder, "saved_model.pb"))
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// copyVersions copies each folder that holds a SavedModel.
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
		return errors.New(from + " holds no model")
	}
	return nil
}
