package chaos

import (
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"snaptask/tests/application"
)

// targets are killed in random order before any is killed again.
var targets = []string{application.Database, application.ObjectStore, application.Classifier, application.Function, application.Function}

// gateway is the application's first process, which Processes does not return.
const gateway = "gateway"

// killer kills processes with SIGKILL at random times, and pauses the database.
type killer struct {
	t           *testing.T
	application *application.Application
	random      *rand.Rand
	kills       int
}

// maxPause is shorter than a lost write may take.
const maxPause = 5 * time.Second

// work kills processes until a time and waits until everything works again.
func (k *killer) work(until time.Time) {
	var group sync.WaitGroup
	defer group.Wait()
	for {
		for _, i := range k.random.Perm(len(targets)) {
			// Usually a process has recovered before the next one is killed; sometimes several are down at once.
			wait := time.Duration(1000+k.random.IntN(3000)) * time.Millisecond
			if k.random.IntN(4) == 0 {
				wait = time.Duration(k.random.IntN(200)) * time.Millisecond
			}
			time.Sleep(wait)
			if time.Now().After(until) {
				return
			}
			target := k.choose(targets[i])
			if target == application.Database && k.random.IntN(2) == 0 {
				duration := time.Duration(k.random.Int64N(int64(maxPause)))
				group.Go(func() { k.pause(target, duration) })
				continue
			}
			var again time.Duration // how long its successors are killed too
			if k.random.IntN(3) == 0 {
				again = time.Duration(k.random.IntN(3000)) * time.Millisecond
			}
			if id := k.kill(target); id != 0 {
				k.kills++
				group.Go(func() { k.follow(target, id, again) })
			}
		}
	}
}

// choose returns the name of a random function if target is Function, else target.
func (k *killer) choose(target string) string {
	if target != application.Function {
		return target
	}
	var functions []string
	for _, p := range k.application.Processes(k.t) {
		if strings.HasPrefix(p.Name, target) {
			functions = append(functions, p.Name)
		}
	}
	if len(functions) == 0 {
		return target
	}
	return functions[k.random.IntN(len(functions))]
}

// kill kills the process of this name and returns its id, or 0 if there is none.
func (k *killer) kill(name string) (id int) {
	if id = k.find(name); id != 0 && syscall.Kill(id, syscall.SIGKILL) != nil {
		return 0 // it ended on its own
	}
	return id
}

// pause stops the process of this name from running for a duration, unless it is killed meanwhile, and waits until everything works.
func (k *killer) pause(name string, duration time.Duration) {
	id := k.find(name)
	if id == 0 || syscall.Kill(id, syscall.SIGSTOP) != nil {
		return
	}
	time.Sleep(duration)
	_ = syscall.Kill(id, syscall.SIGCONT) // it may have been killed
	k.t.Logf("paused for %.2f s: %s", duration.Seconds(), name)
	for begun := time.Now(); !k.application.Ready(); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > application.Recovery {
			assert.Fail(k.t, "did not recover from a pause", name)
			return
		}
	}
}

func (k *killer) find(name string) (id int) {
	if name == gateway {
		return k.application.Process.Process.Pid
	}
	for _, p := range k.application.Processes(k.t) {
		if p.Name == name {
			return p.ID
		}
	}
	return 0
}

// follow keeps killing the successors of a killed process for the duration again, and then waits until another one runs and
// everything works.
func (k *killer) follow(name string, killed int, again time.Duration) {
	last := time.Now()
	release, times := last.Add(again), 1
	for time.Since(last) < application.Recovery {
		time.Sleep(50 * time.Millisecond)
		id := k.find(name)
		switch {
		case id == 0 || id == killed:
		case time.Now().Before(release):
			if k.kill(name) != 0 {
				times++
				last = time.Now()
			}
		case k.application.Ready():
			k.t.Logf("killed %d times: %s; everything works again after %.2f s", times, name, time.Since(last).Seconds())
			return
		}
	}
	assert.Fail(k.t, "did not recover", name)
}
