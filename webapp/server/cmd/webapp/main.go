// Command webapp is Snaptask's web server. See server.Main for its environment.
package main

import (
	"log/slog"
	"os"

	"snaptask/webapp/server"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	if err := server.Main(); err != nil {
		slog.Error("can't serve", "cause", err.Error())
		os.Exit(1)
	}
}
