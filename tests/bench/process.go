package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startTimeout bounds the start of one process; stopTimeout is how long it may take to end when asked.
const (
	startTimeout = 20 * time.Second
	stopTimeout  = 5 * time.Second
)

// program is a running process that is measured. It writes its log straight to a file, so that reading it costs the
// load generator nothing.
type program struct {
	name    string
	address string // HOST:PORT
	pid     int
	log     string // path
	ended   chan struct{}
	err     error // why it ended, once ended is closed
	stdin   *os.File
	stop    func()
}

// launch starts a process that ends when this one does: its standard input is a pipe that ends then.
func launch(folder, name, address string, env []string, path string, args ...string) (*program, error) {
	p := &program{name: name, address: address, log: filepath.Join(folder, name+".log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	lifeline, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer lifeline.Close()
	cmd := exec.Command(path, args...)
	cmd.Env = append(env, "EXIT_ON_STDIN_EOF=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = lifeline, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the one who ends it in order
	if err := cmd.Start(); err != nil {
		hold.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.pid, p.stdin = cmd.Process.Pid, hold
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	p.stop = sync.OnceFunc(func() {
		defer hold.Close()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(stopTimeout):
			_ = syscall.Kill(-p.pid, syscall.SIGKILL)
			<-p.ended
		}
	})
	return p, nil
}

// ready waits until the process answers any HTTP request to path.
func (p *program) ready(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			return answer.Body.Close()
		}
		select {
		case <-p.ended:
			return p.dead()
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w\n%s", p.name, err, p.tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// alive is nil while the process runs.
func (p *program) alive() error {
	select {
	case <-p.ended:
		return p.dead()
	default:
		return nil
	}
}

func (p *program) dead() error {
	reason := p.err
	if reason == nil {
		reason = errors.New("exit status 0")
	}
	return fmt.Errorf("%s ended: %w\n%s", p.name, reason, p.tail())
}

// tail gives the last lines of the log, for a message.
func (p *program) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "    " + strings.Join(lines[max(0, len(lines)-12):], "\n    ")
}

// forget empties the log: a line for each of many thousand requests is of no use.
func (p *program) forget() { _ = os.Truncate(p.log, 0) }
