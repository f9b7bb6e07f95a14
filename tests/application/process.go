package application

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The names that Processes returns. A function's is Function and its own name, such as "function login".
const (
	Database    = "database"
	ObjectStore = "object store"
	Classifier  = "classifier"
	WebServer   = "web server"
	Function    = "function "
)

// Process is a process below the application's first one.
type Process struct {
	ID      int
	Command string // line
	Name    string // one of the names above, or empty
}

// Processes returns all processes below the application's first one.
func (a *Application) Processes(t *testing.T) []Process {
	t.Helper()
	return processesBelow(t, a.Process.Process.Pid)
}

// processesBelow returns the descendants of a process.
func processesBelow(t *testing.T, id int) (all []Process) {
	t.Helper()
	list, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,args=").Output()
	require.NoError(t, err)
	children := map[int][]Process{}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		id, idErr := strconv.Atoi(fields[0])
		parent, parentErr := strconv.Atoi(fields[1])
		require.NoError(t, idErr)
		require.NoError(t, parentErr)
		children[parent] = append(children[parent], Process{id, strings.Join(fields[2:], " "), nameOf(fields[2:])})
	}
	all = children[id]
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i].ID]...)
	}
	return all
}

func nameOf(args []string) string {
	args = append(args, "", "")
	switch program := filepath.Base(args[0]); {
	case program == "mariadbd" || program == "mysqld":
		return Database
	case program == "modelserver":
		return Classifier
	case args[1] == "s3":
		return ObjectStore
	case args[1] == "webapp":
		return WebServer
	case args[1] == "function":
		return Function + args[2]
	default:
		return ""
	}
}
