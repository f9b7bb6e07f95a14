// Command webapp is Snaptask's web server. See server.Main for its environment.
package main

import (
	"log/slog"
	"os"

	"snaptask/webapp/server"
)

func main() {
	if err := server.Main(); err != nil {
		slog.Error("web app", "error", err.Error())
		os.Exit(1)
	}
}
