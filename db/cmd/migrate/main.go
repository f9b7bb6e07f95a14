// Command migrate brings the database's schema up to date or shows where it stands.
//
//	migrate up       apply what is missing; safe to run again, and twice at once
//	migrate status   list the migrations and which of them are applied
//
// The database is the secret mysql-migration-dsn in SECRETS_DIR (/var/openfaas/secrets), or MYSQL_DSN where that is set.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	if len(args) != 1 {
		return errors.New("say one of: up, status")
	}
	dsn, err := address()
	if err != nil {
		return err
	}
	switch args[0] {
	case "up":
		applied, err := db.Up(ctx, dsn)
		for _, name := range applied {
			fmt.Println("applied", name)
		}
		if err == nil && len(applied) == 0 {
			fmt.Println("nothing to do: the schema is up to date")
		}
		return err
	case "status":
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
	return fmt.Errorf("%q is neither up nor status", args[0])
}

func address() (string, error) {
	if dsn := os.Getenv("MYSQL_DSN"); dsn != "" {
		return dsn, nil
	}
	folder := cmp.Or(os.Getenv("SECRETS_DIR"), "/var/openfaas/secrets")
	text, err := os.ReadFile(filepath.Join(folder, "mysql-migration-dsn"))
	if err != nil {
		return "", fmt.Errorf("no database named: set MYSQL_DSN or the secret mysql-migration-dsn: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
