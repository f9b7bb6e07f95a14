package main

import (
	"context"
	"math/rand/v2"
	"sync"

	"snaptask/tests/crowd"
)

// run starts the application, has people use it while its processes are killed, and checks what came of it. The report
// tells what happened, even when the error is not nil, once people have signed in.
func run(ctx context.Context, o options) (*crowd.Report, error) {
	a, err := start(ctx, o.program)
	if err != nil {
		return nil, err
	}
	found := &crowd.Report{}
	defer func() { a.stop(len(found.Violations()) > 0) }()
	people, err := crowd.New(ctx, crowd.Options{URL: a.gateway, Photos: o.photos, Seed: o.seed, Persons: 3, Windows: 3, Patience: readyTimeout})
	if err != nil {
		return nil, err
	}
	found = people.Report

	if err := work(ctx, a, people, o); err != nil {
		return found, err
	}
	if err := a.waitReady(ctx); err != nil {
		return found, err
	}
	people.Settle(ctx)
	if err := a.sweep(ctx, lastOrphanAge); err != nil {
		return found, err
	}
	people.Verify(ctx)
	if err := a.checkRemains(ctx, found); err != nil {
		return found, err
	}
	return found, ctx.Err()
}

// work has everybody work and the killer kill, for the load's time.
func work(ctx context.Context, a *application, people *crowd.Crowd, o options) error {
	working, cancel := context.WithTimeout(ctx, o.load)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { people.Work(working) })
	group.Go(func() { sweepAgain(working, a, people.Report, rand.New(rand.NewPCG(o.seed, 1000))) })
	k := &killer{application: a, report: people.Report, random: rand.New(rand.NewPCG(o.seed, 0))}
	err := k.work(working)
	cancel()
	group.Wait()
	return err
}
