// Package observe shows the metrics of the application that `snaptask run` runs: in Prometheus with the alerts that Kubernetes gets, and
// in its dashboard, on a page of Prometheus and, if it is installed, in Grafana. Traces are shown if Jaeger is installed.
package observe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/run"
	"snaptask/deploy/local/state"
)

// observer runs Prometheus and, if they are installed, Grafana and Jaeger.
type observer struct {
	root    string // of the repository
	program string // of this process
	targets string // file with the addresses of the metrics
	path    string // folder of everything that is stored
	out     io.Writer

	prometheus string // URL
	tracing    bool   // Jaeger runs
	children   []*process.Child
}

// Run shows the application that runs on the state folder at path, until ctx ends.
func Run(ctx context.Context, path string, out io.Writer) error {
	o := &observer{targets: filepath.Join(path, run.TargetsFile), path: filepath.Join(path, "observe"), out: out}
	var err error
	if o.targets, err = filepath.Abs(o.targets); err != nil {
		return err
	}
	if _, err := os.Stat(o.targets); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("nothing has run on %s; start it with make run", path)
	}
	if o.program, err = os.Executable(); err != nil {
		return err
	}
	if o.root, err = run.Repository(o.program); err != nil {
		return err
	}
	defer o.stop()
	for _, start := range []func(context.Context) error{o.startPrometheus, o.startJaeger, o.startGrafana} {
		if err := start(ctx); err != nil {
			return err
		}
	}
	o.say("stop", "Ctrl-C")
	<-ctx.Done()
	return nil
}

func (o *observer) stop() {
	var group sync.WaitGroup
	for _, child := range o.children {
		group.Go(child.Stop)
	}
	group.Wait()
}

// say shows a line such as the address of a program.
func (o *observer) say(name, text string) { fmt.Fprintf(o.out, "  %-10s %s\n", name, text) }

// start starts a program and waits until it answers at url.
func (o *observer) start(ctx context.Context, name, url string, env []string, command ...string) error {
	log, err := process.NewLog(filepath.Join(o.path, "log", name+".log"))
	if err != nil {
		return err
	}
	child := process.Start(process.Spec{
		Name: name, Path: o.program, Args: append([]string{"wrap"}, command...), Env: append(os.Environ(), env...), Log: log,
		Check: process.CheckURL(url), StopTimeout: 10 * time.Second,
	}, func(event string) { fmt.Fprintln(o.out, event) })
	o.children = append(o.children, child)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return child.Wait(ctx)
}

// write writes a file in the folder of everything that is stored, and returns its path.
func (o *observer) write(name string, content []byte) (string, error) {
	path := filepath.Join(o.path, name)
	return path, state.WriteFile(path, content)
}

// address returns a free address of this machine: NAME_PORT of the environment, or the given port.
func address(name string, preset int) (string, error) {
	listener, err := port.Listen(name, preset)
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// find returns the path of the first of the programs that is installed, or "".
func find(programs ...string) string {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
