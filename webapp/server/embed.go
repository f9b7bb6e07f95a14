// Package server is the web server of Snaptask: it serves the built Vue app and its configuration, and forwards calls of
// functions, so that the browser needs only one origin.
package server

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// embedded returns the files of the Vue app that were compiled into this program.
func embedded() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // can't happen: the path is a valid constant
	}
	return files
}

func hasIndex(files fs.FS) bool {
	_, err := fs.Stat(files, indexName)
	return err == nil
}
