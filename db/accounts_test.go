package db

import (
	"context"
	"database/sql"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// plan is the address of an administrator, and those of accounts that don't exist yet, for a database that does not either.
type plan struct {
	admin     string
	migration *mysql.Config
	accounts  map[string]*mysql.Config
}

func newPlan(t *testing.T) plan {
	t.Helper()
	admin := os.Getenv("TEST_MYSQL_DSN")
	require.NotEmpty(t, admin, "TEST_MYSQL_DSN is not set; `make test` starts a server and sets it")
	config, err := mysql.ParseDSN(admin)
	require.NoError(t, err)
	unique := uuid.NewString()[:8]
	p := plan{admin, config.Clone(), map[string]*mysql.Config{}}
	p.migration.DBName, p.migration.User, p.migration.Passwd = "new_"+unique, "owner_"+unique, `it's "quoted" \ and long enough`
	users := []string{"'" + p.migration.User + "'@'%'"}
	for _, name := range AccountNames() {
		c := config.Clone()
		c.DBName, c.User, c.Passwd = p.migration.DBName, name+"_"+unique, "simple"
		p.accounts[name] = c
		users = append(users, "'"+c.User+"'@'%'")
	}
	t.Cleanup(func() {
		server, err := sql.Open("mysql", admin)
		require.NoError(t, err)
		defer server.Close()
		for _, statement := range []string{"DROP DATABASE IF EXISTS `new_" + unique + "`", "DROP USER IF EXISTS " + strings.Join(users, ", ")} {
			_, err := server.Exec(statement)
			require.NoError(t, err)
		}
	})
	return p
}

// addresses returns the addresses of the accounts by their names.
func (p plan) addresses() map[string]string {
	all := map[string]string{}
	for name, c := range p.accounts {
		all[name] = c.FormatDSN()
	}
	return all
}

// made creates the database, its schema and the accounts.
func made(t *testing.T) plan {
	t.Helper()
	p := newPlan(t)
	require.NoError(t, Create(t.Context(), p.admin, p.migration.FormatDSN(), time.Minute))
	_, err := Up(t.Context(), p.migration.FormatDSN())
	require.NoError(t, err)
	require.NoError(t, Accounts(t.Context(), p.admin, p.addresses(), time.Minute))
	return p
}

func as(t *testing.T, account *mysql.Config, statement string) error {
	t.Helper()
	server, err := sql.Open("mysql", account.FormatDSN())
	require.NoError(t, err)
	defer server.Close()
	_, err = server.Exec(statement)
	return err
}

func TestAccountsHaveOnlyTheirRights(t *testing.T) {
	t.Parallel()
	p := made(t)
	for name, c := range map[string]struct{ may, mayNot []string }{
		"signin": {
			[]string{"UPDATE users SET password_hash = ''", "DELETE FROM sessions", "SELECT * FROM users"},
			[]string{"SELECT * FROM tasks", "DELETE FROM tasks", "SELECT * FROM object_deletions", "SELECT * FROM goose_db_version"},
		},
		"read": {
			[]string{"SELECT t.title FROM sessions s JOIN tasks t ON t.user_id = s.user_id JOIN task_labels l ON l.task_id = t.id"},
			[]string{"SELECT * FROM users", "UPDATE tasks SET version = version + 1", "DELETE FROM sessions", "SELECT * FROM password_failures"},
		},
		"write": {
			[]string{
				"UPDATE tasks SET version = version + 1", "DELETE FROM task_labels",
				"SELECT * FROM tasks t WHERE t.user_id = (SELECT s.user_id FROM sessions s LIMIT 1 LOCK IN SHARE MODE) FOR UPDATE",
			},
			[]string{"SELECT * FROM users", "UPDATE users SET password_hash = ''", "UPDATE sessions SET ended_at = NULL", "DELETE FROM sessions", "SELECT * FROM password_failures"},
		},
		"housekeeping": {[]string{"DELETE FROM tasks", "DELETE FROM users", "SELECT * FROM goose_db_version"}, nil},
	} {
		for _, statement := range c.may {
			require.NoError(t, as(t, p.accounts[name], statement), "%s: %s", name, statement)
		}
		for _, statement := range append(c.mayNot, "CREATE TABLE more (id INT)", "DROP TABLE tasks", "ALTER TABLE tasks ADD COLUMN more INT",
			"TRUNCATE TABLE tasks", "CREATE USER 'x'@'%'", "CREATE DATABASE more", "SELECT * FROM mysql.user") {
			require.Error(t, as(t, p.accounts[name], statement), "%s: %s", name, statement)
		}
	}
	for _, statement := range []string{"CREATE USER 'x'@'%'", "CREATE DATABASE " + p.migration.DBName[:3] + "x" + p.migration.DBName[4:], "SELECT * FROM mysql.user"} {
		require.Error(t, as(t, p.migration, statement), statement)
	}
}

func TestAccountsAreChangedToTheirRightsAndPasswords(t *testing.T) {
	t.Parallel()
	p := made(t)
	reader, old := p.accounts["read"], p.accounts["read"].Clone()
	require.NoError(t, as(t, reader, "SELECT * FROM tasks"))
	root, err := mysql.ParseDSN(p.admin)
	require.NoError(t, err)
	for _, on := range []string{on(reader.DBName, "*"), on(reader.DBName, "users")} {
		require.NoError(t, as(t, root, "GRANT SELECT, DELETE ON "+on+" TO '"+reader.User+"'@'%'"))
	}
	require.NoError(t, as(t, reader, "DELETE FROM users"), "it has more rights than it needs")

	reader.Passwd = "changed"
	require.NoError(t, Create(t.Context(), p.admin, p.migration.FormatDSN(), time.Minute), "a second time")
	require.NoError(t, Accounts(t.Context(), p.admin, p.addresses(), time.Minute), "a second time")
	require.NoError(t, as(t, reader, "SELECT * FROM tasks"))
	for _, statement := range []string{"DELETE FROM users", "SELECT * FROM users", "DELETE FROM tasks"} {
		require.Error(t, as(t, reader, statement), statement)
	}
	require.Error(t, as(t, old, "SELECT 1"), "the old password")
}

func TestConcurrentCallsRevokeTheSameRights(t *testing.T) {
	t.Parallel()
	p := made(t)
	root, err := mysql.ParseDSN(p.admin)
	require.NoError(t, err)
	require.NoError(t, as(t, root, "GRANT ALL PRIVILEGES ON "+on(p.migration.DBName, "*")+" TO '"+p.accounts["read"].User+"'@'%'"))
	failures := make(chan error)
	for range 4 {
		go func() { failures <- Accounts(t.Context(), p.admin, p.addresses(), time.Minute) }()
	}
	for range 4 {
		require.NoError(t, <-failures)
	}
	require.Error(t, as(t, p.accounts["read"], "DELETE FROM tasks"))
}

func TestOneAccountHasTheRightsOfAllItsNames(t *testing.T) {
	t.Parallel()
	p := newPlan(t)
	require.NoError(t, Create(t.Context(), p.admin, p.migration.FormatDSN(), time.Minute))
	_, err := Up(t.Context(), p.migration.FormatDSN())
	require.NoError(t, err)
	both := p.addresses()
	both["read"] = both["signin"]
	require.NoError(t, Accounts(t.Context(), p.admin, both, time.Minute))
	for _, statement := range []string{"SELECT * FROM tasks", "SELECT * FROM users"} {
		require.NoError(t, as(t, p.accounts["signin"], statement), statement)
	}
	require.Error(t, as(t, p.accounts["signin"], "DELETE FROM tasks"))
}

func TestInconsistentAddressesAreRefused(t *testing.T) {
	t.Parallel()
	const admin, migration = "root:hunter1@tcp(127.0.0.1:1)/", "m:hunter2@tcp(127.0.0.1:1)/d"
	for name, c := range map[string]struct{ admin, migration, problem string }{
		"no database":           {admin, "m:hunter2@tcp(h:1)/", "a user name, a password and a database"},
		"no password":           {admin, "m:@tcp(h:1)/d", "a user name, a password and a database"},
		"no name":               {admin, ":hunter2@tcp(h:1)/d", "a user name, a password and a database"},
		"unreadable":            {"hunter4", migration, "can't be read"},
		"unreadable, migration": {admin, "hunter4", "can't be read"},
		"unreachable":           {admin, migration, "can't be reached"},
	} {
		err := Create(t.Context(), c.admin, c.migration, 0)
		require.ErrorContains(t, err, c.problem, name)
		require.NotContains(t, err.Error(), "hunter", name)
	}

	good := newPlan(t)
	root, err := mysql.ParseDSN(good.admin)
	require.NoError(t, err)
	root.DBName = good.migration.DBName
	administrator := root.FormatDSN()
	for name, c := range map[string]struct {
		change  func(map[string]string)
		problem string
	}{
		"an account is missing": {func(all map[string]string) { delete(all, "write") }, "account write: "},
		"two passwords":         {func(all map[string]string) { all["read"] = strings.Replace(all["write"], ":simple@", ":hunter3@", 1) }, "two different addresses"},
		"the administrator's":   {func(all map[string]string) { all["read"] = administrator }, "the administrator's account must differ"},
	} {
		addresses := maps.Clone(good.addresses())
		c.change(addresses)
		err := Accounts(t.Context(), good.admin, addresses, time.Minute)
		require.ErrorContains(t, err, c.problem, name)
		require.NotContains(t, err.Error(), "hunter", name)
	}
}

func TestEveryTableOfTheRightsExists(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"housekeeping", "read", "signin", "write"}, AccountNames())
	require.Equal(t, strings.Count(rightsSQL, "GRANT "), len(grantStatement.FindAllString(rightsSQL, -1)), "a statement of rights.sql is not understood")
	dsn := fresh(t)
	_, err := Up(t.Context(), dsn)
	require.NoError(t, err)
	pool, _, err := open(dsn)
	require.NoError(t, err)
	defer pool.Close()
	for name, all := range rights {
		for _, r := range slices.DeleteFunc(slices.Clone(all), func(r right) bool { return r.table == "*" }) {
			_, err := pool.Exec("SELECT 1 FROM " + quoted(r.table) + " LIMIT 1")
			require.NoError(t, err, "%s: %s", name, r.table)
		}
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
