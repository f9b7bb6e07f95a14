package application

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/mariadb"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/tests/scenario"
)

// Server is a database server for an application, which a test can pause.
type Server struct {
	DSN     string // of an account with all rights; applications get it as MYSQL_DSN
	process int
}

// StartServer runs a database server until the test ends.
func StartServer(t *testing.T) *Server {
	t.Helper()
	folder := t.TempDir()
	install, err := mariadb.Find(t.Context(), filepath.Join(scenario.Root(t), ".snaptask", "mariadb-dist"), func(text string) { t.Log(text) })
	require.NoError(t, err)
	number, err := port.Free()
	require.NoError(t, err)
	account := mariadb.Account{Name: "test", Password: "a-password-for-tests", Rights: "ALL PRIVILEGES ON *.*", Grants: true}
	server := &mariadb.Server{Install: install, Dir: folder, Port: number, Throwaway: true, Accounts: []mariadb.Account{account}}
	require.NoError(t, server.Prepare(t.Context()))
	spec := server.Process(programOf(t))
	spec.Log, err = process.NewLog(filepath.Join(folder, "server.log"))
	require.NoError(t, err)
	child := process.Start(spec, func(event string) { t.Log(event) })
	t.Cleanup(child.Stop)
	require.NoError(t, child.Wait(t.Context()))
	s := &Server{DSN: server.DSN(account, mariadb.Database)}
	for _, p := range processesBelow(t, child.PID()) {
		if p.Name == Database {
			s.process = p.ID
		}
	}
	require.NotZero(t, s.process)
	t.Cleanup(func() { s.Resume(t) })
	return s
}

// Pause stops the server from running. Its connections stay open.
func (s *Server) Pause(t *testing.T) { require.NoError(t, syscall.Kill(s.process, syscall.SIGSTOP)) }

// Resume lets the server run again.
func (s *Server) Resume(t *testing.T) { require.NoError(t, syscall.Kill(s.process, syscall.SIGCONT)) }
