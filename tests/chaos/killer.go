package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"snaptask/tests/crowd"
)

// What can be killed.
const (
	database    = "MariaDB"
	objectStore = "S3 server"
	classifier  = "model server"
	aFunction   = "function"
)

// round is what is killed, in random order, before anything is killed once more.
var round = []string{database, objectStore, classifier, aFunction, aFunction}

// killer ends processes with SIGKILL, by their ids, at random times.
type killer struct {
	application *application
	report      *crowd.Report
	random      *rand.Rand
}

// work kills until ctx ends. Its error says that something did not come back.
func (k *killer) work(ctx context.Context) error {
	begun := time.Now()
	var mu sync.Mutex
	var failure error
	var group sync.WaitGroup
	defer group.Wait()
	for {
		for _, i := range k.random.Perm(len(round)) {
			// Mostly one at a time has come back before the next; sometimes several are away at once.
			wait := time.Duration(1000+k.random.IntN(3000)) * time.Millisecond
			if k.random.IntN(4) == 0 {
				wait = time.Duration(k.random.IntN(200)) * time.Millisecond
			}
			crowd.Pause(ctx, wait)
			if ctx.Err() != nil {
				group.Wait()
				return failure
			}
			name, pid, err := k.find(round[i])
			if err != nil {
				continue // it is away already
			}
			var hold time.Duration // for which its successors are killed too
			if k.random.IntN(3) == 0 {
				hold = time.Duration(k.random.IntN(3000)) * time.Millisecond
			}
			if syscall.Kill(pid, syscall.SIGKILL) != nil {
				continue // it went by itself
			}
			d := crowd.Death{Target: name, At: time.Since(begun), Times: 1}
			group.Go(func() {
				err := k.watch(&d, pid, hold)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					failure = err
					return
				}
				k.report.Died(d)
			})
		}
	}
}

// watch kills the successors of the process that was killed, as long as it is to be held down, and then waits until
// another one does its work and everything works.
func (k *killer) watch(d *crowd.Death, pid int, hold time.Duration) error {
	last := time.Now() // it was killed
	release := last.Add(hold)
	for time.Since(last) < readyTimeout {
		time.Sleep(50 * time.Millisecond)
		_, now, err := k.find(d.Target)
		if err != nil || now == pid {
			continue
		}
		if time.Now().Before(release) {
			if syscall.Kill(now, syscall.SIGKILL) == nil {
				d.Times++
				last = time.Now()
			}
			continue
		}
		err = k.application.waitReady(context.Background())
		d.Recovery = time.Since(last)
		return err
	}
	return fmt.Errorf("%s did not come back", d.Target)
}

// find gives the process that does something now, with its full name.
func (k *killer) find(what string) (name string, pid int, err error) {
	processes, err := k.application.processes()
	if err != nil {
		return "", 0, err
	}
	if what == aFunction {
		var all []string
		for _, name := range slices.Sorted(maps.Keys(processes)) {
			if strings.HasPrefix(name, aFunction+" ") {
				all = append(all, name)
			}
		}
		if len(all) > 0 {
			what = all[k.random.IntN(len(all))]
		}
	}
	pid, ok := processes[what]
	if !ok {
		return what, 0, fmt.Errorf("%s does not run", what)
	}
	return what, pid, nil
}

// processes gives the ids of the application's processes by what they do.
func (a *application) processes() (map[string]int, error) {
	list, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,args=").Output()
	if err != nil {
		return nil, err
	}
	type process struct {
		pid  int
		args []string
	}
	children := map[int][]process{}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		pid, _ := strconv.Atoi(fields[0])
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], process{pid, fields[2:]})
	}
	all := map[string]int{}
	for _, child := range children[a.process.Process.Pid] {
		switch mode := append(child.args, "", ""); {
		case filepath.Base(mode[0]) == "modelserver":
			all[classifier] = child.pid
		case mode[1] == "s3":
			all[objectStore] = child.pid
		case mode[1] == "function":
			all[aFunction+" "+mode[2]] = child.pid
		case mode[1] == "keep":
			for _, kept := range children[child.pid] {
				all[database] = kept.pid
			}
		}
	}
	return all, nil
}
