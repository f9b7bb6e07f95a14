package db

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// addresses returns the administrator's address, and the addresses of two accounts for a database, none of which exist yet.
func addresses(t *testing.T) (admin string, migration, application *mysql.Config) {
	t.Helper()
	admin = os.Getenv("TEST_MYSQL_DSN")
	require.NotEmpty(t, admin, "TEST_MYSQL_DSN is not set; `make test` starts a server and sets it")
	config, err := mysql.ParseDSN(admin)
	require.NoError(t, err)
	unique := uuid.NewString()[:8]
	migration, application = config.Clone(), config.Clone()
	migration.DBName, application.DBName = "new_"+unique, "new_"+unique
	migration.User, migration.Passwd = "owner_"+unique, `it's "quoted" \ and long enough`
	application.User, application.Passwd = "user_"+unique, "simple"
	t.Cleanup(func() {
		server, err := sql.Open("mysql", admin)
		require.NoError(t, err)
		defer server.Close()
		for _, statement := range []string{"DROP DATABASE IF EXISTS `new_" + unique + "`", "DROP USER IF EXISTS 'owner_" + unique + "'@'%', 'user_" + unique + "'@'%'"} {
			_, err := server.Exec(statement)
			require.NoError(t, err)
		}
	})
	return admin, migration, application
}

func as(t *testing.T, account *mysql.Config, statement string) error {
	t.Helper()
	server, err := sql.Open("mysql", account.FormatDSN())
	require.NoError(t, err)
	defer server.Close()
	_, err = server.Exec(statement)
	return err
}

func TestAccountsHaveOnlyTheirPrivileges(t *testing.T) {
	t.Parallel()
	admin, migration, application := addresses(t)
	create := func() error {
		return Accounts(t.Context(), admin, migration.FormatDSN(), application.FormatDSN(), time.Minute)
	}
	require.NoError(t, create())
	_, err := Up(t.Context(), migration.FormatDSN())
	require.NoError(t, err)
	require.NoError(t, as(t, application, "UPDATE tasks SET version = version + 1"))
	require.NoError(t, as(t, application, "DELETE FROM tasks"))
	for _, statement := range []string{
		"CREATE TABLE more (id INT)", "DROP TABLE tasks", "ALTER TABLE tasks ADD COLUMN more INT", "TRUNCATE TABLE tasks",
		"CREATE USER 'x'@'%'", "CREATE DATABASE more", "SELECT * FROM mysql.user",
	} {
		require.Error(t, as(t, application, statement), statement)
	}
	for _, statement := range []string{"CREATE USER 'x'@'%'", "CREATE DATABASE " + migration.DBName[:3] + "x" + migration.DBName[4:], "SELECT * FROM mysql.user"} {
		require.Error(t, as(t, migration, statement), statement)
	}

	require.NoError(t, create(), "a second time")
	old := application.Clone()
	application.Passwd = "changed"
	require.NoError(t, create())
	require.NoError(t, as(t, application, "SELECT 1"))
	require.Error(t, as(t, old, "SELECT 1"), "the old password")
}

func TestInconsistentAddressesAreRefused(t *testing.T) {
	t.Parallel()
	const admin, migration, application = "root:hunter1@tcp(127.0.0.1:1)/", "m:hunter2@tcp(127.0.0.1:1)/d", "a:hunter3@tcp(127.0.0.1:1)/d"
	for name, c := range map[string]struct{ admin, migration, application, problem string }{
		"two databases":      {admin, migration, "a:hunter3@tcp(127.0.0.1:1)/e", "the same database"},
		"no database":        {admin, "m:x@tcp(h:1)/", "a:x@tcp(h:1)/", "the same database"},
		"one account":        {admin, migration, migration, "different accounts"},
		"the administrator":  {migration, "b:x@tcp(h:1)/d", "m:x@tcp(h:1)/d", "administrator"},
		"no password":        {admin, migration, "a@tcp(h:1)/d", "a user name and a password"},
		"no password, first": {admin, "m:@tcp(h:1)/d", application, "a user name and a password"},
		"no name":            {admin, migration, ":hunter3@tcp(h:1)/d", "a user name and a password"},
		"unreadable":         {"hunter4", migration, application, "can't be read"},
		"unreadable, second": {admin, "hunter4", application, "can't be read"},
		"unreadable, third":  {admin, migration, "hunter4", "can't be read"},
		"unreachable":        {admin, migration, application, "can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Accounts(t.Context(), c.admin, c.migration, c.application, 0)
			require.ErrorContains(t, err, c.problem)
			require.NotContains(t, err.Error(), "hunter")
		})
	}
}

func TestWaitFailsImmediatelyIfTheServerRefuses(t *testing.T) {
	t.Parallel()
	dsn := fresh(t)
	require.NoError(t, Wait(t.Context(), dsn, 0))

	wrong, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	wrong.Passwd += "x"
	began := time.Now()
	require.ErrorContains(t, Wait(t.Context(), wrong.FormatDSN(), time.Hour), "Access denied")
	require.Less(t, time.Since(began), time.Minute)

	const nobody = "a:b@tcp(127.0.0.1:1)/d"
	require.ErrorContains(t, Wait(t.Context(), nobody, 0), "can't be reached")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Wait(ended, nobody, time.Hour), context.Canceled)
}
