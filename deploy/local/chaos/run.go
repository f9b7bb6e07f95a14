package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	persons = 3 // who work
	workers = 3 // of each person, at the same time
)

// run starts the application, has people use it while its processes are killed, and checks what came of it. The report
// tells what happened, even when the error is not nil.
func run(ctx context.Context, o options) (*report, error) {
	found := newReport(o.seed)
	pictures, err := loadPictures(o.photos)
	if err != nil {
		return found, err
	}
	a, err := start(ctx, o.program)
	if err != nil {
		return found, err
	}
	defer func() { a.stop(len(found.violations) > 0) }()

	var people []*person
	for i := range persons {
		p, err := newPerson(ctx, a, found, fmt.Sprintf("person-%d", i))
		if err != nil {
			return found, err
		}
		for j := range workers {
			p.workers = append(p.workers, &worker{
				person: p, pictures: pictures,
				random: rand.New(rand.NewPCG(o.seed, uint64(1+i*workers+j))),
			})
		}
		people = append(people, p)
	}

	if err := work(ctx, a, found, people, o); err != nil {
		return found, err
	}
	if err := a.waitReady(ctx); err != nil {
		return found, err
	}
	// What was still on its way when its answer got lost has arrived or never will.
	pause(ctx, lateness)
	if err := a.sweep(ctx, lastOrphanAge); err != nil {
		return found, err
	}
	for _, p := range people {
		p.verify(ctx)
	}
	if err := a.checkRemains(ctx, found); err != nil {
		return found, err
	}
	return found, ctx.Err()
}

// work has everybody work and the killer kill, for the load's time.
func work(ctx context.Context, a *application, found *report, people []*person, o options) error {
	working, cancel := context.WithTimeout(ctx, o.load)
	defer cancel()
	var group sync.WaitGroup
	for _, p := range people {
		for _, w := range p.workers {
			group.Go(func() { w.work(working) })
		}
	}
	v := &visitor{application: a, report: found, random: rand.New(rand.NewPCG(o.seed, 1001))}
	group.Go(func() { v.visit(working) })
	group.Go(func() { sweepAgain(working, a, found, rand.New(rand.NewPCG(o.seed, 1000))) })
	k := &killer{application: a, report: found, random: rand.New(rand.NewPCG(o.seed, 0))}
	err := k.work(working)
	cancel()
	group.Wait()
	return err
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
