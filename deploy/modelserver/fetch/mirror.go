package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// archiveName is the archive's file in the folder of a mirror, and its path for clients.
const archiveName = "model.tar.gz"

// mirror downloads the archive, unless the folder has it, and then serves it until ctx ends. It starts to listen when it knows
// whether it has one, so clients need not ask again.
func mirror(ctx context.Context, folder, address string, patience time.Duration) error {
	archive := filepath.Join(folder, archiveName)
	if _, err := os.Stat(archive); err != nil {
		done, err := first(ctx, patience, func(address string) error { return store(ctx, address, archive) })
		if err != nil {
			return err
		}
		if !done {
			slog.Warn("there is no archive to serve")
		}
	}
	server := &http.Server{Addr: address, Handler: serving(archive), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// serving returns the routes of a mirror.
func serving(archive string) http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /"+archiveName, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, archive) })
	routes.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	return routes
}

// store downloads an archive into a file, if it contains a SavedModel.
func store(ctx context.Context, address, file string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	unpacked, err := os.MkdirTemp(filepath.Dir(file), ".unpacked-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unpacked)
	partial, err := os.CreateTemp(filepath.Dir(file), ".partial-")
	if err != nil {
		return err
	}
	defer os.Remove(partial.Name())
	err = download(ctx, address, os.Getenv("MODEL_SHA256"), unpacked, partial)
	if err = errors.Join(err, partial.Close()); err != nil {
		return err
	}
	if !has(unpacked) {
		return errNoModel
	}
	return os.Rename(partial.Name(), file)
}
