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

// errAddress keeps a secret out of the error that mysql.ParseDSN would give.
var errAddress = errors.New("the database address can't be read: want USER:PASSWORD@tcp(HOST:PORT)/DATABASE")

// Accounts makes, as the administrator whose address is admin, the database and the accounts that the other two addresses
// name, with the passwords in them: migration may do everything within the database, application only read and write rows.
// It may run again at any time, after a password has changed too. It waits for the server as Wait does.
func Accounts(ctx context.Context, admin, migration, application string, patience time.Duration) error {
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
		return errors.New("the addresses for migrations and for the application must have a name and a password")
	case owner.DBName == "" || owner.DBName != user.DBName:
		return errors.New("the addresses for migrations and for the application must name one database")
	case owner.User == user.User:
		return errors.New("migrations and the application need accounts of their own")
	}
	pool, config, err := open(admin)
	if err != nil {
		return err
	}
	defer pool.Close()
	if config.User == owner.User || config.User == user.User {
		return errors.New("the administrator's account can't be one of those that are made")
	}
	if err := wait(ctx, pool, patience); err != nil {
		return err
	}
	quoted := "`" + strings.ReplaceAll(owner.DBName, "`", "``") + "`"
	create := "CREATE DATABASE IF NOT EXISTS " + quoted + " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"
	if _, err := pool.ExecContext(ctx, create); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	// In what is granted, _ and % stand for other characters unless a backslash says that they do not.
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

// open gives a pool for the address; nothing is dialled. Values are put into statements by the driver, since accounts can't
// be named in prepared ones.
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
