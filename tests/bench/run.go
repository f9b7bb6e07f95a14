package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"snaptask/deploy/local/state"
)

// bench is what a case works with.
type bench struct {
	*scene
	*people
	options
}

// run does everything: builds, starts, measures, prints, writes.
func run(ctx context.Context, o options) (err error) {
	if runtime.GOOS != "linux" {
		return errors.New("CPU and memory are read from /proc, which only Linux has")
	}
	root, err := sources()
	if err != nil {
		return err
	}
	kept, err := filepath.Abs(o.state)
	if err != nil {
		return err
	}
	lock, err := state.Open(filepath.Join(kept, "bench"))
	if err != nil {
		return err
	}
	defer lock.Close()
	folder := filepath.Join(kept, "bench", "run")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	out := &screen{os.Stdout, time.Now()}
	chosen := slices.DeleteFunc(slices.Clone(cases), func(c benchCase) bool {
		return len(o.only) > 0 && !slices.Contains(o.only, c.name) || len(o.only) == 0 && o.quick && !c.quick
	})
	names := []string{"register", "login"}
	for _, c := range chosen {
		names = append(names, c.needs...)
	}
	slices.Sort(names)
	s, err := newScene(ctx, root, folder, kept, slices.Compact(names), out)
	defer s.close()
	if err != nil {
		return errors.Join(err, ctx.Err())
	}
	p, err := newPeople(ctx, s)
	if err != nil {
		return err
	}
	b := &bench{scene: s, people: p, options: o}
	result := &result{Machine: describe(ctx, s), Repetitions: o.repetitions, Seconds: o.duration.Seconds()}
	for _, c := range chosen {
		busy := newBusyness(os.Getpid())
		found, err := c.run(ctx, b, c)
		if err = errors.Join(err, s.healthy(), ctx.Err()); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		found.Name, found.Title, found.Elsewhere = c.name, c.title, rounded(busy.elsewhere())
		result.Cases = append(result.Cases, found)
		s.screen.step("%s", c.title)
	}
	fmt.Print("\n", result.table())
	if err := result.write(o.results); err != nil {
		return err
	}
	fmt.Printf("\nwritten to %s: result.json and chart.svg\n", o.results)
	return nil
}

// sources gives the folder of the whole project, in which or below which the command runs.
func sources() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.work")); err == nil {
			return folder, nil
		}
		if filepath.Dir(folder) == folder {
			return "", errors.New("the sources are not here: run it in the project's folder")
		}
		folder = filepath.Dir(folder)
	}
}

// newPeople starts what makes persons.
func newPeople(ctx context.Context, s *scene) (*people, error) {
	p := &people{s: s}
	var err error
	if p.register, err = s.function(ctx, "register"); err != nil {
		return nil, err
	}
	if p.login, err = s.function(ctx, "login"); err != nil {
		return nil, err
	}
	rivals, err := s.rivals(ctx)
	p.flask = rivals[0]
	return p, err
}
