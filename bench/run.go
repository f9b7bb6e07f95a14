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
		return len(o.only) > 0 && !contains(o.only, c.name) || len(o.only) == 0 && o.quick && !c.quick
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
	result := &result{Machine: describe(ctx, s), Repetitions: o.repetitions, Seconds: o.duration.Seconds()}
	for _, c := range chosen {
		measured, err := measure(ctx, o, s, p, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		result.Cases = append(result.Cases, measured)
	}
	fmt.Print("\n", result.table())
	if o.results == "" {
		return nil
	}
	return result.write(o.results)
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

// measure runs one case: all contenders in turn, again and again, so that what slows the machine for a while slows them
// all.
func measure(ctx context.Context, o options, s *scene, p *people, c benchCase) (caseResult, error) {
	all, err := c.start(ctx, s, p)
	if err != nil {
		return caseResult{}, err
	}
	samples := make([][]sample, len(all))
	calls := make([]int, len(all)) // that a repetition may come to
	for i, one := range all {
		calls[i] = 300
		warm, err := repeat(ctx, one, warmUp(o.duration), calls[i])
		if err != nil {
			return caseResult{}, fmt.Errorf("%s: %w", one.name, err)
		}
		calls[i] = room(warm, o.duration)
	}
	for round := range o.repetitions {
		for i := range all {
			i := (i + round) % len(all)
			one, err := repeat(ctx, all[i], o.duration, calls[i])
			if err != nil {
				return caseResult{}, fmt.Errorf("%s: %w", all[i].name, err)
			}
			calls[i] = room(one, o.duration)
			samples[i] = append(samples[i], one)
		}
		if err := errors.Join(s.healthy(), ctx.Err()); err != nil {
			return caseResult{}, err
		}
	}
	done := caseResult{Name: c.name, Title: c.title}
	for i, one := range all {
		done.Contenders = append(done.Contenders, summary(one.name, samples[i]))
	}
	for _, claim := range c.claims {
		checked, err := claim.check(done.Contenders)
		if err != nil {
			return done, err
		}
		done.Ratios = append(done.Ratios, checked)
	}
	s.screen.step("%s", c.title)
	return done, nil
}

// room is how many calls the next repetition must have something to do for.
func room(last sample, duration time.Duration) int {
	return int(1.3*last.rate()*duration.Seconds()) + 100
}

// sample is one repetition of one contender.
type sample struct {
	measured
	cpu    time.Duration
	memory memory
}

// repeat measures one contender once.
func repeat(ctx context.Context, c contender, duration time.Duration, calls int) (sample, error) {
	scripts, err := c.prepare(ctx, calls)
	if err != nil {
		return sample{}, err
	}
	var before, after time.Duration
	if c.program != nil {
		c.program.forget()
		if before, err = cpu(c.program.pid); err != nil {
			return sample{}, err
		}
	}
	m, err := load(ctx, duration, scripts)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return sample{}, err
	}
	if m.calls == 0 {
		return sample{}, errors.New("no call was answered in time")
	}
	done := sample{measured: m}
	if c.program != nil {
		if after, err = cpu(c.program.pid); err != nil {
			return sample{}, err
		}
		done.cpu = after - before
		if done.memory, err = memoryOf(c.program.pid); err != nil {
			return sample{}, err
		}
	}
	return done, nil
}
