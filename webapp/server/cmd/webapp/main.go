// Command webapp is Snaptask's web server as a process of its own. See server.Main for its environment.
package main

import (
	"context"
	"log/slog"
	"os"

	"snaptask/webapp/server"
)

func main() {
	if err := server.Main(context.Background()); err != nil {
		slog.Error("web app", "error", err.Error())
		os.Exit(1)
	}
}
