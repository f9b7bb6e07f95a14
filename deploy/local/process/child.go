// Package process runs child processes: it restarts those that exit, and all of them end when their parent ends, for whatever
// reason.
package process

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Delay before a restart: none after a run of at least steadyRun, then doubling from minDelay to maxDelay.
const (
	steadyRun = 10 * time.Second
	minDelay  = 100 * time.Millisecond
	maxDelay  = 2 * time.Second
)

const (
	checkTimeout  = time.Second
	checkInterval = 20 * time.Millisecond
	startAttempts = 3  // exits after which Wait gives up
	shownLines    = 12 // of the log, in errors
)

// Spec describes a child process.
type Spec struct {
	Name        string // in messages
	Path        string // of the program
	Args        []string
	Env         []string                    // the whole environment, without the variables of the protocol
	Listeners   []*os.File                  // passed to each process of the child in turn
	Log         *Log                        // of its standard output and error
	Check       func(context.Context) error // returns nil when the child is ready
	StopTimeout time.Duration               // between SIGTERM and SIGKILL
}

// CheckURL returns a Check that expects 200 in response to a GET.
func CheckURL(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New("the health check returns " + response.Status)
		}
		return nil
	}
}

// Run runs a child once. When ctx ends, it stops the child. The error is an Exit, or the reason why the child can't start.
func Run(ctx context.Context, spec Spec) error {
	return exitOf(spec.run(ctx, func(int) {}))
}

// run calls started with the process ID and returns when the process and its descendants have ended.
func (s Spec) run(ctx context.Context, started func(pid int)) error {
	stdin, hold, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	defer hold.Close()
	cmd := exec.Command(s.Path, s.Args...)
	cmd.Env = append(slices.Clone(s.Env), exitOnEOF+"=1")
	if n := len(s.Listeners); n > 0 {
		cmd.Env = append(cmd.Env, listenFDs+"="+strconv.Itoa(n))
		cmd.ExtraFiles = s.Listeners
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, s.Log, s.Log
	// A process group of its own, so that Ctrl-C in a terminal reaches only the parent, which stops its children in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // for descendants that keep the streams open
	if err := cmd.Start(); err != nil {
		return err
	}
	started(cmd.Process.Pid)
	killGroup := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	ended := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(s.StopTimeout):
			killGroup()
		}
	})()
	err = cmd.Wait()
	close(ended)
	killGroup()
	return err
}

// Child is a process that is restarted when it exits, until Stop.
type Child struct {
	spec   Spec
	report func(event string)
	stop   context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	pid     int // 0 if none is running
	started time.Time
	restart context.CancelFunc // stops the running process
	exits   int
	last    error // reason of the last exit
}

// Start starts a child and reports each exit and recovery as text.
func Start(spec Spec, report func(event string)) *Child {
	ctx, stop := context.WithCancel(context.Background())
	c := &Child{spec: spec, report: report, stop: stop, done: make(chan struct{})}
	go c.supervise(ctx)
	return c
}

// Name returns the child's name in messages.
func (c *Child) Name() string { return c.spec.Name }

// Log returns the log of all the child's processes.
func (c *Child) Log() *Log { return c.spec.Log }

// Started returns the start time of the running process, or zero if none runs.
func (c *Child) Started() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// PID returns the ID of the running process, or 0 if none runs.
func (c *Child) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

// Check returns nil when the child runs and is ready. It takes at most a second.
func (c *Child) Check(ctx context.Context) error {
	if c.PID() == 0 {
		return errors.New("not running")
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return c.spec.Check(ctx)
}

// Wait returns when the child is ready. It fails if the child exits several times or ctx ends.
func (c *Child) Wait(ctx context.Context) error {
	for {
		c.mu.Lock()
		exits, last := c.exits, c.last
		c.mu.Unlock()
		if exits >= startAttempts {
			return fmt.Errorf("%s exited %d times before it was ready: %w\n%s", c.spec.Name, exits, last, c.spec.Log.Tail(shownLines))
		}
		failure := c.Check(ctx)
		if failure == nil {
			return nil
		}
		if !sleep(ctx, checkInterval) {
			return fmt.Errorf("%s is not ready: %w\n%s", c.spec.Name, failure, c.spec.Log.Tail(shownLines))
		}
	}
}

// Stop sends SIGTERM, and SIGKILL after the stop timeout, and returns when the process has ended.
func (c *Child) Stop() {
	c.stop()
	<-c.done
}

// Restart stops the running process, as Stop does, and starts a new one. It returns when the first one has ended.
func (c *Child) Restart() {
	c.mu.Lock()
	pid, restart := c.pid, c.restart
	c.mu.Unlock()
	if pid == 0 {
		return
	}
	restart()
	for c.PID() == pid {
		time.Sleep(checkInterval)
	}
}

func (c *Child) supervise(ctx context.Context) {
	defer close(c.done)
	delay := time.Duration(0)
	recovering := false
	for {
		began := time.Now()
		running, stop := context.WithCancel(ctx)
		err := c.spec.run(running, func(pid int) {
			c.setProcess(pid, time.Now(), stop)
			if recovering {
				go c.reportRecovery(running, pid)
			}
		})
		stopped := running.Err() != nil
		stop()
		c.setProcess(0, time.Time{}, nil)
		if stopped && exitOf(err) == Exit(128+syscall.SIGKILL) {
			c.report(fmt.Sprintf("%s did not stop within %v and was killed", c.spec.Name, c.spec.StopTimeout))
		}
		if ctx.Err() != nil {
			return
		}
		recovering = !stopped
		if stopped { // by Restart
			continue
		}
		if err == nil {
			err = errors.New("exit status 0")
		}
		c.mu.Lock()
		c.exits++
		c.last = err
		c.mu.Unlock()
		if time.Since(began) >= steadyRun {
			delay = 0
		}
		c.report(fmt.Sprintf("%s exited (%v); restarting it", c.spec.Name, err))
		if !sleep(ctx, delay) {
			return
		}
		delay = min(max(2*delay, minDelay), maxDelay)
	}
}

// reportRecovery reports that the process with this ID is ready, unless it exits before.
func (c *Child) reportRecovery(ctx context.Context, pid int) {
	for c.PID() == pid && sleep(ctx, checkInterval) {
		if c.Check(ctx) == nil {
			c.report(c.spec.Name + " is ready again")
			return
		}
	}
}

func (c *Child) setProcess(pid int, started time.Time, restart context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid, c.started, c.restart = pid, started, restart
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}
