package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"snaptask/deploy/local/port"
)

const (
	startTimeout = 4 * time.Minute  // a fetch of the database server included
	readyTimeout = 30 * time.Second // for everything to work again after a death
	stopTimeout  = 40 * time.Second
)

// application is the whole of Snaptask, on a state folder and ports of its own.
type application struct {
	state   string
	gateway string // URL
	output  bytes.Buffer
	process *exec.Cmd
	ended   chan error
}

// start runs the application and waits until it is ready.
func start(ctx context.Context, program string) (*application, error) {
	state, err := os.MkdirTemp("", "snaptask-chaos-")
	if err != nil {
		return nil, err
	}
	// A database server that was fetched before is used again.
	const fetched = "mariadb-dist"
	kept, err := filepath.Abs(filepath.Join(filepath.Dir(program), "..", fetched))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(kept); err == nil {
		if err := os.Symlink(kept, filepath.Join(state, fetched)); err != nil {
			return nil, err
		}
	}
	calls, callsErr := port.Free()
	web, webErr := port.Free()
	if err := errors.Join(callsErr, webErr); err != nil {
		return nil, err
	}
	a := &application{state: state, gateway: fmt.Sprintf("http://127.0.0.1:%d", calls), ended: make(chan error, 1)}
	a.process = exec.Command(program, "run")
	a.process.Env = append(os.Environ(), "SNAPTASK_STATE="+state, fmt.Sprintf("GATEWAY_PORT=%d", calls), fmt.Sprintf("WEB_PORT=%d", web))
	a.process.Stdout, a.process.Stderr = &a.output, &a.output
	a.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the one who stops it in order
	if err := a.process.Start(); err != nil {
		return nil, fmt.Errorf("%w; `make build` makes it", err)
	}
	go func() { a.ended <- a.process.Wait() }()
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for !a.ready(starting) {
		select {
		case err := <-a.ended:
			a.ended <- err
			return nil, fmt.Errorf("the application ended: %w\n%s", err, a.output.String())
		case <-starting.Done():
			a.stop(true)
			return nil, fmt.Errorf("the application is not ready: %w; its state: %s", starting.Err(), state)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return a, nil
}

// ready says whether everything works.
func (a *application) ready(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.gateway+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// waitReady waits until everything works.
func (a *application) waitReady(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for !a.ready(waiting) {
		if waiting.Err() != nil {
			return errors.New("the application did not become ready again")
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// stop ends the application with all its processes. The state folder goes too, unless it is to be kept for a look.
func (a *application) stop(keep bool) {
	_ = a.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-a.ended:
	case <-time.After(stopTimeout):
		_ = a.process.Process.Kill()
		<-a.ended
	}
	if keep {
		fmt.Fprintln(os.Stderr, "the state and the logs are kept in "+a.state)
		return
	}
	os.RemoveAll(a.state)
}
