// Package crowd uses Snaptask as several people do at once, wherever it runs, keeps a ledger of what was acknowledged to
// them, and compares that with what the application says in the end.
package crowd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Options are what a crowd is told.
type Options struct {
	URL      string        // of the gateway or the web server, whose /function/NAME is called
	Photos   string        // folder of pictures to attach
	Seed     uint64        // of all choices: who does what when
	Persons  int           // who work
	Windows  int           // of each person, at the same time
	Patience time.Duration // for everything to work again after a fault
}

// Crowd is people who have signed in, and visitors who come and go.
type Crowd struct {
	*Report
	options Options
	people  []*person
}

// New registers the people and signs them in. The names of the people of one seed are taken after it.
func New(ctx context.Context, o Options) (*Crowd, error) {
	pictures, err := loadPictures(o.Photos)
	if err != nil {
		return nil, err
	}
	c := &Crowd{newReport(o), o, nil}
	for i := range o.Persons {
		p, err := newPerson(ctx, c, fmt.Sprintf("person-%d-%d", o.Seed, i))
		if err != nil {
			return c, err
		}
		for j := range o.Windows {
			p.workers = append(p.workers, &worker{person: p, pictures: pictures, random: c.random(uint64(1 + i*o.Windows + j))})
		}
		c.people = append(c.people, p)
	}
	return c, nil
}

// visitors stands for them where people are numbered from 1 on.
const visitors = 1001

func (c *Crowd) random(who uint64) *rand.Rand { return rand.New(rand.NewPCG(c.options.Seed, who)) }

// Work has everybody work until ctx ends, and then end what they have begun.
func (c *Crowd) Work(ctx context.Context) {
	var group sync.WaitGroup
	for _, p := range c.people {
		for _, w := range p.workers {
			group.Go(func() { w.work(ctx) })
		}
	}
	v := &visitor{crowd: c, random: c.random(visitors)}
	group.Go(func() { v.visit(ctx) })
	group.Wait()
}

// Settle waits until what was still on its way when its answer got lost has arrived or never will.
func (c *Crowd) Settle(ctx context.Context) { Pause(ctx, lateness) }

// Verify compares everything that was acknowledged with what the application says now. Everything must work, and a sweep
// must have been since the crowd has settled.
func (c *Crowd) Verify(ctx context.Context) {
	for _, p := range c.people {
		p.verify(ctx)
	}
}

// Pause waits, unless ctx ends first.
func Pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// pick chooses one of several; the zero value if there is none.
func pick[T any](random *rand.Rand, all []T) (one T) {
	if len(all) == 0 {
		return one
	}
	return all[random.IntN(len(all))]
}
