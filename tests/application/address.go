package application

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/require"
)

// ProcessOf returns the process of a name that Processes returns.
func (a *Application) ProcessOf(t *testing.T, name string) Process {
	t.Helper()
	for _, p := range a.Processes(t) {
		if p.Name == name {
			return p
		}
	}
	require.Fail(t, "no such process", name)
	return Process{}
}

// AddressOf returns HOST:PORT of a function's process, which is in its log.
func (a *Application) AddressOf(t *testing.T, function string) (address string) {
	t.Helper()
	for line := range strings.Lines(a.read(t, "log", function+".log")) {
		var entry struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
			address = entry.Address
		}
	}
	require.NotEmpty(t, address)
	return address
}

// Memory returns how much memory the process has that the system can't reclaim, in bytes.
func (p Process) Memory() (uint64, error) {
	process, err := procfs.NewProc(p.ID)
	if err != nil {
		return 0, err
	}
	status, err := process.NewStatus()
	return status.RssAnon, err
}
