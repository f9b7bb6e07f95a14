package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine is what the figures were measured on. It bears no name and no path.
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

// describe finds out what the machine is.
func describe(ctx context.Context, s *scene) machine {
	m := machine{CPU: "unknown CPU", Cores: runtime.NumCPU(), Go: runtime.Version(), Kernel: "?", Python: "?", Database: "?"}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if all, err := kilobytes(string(text), "MemTotal:"); err == nil {
			m.MemoryGB = int((all + 1<<29) >> 30)
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	if said, err := exec.CommandContext(ctx, s.python, "--version").Output(); err == nil {
		m.Python = strings.TrimSpace(string(said))
	}
	var version string
	if s.pool.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version) == nil {
		m.Database = version
	}
	return m
}
