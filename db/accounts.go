package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// errAddress replaces the error of mysql.ParseDSN, which may contain the password.
var errAddress = errors.New("the database address can't be read: want USER:PASSWORD@tcp(HOST:PORT)/DATABASE")

// Accounts connects with the address admin and creates the database and the accounts in the other two addresses, with their
// passwords: migration has all privileges on the database, application may only read and write rows. It may be called again,
// for example to change a password. It waits for the server like Wait.
func Accounts(ctx context.Context, admin, migration, application string, timeout time.Duration) error {
	owner, err := mysql.ParseDSN(migration)
	if err != nil {
		return errAddress
	}
	user, err := mysql.ParseDSN(application)
	if err != nil {
		return errAddress
	}
	switch {
	case owner.User == "" || owner.Passwd == "" || user.User == "" || user.Passwd == "":
		return errors.New("the addresses for migrations and for the application need a user name and a password")
	case owner.DBName == "" || owner.DBName != user.DBName:
		return errors.New("the addresses for migrations and for the application must name the same database")
	case owner.User == user.User:
		return errors.New("migrations and the application need different accounts")
	}
	pool, config, err := open(admin)
	if err != nil {
		return err
	}
	defer pool.Close()
	if config.User == owner.User || config.User == user.User {
		return errors.New("the administrator's account must differ from those of migrations and of the application")
	}
	if err := wait(ctx, pool, timeout); err != nil {
		return err
	}
	quoted := "`" + strings.ReplaceAll(owner.DBName, "`", "``") + "`"
	create := "CREATE DATABASE IF NOT EXISTS " + quoted + " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"
	if _, err := pool.ExecContext(ctx, create); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	// In the database name of a GRANT, _ and % are wildcards.
	within := strings.NewReplacer("_", `\_`, "%", `\%`).Replace(quoted) + ".*"
	for _, account := range []struct {
		config *mysql.Config
		rights string
	}{{owner, "ALL PRIVILEGES"}, {user, "SELECT, INSERT, UPDATE, DELETE"}} {
		if err := grant(ctx, pool, account.config, account.rights+" ON "+within); err != nil {
			return fmt.Errorf("account %s: %w", account.config.User, err)
		}
	}
	return nil
}

func grant(ctx context.Context, pool *sql.DB, account *mysql.Config, rights string) error {
	for _, statement := range []struct {
		text  string
		value []any
	}{
		{"CREATE USER IF NOT EXISTS ?@'%' IDENTIFIED BY ?", []any{account.User, account.Passwd}},
		{"ALTER USER ?@'%' IDENTIFIED BY ?", []any{account.User, account.Passwd}},
		{"GRANT " + rights + " TO ?@'%'", []any{account.User}},
	} {
		if _, err := pool.ExecContext(ctx, statement.text, statement.value...); err != nil {
			return err
		}
	}
	return nil
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
