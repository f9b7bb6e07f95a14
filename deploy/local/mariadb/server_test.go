package mariadb

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
)

// distribution is the folder to which MariaDB is downloaded on machines without it.
const distribution = "../../../.snaptask/mariadb-dist"

// TestMain makes the test binary run the mode "wrap" as package main does.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "wrap" {
		ctx, cancel := process.Lifetime()
		defer cancel()
		os.Exit(process.ExitCode(process.Foreground(ctx, os.Environ(), os.Args[2], os.Args[3:]...)))
	}
	os.Exit(m.Run())
}

// started returns a server with two accounts that runs until the test ends.
func started(t *testing.T) (*Server, *process.Child) {
	t.Helper()
	dir, err := filepath.Abs(distribution)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	install, err := Find(ctx, dir, func(text string) { t.Log(text) })
	require.NoError(t, err)
	number, err := port.Free()
	require.NoError(t, err)
	server := &Server{Install: install, Dir: filepath.Join(t.TempDir(), "mariadb"), Port: number, Accounts: []Account{
		{Name: "application", Password: "abc", Rights: "SELECT, INSERT, UPDATE, DELETE ON snaptask.*"},
		{Name: "migration", Password: "def", Rights: "ALL PRIVILEGES ON snaptask.*"},
	}}
	require.NoError(t, server.Prepare(ctx))
	spec := server.Process(os.Args[0])
	spec.Log, err = process.NewLog(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	child := process.Start(spec, func(text string) { t.Log(text) })
	t.Cleanup(child.Stop)
	require.NoError(t, child.Wait(ctx))
	return server, child
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

func TestServerIsStrictAndRestrictsItsAccounts(t *testing.T) {
	t.Parallel()
	server, _ := started(t)
	application := open(t, server.DSN(server.Accounts[0], Database))
	migration := open(t, server.DSN(server.Accounts[1], Database))

	_, err := migration.Exec("CREATE TABLE word (text VARCHAR(3) NOT NULL)")
	require.NoError(t, err)
	_, err = application.Exec("INSERT INTO word VALUES ('four')")
	require.ErrorContains(t, err, "too long", "a value that is too long must not be truncated")
	_, err = application.Exec("INSERT INTO word VALUES ('one')")
	require.NoError(t, err)

	for _, statement := range []string{"CREATE TABLE other (a INT)", "DROP TABLE word", "ALTER TABLE word ADD a INT", "SELECT * FROM mysql.global_priv"} {
		_, err := application.Exec(statement)
		require.ErrorContains(t, err, "denied", statement)
	}
	_, err = migration.Exec("CREATE DATABASE another")
	require.ErrorContains(t, err, "denied")

	for _, password := range []string{"", "invalid"} {
		require.Error(t, open(t, server.DSN(Account{Name: "root", Password: password}, "")).Ping(), "root must not connect")
	}

	want := map[string]string{
		"@@character_set_database": "utf8mb4", "@@collation_database": "utf8mb4_unicode_520_ci", "@@time_zone": "+00:00",
		"@@innodb_flush_log_at_trx_commit": "1", "@@bind_address": "127.0.0.1",
		"@@global.sql_mode": "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
	}
	for variable, value := range want {
		var got string
		require.NoError(t, application.QueryRow("SELECT "+variable).Scan(&got))
		if variable == "@@global.sql_mode" {
			require.ElementsMatch(t, strings.Split(value, ","), strings.Split(got, ","))
			continue
		}
		require.Equal(t, value, got, variable)
	}
}

func TestCommittedRowsSurviveAKill(t *testing.T) {
	t.Parallel()
	server, child := started(t)
	migration := open(t, server.DSN(server.Accounts[1], Database))
	_, err := migration.Exec("CREATE TABLE done (n INT PRIMARY KEY)")
	require.NoError(t, err)
	const rows = 100
	for n := range rows {
		_, err := migration.Exec("INSERT INTO done VALUES (?)", n)
		require.NoError(t, err)
	}

	before := child.PID()
	require.NoError(t, syscall.Kill(-before, syscall.SIGKILL))
	require.Eventually(t, func() bool { return child.PID() != 0 && child.PID() != before }, 3*time.Second, 5*time.Millisecond)
	require.NoError(t, child.Wait(t.Context()))
	var kept int
	require.NoError(t, migration.QueryRow("SELECT COUNT(*) FROM done").Scan(&kept))
	require.Equal(t, rows, kept)
}

func TestMySQLIsNotMistakenForMariaDB(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mysqld")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\necho mysqld  Ver 8.4.0 for Linux\n"), 0o700))
	require.False(t, isMariaDB(t.Context(), path, ""))
}
