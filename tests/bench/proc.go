package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc: Linux fixes it for all programs.
const tick = 10 * time.Millisecond

// cpu gives the CPU time that a process and its descendants have used, those that have ended included.
func cpu(pid int) (time.Duration, error) {
	var all time.Duration
	for _, p := range family(pid) {
		fields, err := statOf(p)
		if err != nil {
			if p == pid {
				return 0, err
			}
			continue // ended meanwhile, so its parent has its time
		}
		for _, i := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
			n, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return 0, err
			}
			all += time.Duration(n) * tick
		}
	}
	return all, nil
}

// statOf gives what follows the name in /proc/PID/stat, so state first.
func statOf(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return nil, fmt.Errorf("/proc/%d/stat is not as proc(5) says", pid)
	}
	return fields, nil
}

// family gives a process and all its descendants.
func family(pid int) []int {
	children := map[int][]int{}
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		child, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		if fields, err := statOf(child); err == nil {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// memory is what a process holds of the machine's memory, in bytes.
type memory struct {
	RSS int64 `json:"rss"`
	PSS int64 `json:"pss"` // a page that n processes share counts for an nth
}

// memoryOf gives what a process and its descendants hold.
func memoryOf(pid int) (memory, error) {
	var all memory
	for _, p := range family(pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			if p == pid {
				return all, err
			}
			continue
		}
		rss, rssErr := kilobytes(string(text), "Rss:")
		pss, pssErr := kilobytes(string(text), "Pss:")
		if err := errors.Join(rssErr, pssErr); err != nil {
			if p == pid {
				return all, err
			}
			continue
		}
		all.RSS += rss
		all.PSS += pss
	}
	return all, nil
}

// peak gives the most memory that a process has had since its start, in bytes.
func peak(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return kilobytes(string(text), "VmHWM:")
}

// kilobytes finds the line "NAME  N kB" and gives it in bytes.
func kilobytes(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == name && fields[2] == "kB" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no line %q", name)
}

// busyness tells how busy the machine was with other things since it was made: what else runs makes figures worse.
type busyness struct {
	pid       int
	all, ours time.Duration
	at        time.Time
}

func newBusyness(pid int) busyness {
	b := busyness{pid: pid, at: time.Now()}
	b.all, b.ours = b.now()
	return b
}

// now gives the CPU time used by everybody, and by the process with its descendants.
func (b busyness) now() (all, ours time.Duration) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	for i, field := range fields {
		if i == 0 || i == 4 || i == 5 || i > 8 { // the name, idle, iowait, and guests, which user has already
			continue
		}
		if n, err := strconv.ParseInt(field, 10, 64); err == nil {
			all += time.Duration(n) * tick
		}
	}
	ours, _ = cpu(b.pid)
	return all, ours
}

// elsewhere gives how many cores were busy with other things, on average.
func (b busyness) elsewhere() float64 {
	all, ours := b.now()
	return max(0, (all-b.all-(ours-b.ours)).Seconds()/time.Since(b.at).Seconds())
}
