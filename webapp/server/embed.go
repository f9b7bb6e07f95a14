// Package server is the web server of Snaptask: it carries the built Vue app, tells it its configuration, and forwards
// calls of functions to where they run, so that the browser needs one origin only.
package server

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// embedded is the Vue app as it was built before this binary.
func embedded() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only for a path that is not valid, and this one is a constant
	}
	return files
}

// Built says whether this binary carries the Vue app. One compiled before `npm run build` does not, and answers every
// page with a word about that.
func Built() bool { return hasIndex(embedded()) }

func hasIndex(files fs.FS) bool {
	_, err := fs.Stat(files, indexName)
	return err == nil
}
