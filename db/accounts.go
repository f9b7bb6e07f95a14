package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// errAddress replaces the error of mysql.ParseDSN, which may contain the password.
var errAddress = errors.New("the database address can't be read: want USER:PASSWORD@tcp(HOST:PORT)/DATABASE")

var errAdministrator = errors.New("the administrator's account must differ from those of migrations and of the application")

// administrator is a connection that may create databases and accounts.
type administrator struct {
	*sql.DB
	user string
}

// administrate connects with the address admin. It waits for the server like Wait.
func administrate(ctx context.Context, admin string, timeout time.Duration) (administrator, error) {
	pool, config, err := open(admin)
	if err != nil {
		return administrator{}, err
	}
	if err := wait(ctx, pool, timeout); err != nil {
		return administrator{}, errors.Join(err, pool.Close())
	}
	return administrator{pool, config.User}, nil
}

// Create connects with the address admin and creates the database in the address migration, and its account, which gets all
// privileges on it. It may be called again, for example to change a password. It waits for the server like Wait.
func Create(ctx context.Context, admin, migration string, timeout time.Duration) error {
	owner, err := account(migration)
	if err != nil {
		return err
	}
	server, err := administrate(ctx, admin, timeout)
	if err != nil {
		return err
	}
	defer server.Close()
	create := "CREATE DATABASE IF NOT EXISTS " + quoted(owner.DBName) + " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"
	if _, err := server.ExecContext(ctx, create); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	if err := server.ensure(ctx, owner); err != nil {
		return err
	}
	return server.change(ctx, "GRANT", "ALL PRIVILEGES", on(owner.DBName, "*"), owner.User)
}

// Accounts connects with the address admin and creates the accounts of the application, whose addresses are given by their names
// in rights.sql. Each gets exactly the rights there; an address that several names share gets those of all. The tables must
// exist. It may be called again at any time: it takes no right away that an account needs.
func Accounts(ctx context.Context, admin string, addresses map[string]string, timeout time.Duration) error {
	users := map[string]*mysql.Config{}
	wanted := map[string][]right{}
	for _, name := range AccountNames() {
		user, err := account(addresses[name])
		if err != nil {
			return fmt.Errorf("account %s: %w", name, err)
		}
		if same := users[user.User]; same != nil && same.FormatDSN() != user.FormatDSN() {
			return fmt.Errorf("the account %s has two different addresses", user.User)
		}
		users[user.User] = user
		wanted[user.User] = append(wanted[user.User], rights[name]...)
	}
	server, err := administrate(ctx, admin, timeout)
	if err != nil {
		return err
	}
	defer server.Close()
	if users[server.user] != nil {
		return errAdministrator
	}
	for name, user := range users {
		if err := server.ensure(ctx, user); err != nil {
			return err
		}
		if err := server.permit(ctx, user, wanted[name]); err != nil {
			return fmt.Errorf("account %s: %w", name, err)
		}
	}
	return nil
}

// account parses the address of an account to be created.
func account(dsn string) (*mysql.Config, error) {
	config, err := mysql.ParseDSN(dsn)
	switch {
	case err != nil:
		return nil, errAddress
	case config.User == "" || config.Passwd == "" || config.DBName == "":
		return nil, errors.New("the address needs a user name, a password and a database")
	}
	return config, nil
}

// ensure creates the account, or sets its password.
func (a administrator) ensure(ctx context.Context, user *mysql.Config) error {
	if user.User == a.user {
		return errAdministrator
	}
	for _, statement := range []string{"CREATE USER IF NOT EXISTS ?@'%' IDENTIFIED BY ?", "ALTER USER ?@'%' IDENTIFIED BY ?"} {
		if _, err := a.ExecContext(ctx, statement, user.User, user.Passwd); err != nil {
			return fmt.Errorf("account %s: %w", user.User, err)
		}
	}
	return nil
}

// permit grants the rights, then revokes all others.
func (a administrator) permit(ctx context.Context, user *mysql.Config, wanted []right) error {
	for _, r := range wanted {
		if err := a.change(ctx, "GRANT", r.privilege, on(user.DBName, r.table), user.User); err != nil {
			return err
		}
	}
	has, err := a.rights(ctx, user)
	if err != nil {
		return err
	}
	for _, r := range has {
		if slices.Contains(wanted, r) {
			continue
		}
		if err := a.change(ctx, "REVOKE", r.privilege, on(user.DBName, r.table), user.User); err != nil && !noSuchGrant(err) {
			return err
		}
	}
	return nil
}

// rights returns the rights of the account on its database and on the tables there.
func (a administrator) rights(ctx context.Context, user *mysql.Config) (all []right, err error) {
	rows, err := a.QueryContext(ctx, `SELECT PRIVILEGE_TYPE, '*' FROM information_schema.SCHEMA_PRIVILEGES
		WHERE GRANTEE = CONCAT('''', ?, '''@''%''') AND TABLE_SCHEMA = ? AND PRIVILEGE_TYPE <> 'USAGE'
		UNION ALL SELECT p.PRIVILEGE_TYPE, p.TABLE_NAME FROM information_schema.TABLE_PRIVILEGES p
		JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = p.TABLE_SCHEMA AND t.TABLE_NAME = p.TABLE_NAME
		WHERE p.GRANTEE = CONCAT('''', ?, '''@''%''') AND p.TABLE_SCHEMA = ?`,
		user.User, escaped(user.DBName), user.User, user.DBName)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r right
		if err := rows.Scan(&r.privilege, &r.table); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// change runs a GRANT or a REVOKE.
func (a administrator) change(ctx context.Context, verb, privilege, on, user string) error {
	preposition := map[string]string{"GRANT": "TO", "REVOKE": "FROM"}[verb]
	_, err := a.ExecContext(ctx, verb+" "+privilege+" ON "+on+" "+preposition+" ?@'%'", user)
	return err
}

// noSuchGrant reports whether a right was revoked already, by a concurrent call.
func noSuchGrant(err error) bool {
	const onDatabase, onTable = 1141, 1147
	var answer *mysql.MySQLError
	return errors.As(err, &answer) && (answer.Number == onDatabase || answer.Number == onTable)
}

// on returns what GRANT calls a table of a database, or all of them.
func on(database, table string) string {
	if table == "*" {
		return quoted(escaped(database)) + ".*"
	}
	return quoted(database) + "." + quoted(table)
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// escaped returns the name of a database as GRANT on all of its tables wants it: _ and % are wildcards there.
func escaped(database string) string {
	return strings.NewReplacer("_", `\_`, "%", `\%`).Replace(database)
}

// open returns a pool for the address. It does not connect. The driver interpolates parameters, because prepared statements
// do not support them for accounts.
func open(dsn string) (*sql.DB, *mysql.Config, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, nil, errAddress
	}
	config.ParseTime = true
	config.Loc = time.UTC
	config.InterpolateParams = true
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, nil, err
	}
	return sql.OpenDB(connector), config, nil
}
