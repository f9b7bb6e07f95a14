// Package process runs child processes so that none of them is lost: one that dies is started again, and all of them
// end when their parent does, however it ends.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Waits between two starts: none after a long life, then doubling from firstWait to lastWait, so that a process that can
// run is back within 3 s.
const (
	longLife  = 10 * time.Second
	firstWait = 100 * time.Millisecond
	lastWait  = 2 * time.Second
)

// checkTimeout bounds one look at whether a child works.
const checkTimeout = time.Second

// triesToStart is how often a child may die before it ever worked; then waiting for it is given up.
const triesToStart = 3

// shownLines is how much of its log the message about a child that can't be started shows.
const shownLines = 12

// Spec says how to run a child process.
type Spec struct {
	Name     string                      // as messages call it
	Path     string                      // of the program
	Args     []string                    // after the program's name
	Env      []string                    // the whole environment, but for LISTEN_FDS and EXIT_ON_STDIN_EOF
	Files    []*os.File                  // listeners to inherit, from descriptor 3 on; they outlive the child
	Log      *Log                        // of what it prints on both streams
	Check    func(context.Context) error // nil when the child does its work
	Patience time.Duration               // how long it may take to end when asked; then it is killed
}

// Child is a process that is started again whenever it dies, until Stop.
type Child struct {
	spec   Spec
	report func(event string)
	stop   chan struct{}
	done   chan struct{}
	once   sync.Once

	mu      sync.Mutex
	pid     int // 0 while none runs
	started time.Time
	deaths  int
	last    error // why it ended the last time
}

// Start runs the child that spec describes, and tells report, in words, whenever it dies.
func Start(spec Spec, report func(event string)) *Child {
	c := &Child{spec: spec, report: report, stop: make(chan struct{}), done: make(chan struct{})}
	go c.supervise()
	return c
}

// Name is what messages call the child.
func (c *Child) Name() string { return c.spec.Name }

// Log is what the child printed, over all its lives.
func (c *Child) Log() *Log { return c.spec.Log }

// Started is when the process that runs now was started; zero while none runs.
func (c *Child) Started() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// PID is the id of the process that runs now; 0 while none runs.
func (c *Child) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

// Check is nil when the child runs and does its work. It answers within a second.
func (c *Child) Check(ctx context.Context) error {
	if c.PID() == 0 {
		return errors.New("it is not running")
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return c.spec.Check(ctx)
}

// Wait returns when the child does its work, or gives up when it dies again and again before it ever did.
func (c *Child) Wait(ctx context.Context) error {
	for {
		c.mu.Lock()
		deaths, last := c.deaths, c.last
		c.mu.Unlock()
		if deaths >= triesToStart {
			return fmt.Errorf("%s ended %d times before it worked: %w\n%s", c.spec.Name, deaths, last, c.spec.Log.Tail(shownLines))
		}
		failure := c.Check(ctx)
		if failure == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not work yet: %w\n%s", c.spec.Name, failure, c.spec.Log.Tail(shownLines))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop asks the child to end, kills it when it takes too long, and returns when it is gone.
func (c *Child) Stop() {
	c.once.Do(func() { close(c.stop) })
	<-c.done
}

func (c *Child) supervise() {
	defer close(c.done)
	var wait time.Duration
	for again := false; ; again = true {
		born := time.Now()
		err := c.live(again)
		if c.stopped(0) {
			return
		}
		if time.Since(born) >= longLife {
			wait = 0
		}
		c.mu.Lock()
		c.deaths++
		c.last = err
		c.mu.Unlock()
		c.report(fmt.Sprintf("%s ended by itself (%v); starting it again", c.spec.Name, err))
		if c.stopped(wait) {
			return
		}
		wait = min(max(2*wait, firstWait), lastWait)
	}
}

// stopped says whether Stop was called, after waiting at most d for it.
func (c *Child) stopped(d time.Duration) bool {
	select {
	case <-c.stop:
		return true
	default:
	}
	select {
	case <-c.stop:
		return true
	case <-time.After(d):
		return false
	}
}

// announce reports that the child works again, once it does.
func (c *Child) announce(ctx context.Context) {
	for c.Check(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	c.report(c.spec.Name + " works again")
}

// live runs the process once and returns why it ended.
func (c *Child) live(again bool) error {
	lifeline, hold, err := os.Pipe()
	if err != nil {
		return err
	}
	defer hold.Close()
	cmd := exec.Command(c.spec.Path, c.spec.Args...)
	cmd.Env = append(append([]string{}, c.spec.Env...), exitOnEOF+"=1")
	if n := len(c.spec.Files); n > 0 {
		cmd.Env = append(cmd.Env, listenFDs+"="+strconv.Itoa(n))
		cmd.ExtraFiles = c.spec.Files
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = lifeline, c.spec.Log, c.spec.Log
	// A group of its own: Ctrl-C in a terminal reaches the parent only, which then stops its children in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	err = cmd.Start()
	lifeline.Close()
	if err != nil {
		return err
	}
	c.set(cmd.Process.Pid, time.Now())
	defer c.set(0, time.Time{})
	if again {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go c.announce(ctx)
	}

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
		return outcome(err)
	case <-c.stop:
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(c.spec.Patience):
		c.report(fmt.Sprintf("%s did not end within %v; killing it", c.spec.Name, c.spec.Patience))
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	}
	return nil
}

func (c *Child) set(pid int, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid, c.started = pid, at
}

// outcome is err as a reason for an end: a process that ends on its own is never right, even with code 0.
func outcome(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
