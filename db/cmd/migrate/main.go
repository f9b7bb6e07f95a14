// Command migrate brings the database's accounts and schema up to date or shows where the schema stands.
//
//	migrate accounts   make the database, and the accounts of migrations and of the application
//	migrate up         apply what is missing; safe to run again, and twice at once
//	migrate status     list the migrations and which of them are applied
//
// With -wait 5m before the verb it waits that long for a server that can't be reached yet. The database is the secret
// mysql-migration-dsn in SECRETS_DIR (/var/openfaas/secrets), or MYSQL_DSN where that is set. accounts needs the secrets
// mysql-admin-dsn, mysql-migration-dsn and mysql-dsn; without the first, somebody else looks after accounts, and it does
// nothing.
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
	patience := flags.Duration("wait", 0, "how long to wait for the server")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("say one of: accounts, up, status")
	}
	verb := flags.Arg(0)
	switch verb {
	case "accounts":
		return accounts(ctx, *patience)
	case "up", "status":
	default:
		return fmt.Errorf("%q is neither accounts, up nor status", verb)
	}
	dsn, err := address()
	if err != nil {
		return err
	}
	if err := db.Wait(ctx, dsn, *patience); err != nil {
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

func accounts(ctx context.Context, patience time.Duration) error {
	admin, err := secret("mysql-admin-dsn")
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("nothing to do: there is no secret mysql-admin-dsn")
		return nil
	}
	migration, migrationErr := secret("mysql-migration-dsn")
	application, applicationErr := secret("mysql-dsn")
	if err := errors.Join(err, migrationErr, applicationErr); err != nil {
		return err
	}
	if err := db.Accounts(ctx, admin, migration, application, patience); err != nil {
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
		return "", fmt.Errorf("no database named: set MYSQL_DSN or the secret mysql-migration-dsn: %w", err)
	}
	return dsn, nil
}

func secret(name string) (string, error) {
	folder := cmp.Or(os.Getenv("SECRETS_DIR"), "/var/openfaas/secrets")
	text, err := os.ReadFile(filepath.Join(folder, name))
	return strings.TrimSpace(string(text)), err
}
