// Package run starts the whole application on one machine, keeps it running, and stops it in an orderly way.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/state"
)

const (
	startTimeout = 4 * time.Minute  // including a download of MariaDB
	drainTimeout = 10 * time.Second // for running calls when the gateway stops
)

// runner is the running application.
type runner struct {
	program string // of this process; most children run it in another mode
	folder  *state.Folder
	secrets map[string]string
	screen  *screen
	setUp   atomic.Bool // the schema and the demo account exist

	gatewayListener    *net.TCPListener
	webListener        *os.File // for the web app's process
	gatewayURL, webURL string
	metrics            []target

	// What is running, in stop order.
	stopSweeps func() // nil before the first sweep
	web        *process.Child
	gateway    *http.Server
	functions  []*process.Child
	servers    []*process.Child // model server, object store and Vite
	database   *process.Child
}

// Run runs the application until ctx ends; with develop set, it also rebuilds what changes. The folder at path contains
// everything that persists.
func Run(ctx context.Context, path string, out io.Writer, develop bool) error {
	// The driver would log each attempt to reach a database that is starting or restarting.
	if err := mysql.SetLogger(&mysql.NopLogger{}); err != nil {
		return err
	}
	r := &runner{screen: &screen{out: out, start: time.Now()}}
	var err error
	if r.program, err = os.Executable(); err != nil {
		return err
	}
	if r.folder, err = state.Open(path); err != nil {
		return err
	}
	defer r.folder.Close()
	if r.secrets, err = loadSecrets(r.folder); err != nil {
		return err
	}
	if err := r.listen(); err != nil { // first, so that ports in use are reported immediately
		return err
	}
	defer r.stop() // even if not everything has started
	err = r.start(ctx)
	if err == nil && develop {
		err = r.develop(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	r.screen.line("\nstopping (Ctrl-C again to stop at once)")
	return nil
}

// listen opens the ports of the gateway and the web app.
func (r *runner) listen() error {
	gateway, err := port.Listen("GATEWAY", 31112)
	if err != nil {
		return err
	}
	web, err := port.Listen("WEB", 8080)
	if err != nil {
		return errors.Join(err, gateway.Close())
	}
	defer web.Close()
	r.gatewayListener, r.gatewayURL, r.webURL = gateway, reachable(gateway.Addr().String()), reachable(web.Addr().String())
	r.webListener, err = web.File()
	return err
}

// reachable returns the URL of a listener for clients on this machine.
func reachable(address string) string {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, number)
}

// stop stops everything, dependents before their dependencies: callers first, the database last.
func (r *runner) stop() {
	r.webListener.Close()
	if r.stopSweeps != nil {
		r.stopSweeps()
	}
	if r.web != nil {
		r.web.Stop()
	}
	if r.gateway != nil {
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		if r.gateway.Shutdown(ctx) != nil {
			r.gateway.Close()
		}
	}
	r.gatewayListener.Close()
	stopAll(r.functions)
	stopAll(r.servers)
	if r.database != nil {
		r.database.Stop()
	}
}

func stopAll(children []*process.Child) {
	var group sync.WaitGroup
	for _, child := range children {
		group.Go(child.Stop)
	}
	group.Wait()
}

// launch starts a child with a log file of its own.
func (r *runner) launch(spec process.Spec) (*process.Child, error) {
	var err error
	if spec.Log, err = process.NewLog(filepath.Join(r.logFolder(), spec.Name+".log")); err != nil {
		return nil, err
	}
	return process.Start(spec, r.screen.event), nil
}

func (r *runner) logFolder() string { return filepath.Join(r.folder.Path, "log") }

// screen prints messages for the user, from several goroutines.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	start time.Time
}

func (s *screen) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// step prints a step of the start with the time since the start began.
func (s *screen) step(format string, args ...any) {
	s.line("%6.2f s  %s", time.Since(s.start).Seconds(), fmt.Sprintf(format, args...))
}

// event prints an event with the time of day.
func (s *screen) event(text string) {
	s.line("%s  %s", time.Now().Format(time.TimeOnly), text)
}
