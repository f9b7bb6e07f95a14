//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// tick is the unit of CPU times in /proc/PID/stat.
const tick = 10 * time.Millisecond

// family reads from /proc a process and its descendants.
func family(pid int) (all []procfs.ProcStat) {
	children := map[int][]procfs.ProcStat{}
	for _, p := range must(procfs.AllProcs()) {
		s, err := p.Stat()
		switch {
		case err != nil: // it has just ended
		case s.PID == pid:
			all = append(all, s)
		default:
			children[s.PPID] = append(children[s.PPID], s)
		}
	}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i].PID]...)
	}
	return all
}

// cpu returns the CPU time that a process and its descendants have used, including those that have ended.
func cpu(pid int) (total time.Duration) {
	for _, s := range family(pid) {
		total += time.Duration(int(s.UTime+s.STime)+s.CUTime+s.CSTime) * tick
	}
	return total
}

// memory is the memory of processes, in bytes. In PSS, a page that n processes share counts as 1/n.
type memory struct{ rss, pss uint64 }

// memoryOf returns the memory of a process and its descendants.
func memoryOf(pid int) (total memory) {
	for _, s := range family(pid) {
		p, err := procfs.NewProc(s.PID)
		if err != nil {
			continue // it has just ended
		}
		held, _ := p.ProcSMapsRollup()
		total.rss += held.Rss
		total.pss += held.Pss
	}
	return total
}

// peak returns the peak memory of a process since its start, in bytes.
func peak(pid int) uint64 { return must(must(procfs.NewProc(pid)).NewStatus()).VmHWM }

// busyness is the CPU time used so far, by all processes and by those of the benchmark.
type busyness struct {
	at        time.Time
	all, ours time.Duration
}

func readBusyness() busyness {
	t := must(must(procfs.NewDefaultFS()).Stat()).CPUTotal
	seconds := t.User + t.Nice + t.System + t.IRQ + t.SoftIRQ + t.Steal
	return busyness{time.Now(), time.Duration(seconds * float64(time.Second)), cpu(os.Getpid())}
}

// elsewhere returns how many cores other processes have used since then, on average: they make results worse.
func (b busyness) elsewhere() float64 {
	now := readBusyness()
	others := (now.all - b.all) - (now.ours - b.ours)
	return rounded(max(0, others.Seconds()/now.at.Sub(b.at).Seconds()))
}

// machine describes the machine of the measurements, without names and paths.
type machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	MemoryGB int    `json:"memoryGB"`
	Kernel   string `json:"kernel"`
	Go       string `json:"go"`
	Python   string `json:"python"`
	Database string `json:"database"`
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, %d GB, Linux %s, %s, %s, %s", m.CPU, m.Cores, m.MemoryGB, m.Kernel, m.Go, m.Python, m.Database)
}

func (b *bench) describe() machine {
	fs := must(procfs.NewDefaultFS())
	m := machine{CPU: "unknown CPU", Cores: runtime.NumCPU(), Go: runtime.Version()}
	if cpus := must(fs.CPUInfo()); len(cpus) > 0 && cpus[0].ModelName != "" {
		m.CPU = cpus[0].ModelName
	}
	m.MemoryGB = int((*must(fs.Meminfo()).MemTotalBytes + 1<<29) >> 30)
	m.Kernel = strings.TrimSpace(string(must(os.ReadFile("/proc/sys/kernel/osrelease"))))
	m.Python = strings.TrimSpace(string(must(exec.CommandContext(b.ctx, b.python(), "--version").Output())))
	check(b.pool.QueryRowContext(b.ctx, "SELECT VERSION()").Scan(&m.Database))
	return m
}
