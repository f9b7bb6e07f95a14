// Package services runs a command with a database, an object store and a classifier of its own, which go with it.
package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"snaptask/deploy/local/classifier"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/state"
)

// startTimeout bounds the start of all services, a fetch of MariaDB included.
const startTimeout = 4 * time.Minute

// bench is what the services of one run are built on.
type bench struct {
	program string        // of this process, whose other modes the children are
	shared  string        // folder that outlives the run
	folder  *state.Folder // goes with the run
	say     func(string)
}

// Run starts the services, then command with their addresses in its environment, and stops them when it is done. What
// outlives the run is kept in the folder shared. The error is the command's process.Exit, or says what could
// not be started.
func Run(ctx context.Context, shared string, command []string, messages io.Writer) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	folder, err := throwaway(filepath.Join(shared, "tmp"))
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder.Path)
	defer folder.Close()
	var mu sync.Mutex
	b := &bench{program, shared, folder, func(text string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(messages, "services: "+text)
	}}
	children, env, err := b.start(ctx)
	defer stop(children)
	if err != nil {
		return err
	}
	return process.Attend(ctx, append(os.Environ(), env...), command[0], command[1:]...)
}

// throwaway makes a locked folder inside parent and removes those left by runs that were killed.
func throwaway(parent string) (*state.Folder, error) {
	outer, err := state.Open(parent)
	for tries := 0; errors.Is(err, state.ErrInUse) && tries < 100; tries++ {
		time.Sleep(50 * time.Millisecond)
		outer, err = state.Open(parent)
	}
	if err != nil {
		return nil, err
	}
	defer outer.Close()
	left, err := filepath.Glob(filepath.Join(parent, "services-*"))
	if err != nil {
		return nil, err
	}
	for _, path := range left {
		old, err := state.Open(path)
		if errors.Is(err, state.ErrInUse) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := errors.Join(os.RemoveAll(path), old.Close()); err != nil {
			return nil, err
		}
	}
	return state.Open(filepath.Join(parent, fmt.Sprintf("services-%d", os.Getpid())))
}

// start brings all services up at once; the children are to be stopped even if the error isn't nil.
func (b *bench) start(ctx context.Context) (children []*process.Child, env []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var (
		mu    sync.Mutex
		group sync.WaitGroup
	)
	for _, s := range all {
		if os.Getenv(s.variable) != "" {
			b.say(fmt.Sprintf("%s: the one that %s names", s.name, s.variable))
			continue
		}
		group.Go(func() {
			began := time.Now()
			child, variables, failure := b.startOne(ctx, s)
			mu.Lock()
			defer mu.Unlock()
			if child != nil {
				children = append(children, child)
			}
			if errors.Is(failure, classifier.ErrNotBuilt) {
				b.say(failure.Error() + "; tests that need it will fail")
				return
			}
			if failure != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w", s.name, failure))
				return
			}
			env = append(env, variables...)
			b.say(fmt.Sprintf("%s ready after %.2f s", s.name, time.Since(began).Seconds()))
		})
	}
	group.Wait()
	return children, env, err
}

func (b *bench) startOne(ctx context.Context, s service) (*process.Child, []string, error) {
	log, err := process.NewLog(filepath.Join(b.folder.Path, s.name+".log"))
	if err != nil {
		return nil, nil, err
	}
	spec, variables, err := s.prepare(ctx, b, log)
	if err != nil {
		return nil, nil, err
	}
	child := process.Start(spec, b.say)
	return child, variables, child.Wait(ctx)
}

func stop(children []*process.Child) {
	var group sync.WaitGroup
	for _, child := range children {
		group.Go(child.Stop)
	}
	group.Wait()
}
