package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// compete is a case of contenders that do the same work under load, and of what their ratios are to be.
func compete(start func(context.Context, *scene, *people) ([]contender, error), claims ...claim) func(context.Context, *bench, benchCase) (caseResult, error) {
	return func(ctx context.Context, b *bench, _ benchCase) (caseResult, error) {
		all, err := start(ctx, b.scene, b.people)
		if err != nil {
			return caseResult{}, err
		}
		done, err := measure(ctx, b, all)
		if err != nil {
			return done, err
		}
		for _, claim := range claims {
			checked, err := claim.check(done.Contenders)
			if err != nil {
				return done, err
			}
			done.Ratios = append(done.Ratios, checked)
		}
		return done, nil
	}
}

// measure lets all contenders work in turn, again and again, so that what slows the machine for a while slows them all.
func measure(ctx context.Context, b *bench, all []contender) (caseResult, error) {
	samples := make([][]sample, len(all))
	calls := make([]int, len(all)) // that a repetition may come to
	for i, one := range all {
		calls[i] = 300
		warm, err := b.repeat(ctx, one, b.duration/3, calls[i])
		if err != nil {
			return caseResult{}, fmt.Errorf("%s: %w", one.name, err)
		}
		calls[i] = room(warm, b.duration)
	}
	for round := range b.repetitions {
		for i := range all {
			i := (i + round) % len(all)
			one, err := b.repeat(ctx, all[i], b.duration, calls[i])
			if err != nil {
				return caseResult{}, fmt.Errorf("%s: %w", all[i].name, err)
			}
			calls[i] = room(one, b.duration)
			samples[i] = append(samples[i], one)
		}
		if err := errors.Join(b.healthy(), ctx.Err()); err != nil {
			return caseResult{}, err
		}
	}
	var done caseResult
	for i, one := range all {
		done.Contenders = append(done.Contenders, summary(one.name, samples[i]))
	}
	return done, nil
}

// room is how many calls the next repetition must have something to do for.
func room(last sample, duration time.Duration) int {
	return int(1.3*last.rate()*duration.Seconds()) + 100
}

// sample is one repetition of one contender.
type sample struct {
	measured
	cpu      time.Duration
	database time.Duration // CPU of the database
	memory   memory
}

// repeat measures one contender once.
func (b *bench) repeat(ctx context.Context, c contender, duration time.Duration, calls int) (sample, error) {
	scripts, err := c.prepare(ctx, calls)
	if err != nil {
		return sample{}, err
	}
	var before, after time.Duration
	database, err := cpu(b.database.PID())
	if err != nil {
		return sample{}, err
	}
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
	if after, err = cpu(b.database.PID()); err != nil {
		return sample{}, err
	}
	done.database = after - database
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
