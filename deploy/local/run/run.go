// Package run brings the whole application up on one machine, keeps it up, and takes it down in order.
package run

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"

	"snaptask/deploy/local/process"
	"snaptask/deploy/local/state"
)

const (
	startTimeout = 4 * time.Minute  // for everything, a fetch of MariaDB included
	drainTimeout = 10 * time.Second // for calls under way when the gateway stops
	checkTimeout = time.Second      // for one look at whether something works
)

// runner is the application while it runs.
type runner struct {
	program string // of this process, whose other modes most children are
	folder  *state.Folder
	screen  *screen
	setUp   atomic.Bool // are the schema and the demo account there?

	// What runs, in the order in which it is stopped.
	stopSweeps func() // nil before there are any
	web        *process.Child
	gateway    *http.Server
	functions  []*process.Child
	servers    []*process.Child // the model server and the object store
	database   *process.Child
}

// Run keeps the application up until ctx ends. All that outlives it is in the folder at path.
func Run(ctx context.Context, path string, out io.Writer) error {
	// What the driver has to say of a database that is away, the screen says in words.
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
	addresses, err := openAddresses()
	if err != nil {
		return err
	}
	defer r.stop(addresses) // whatever was started, even when the rest could not be
	err = r.start(ctx, addresses)
	if err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	r.screen.line("\nstopping (Ctrl-C again to stop at once)")
	return nil
}

// stop ends everything so that nobody loses what it still needs: first no new calls, then no calls at all, the database
// last. Each wait is bounded.
func (r *runner) stop(a *addresses) {
	a.web.Close()
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
	a.gateway.Close()
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

// launch starts a child whose deaths the person is told of.
func (r *runner) launch(spec process.Spec) *process.Child {
	return process.Start(spec, r.screen.event)
}

// log is where the child of this name prints to.
func (r *runner) log(name string) (*process.Log, error) {
	dir, err := r.folder.Dir("log")
	if err != nil {
		return nil, err
	}
	return process.NewLog(filepath.Join(dir, name+".log"))
}
