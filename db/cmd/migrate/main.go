// Command migrate creates the database and its accounts, and migrates the schema.
//
//	migrate create     create the database, and the account of migrations
//	migrate up         apply the missing migrations; safe to repeat, also in parallel
//	migrate accounts   create the accounts of the application, with the rights in db/rights.sql
//	migrate status     list the migrations, applied and missing
//
// With -wait 5m before the command it waits up to 5 minutes for the server. up and status use the address MYSQL_DSN or, if that
// is not set, the secret mysql-migration-dsn in SECRETS_DIR (/var/openfaas/secrets). create needs the secrets
// mysql-admin-dsn and mysql-migration-dsn; accounts needs mysql-admin-dsn, mysql-dsn, which is housekeeping's, and mysql-dsn-NAME
// for each other account. Without mysql-admin-dsn they do nothing: the accounts must then be created by other means.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"snaptask/db"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	timeout := flags.Duration("wait", 0, "how long to wait for the server")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: migrate [-wait DURATION] create | up | accounts | status")
	}
	verb := flags.Arg(0)
	switch verb {
	case "create", "accounts":
		return administer(ctx, verb, *timeout)
	case "up", "status":
	default:
		return fmt.Errorf("unknown command %q: use create, up, accounts or status", verb)
	}
	dsn, err := address()
	if err != nil {
		return err
	}
	if err := db.Wait(ctx, dsn, *timeout); err != nil {
		return err
	}
	if verb == "up" {
		return up(ctx, dsn)
	}
	return status(ctx, dsn)
}

func up(ctx context.Context, dsn string) error {
	applied, err := db.Up(ctx, dsn)
	for _, name := range applied {
		fmt.Println("applied", name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Println("nothing to do: the schema is up to date")
	}
	return err
}

func status(ctx context.Context, dsn string) error {
	all, err := db.Status(ctx, dsn)
	for _, m := range all {
		state := "missing"
		if m.Applied {
			state = "applied " + m.AppliedAt.Format(time.RFC3339)
		}
		fmt.Printf("%-32s %s\n", m.Name, state)
	}
	return err
}

// administer runs create or accounts.
func administer(ctx context.Context, verb string, timeout time.Duration) error {
	admin, err := secret("mysql-admin-dsn")
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("nothing to do: there is no secret mysql-admin-dsn")
		return nil
	}
	if err != nil {
		return err
	}
	if verb == "create" {
		migration, err := secret("mysql-migration-dsn")
		if err != nil {
			return err
		}
		if err := db.Create(ctx, admin, migration, timeout); err != nil {
			return err
		}
		fmt.Println("the database and the account of migrations are up to date")
		return nil
	}
	addresses := map[string]string{}
	var problems []error
	for _, name := range db.AccountNames() {
		address, err := secret(db.SecretOf(name))
		addresses[name], problems = address, append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	if err := db.Accounts(ctx, admin, addresses, timeout); err != nil {
		return err
	}
	fmt.Println("the accounts are up to date")
	return nil
}

func address() (string, error) {
	if dsn := os.Getenv("MYSQL_DSN"); dsn != "" {
		return dsn, nil
	}
	dsn, err := secret("mysql-migration-dsn")
	if err != nil {
		return "", fmt.Errorf("no database address: set MYSQL_DSN or the secret mysql-migration-dsn: %w", err)
	}
	return dsn, nil
}

func secret(name string) (string, error) {
	folder := cmp.Or(os.Getenv("SECRETS_DIR"), "/var/openfaas/secrets")
	text, err := os.ReadFile(filepath.Join(folder, name))
	return strings.TrimSpace(string(text)), err
}
