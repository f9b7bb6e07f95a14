package run

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
)

// pollInterval is how often the sources are checked for changes. Reading all modification times takes about a millisecond.
const pollInterval = 500 * time.Millisecond

// develop starts Vite for the Vue app, and rebuilds and restarts the functions and the web server when their sources change,
// until ctx ends.
func (r *runner) develop(ctx context.Context) error {
	root, err := Repository(r.program)
	if err != nil {
		return err
	}
	if err := r.startVite(ctx, root); err != nil {
		return err
	}
	sources := []string{filepath.Join(root, "functions"), filepath.Join(root, "webapp", "server")}
	watch(ctx, pollInterval, sources, func() { r.rebuild(ctx, root) })
	return nil
}

// startVite serves webapp/src with Vite, which proxies functions and configuration to the web server.
func (r *runner) startVite(ctx context.Context, root string) error {
	listener, err := port.Listen("DEV", 5173)
	if err != nil {
		return err
	}
	address := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		return err
	}
	webapp := filepath.Join(root, "webapp")
	vite, err := r.launch(process.Spec{
		Name: "vite",
		Path: r.program,
		Args: []string{
			"wrap", "node", filepath.Join(webapp, "node_modules", "vite", "bin", "vite.js"), webapp,
			"--port", strconv.Itoa(address.Port), "--strictPort", "--clearScreen", "false",
		},
		Env:         append(os.Environ(), "SNAPTASK_URL="+r.webURL),
		Check:       process.CheckURL("http://" + address.String()),
		StopTimeout: 5 * time.Second,
	})
	if err != nil {
		return err
	}
	r.servers = append(r.servers, vite)
	if err := vite.Wait(ctx); err != nil {
		return err
	}
	r.screen.line("  develop    http://%s shows changes of webapp/src at once;", address)
	r.screen.line("             a change of a Go file in functions or webapp/server restarts the functions and the web server\n")
	return nil
}

// rebuild rebuilds this program and restarts its children. If the build fails, it prints the compiler's errors and leaves the
// children running.
func (r *runner) rebuild(ctx context.Context, root string) {
	r.screen.event("a Go file changed; building")
	began := time.Now()
	if err := build(ctx, root, "./deploy/local", r.program); err != nil {
		r.screen.event(err.Error() + "\nThe functions keep running.")
		return
	}
	var group sync.WaitGroup
	for _, child := range append([]*process.Child{r.web}, r.functions...) {
		group.Go(func() {
			child.Restart()
			if err := child.Wait(ctx); err != nil && ctx.Err() == nil {
				r.screen.event(err.Error())
			}
		})
	}
	group.Wait()
	r.screen.event(fmt.Sprintf("functions and web server restarted after %.1f s", time.Since(began).Seconds()))
}

// build builds a package and, if that succeeds, replaces program. The error contains the compiler's output.
func build(ctx context.Context, root, name, program string) error {
	fresh := program + ".new"
	cmd := exec.CommandContext(ctx, "go", "build", "-o", fresh, name)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the build failed: %w\n%s", err, strings.TrimSpace(string(output)))
	}
	return os.Rename(fresh, program)
}

// watch calls changed each time after Go files in the folders changed, until ctx ends.
func watch(ctx context.Context, interval time.Duration, folders []string, changed func()) {
	built := fingerprint(folders)
	for previous := built; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
		now := fingerprint(folders)
		if now != built && now == previous { // all files of the change are written
			built = now
			changed()
		}
		previous = now
	}
}

// fingerprint returns a string that changes when a Go file in the folders, other than a test, changes.
func fingerprint(folders []string) string {
	var files strings.Builder
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
				if info, err := entry.Info(); err == nil {
					fmt.Fprintln(&files, path, info.ModTime().UnixNano())
				}
			}
			return nil // an error means that the file was just removed
		})
	}
	return files.String()
}
