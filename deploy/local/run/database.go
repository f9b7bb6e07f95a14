package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"snaptask/db"
	"snaptask/deploy/local/mariadb"
	"snaptask/deploy/local/port"
)

// database is the database of the functions.
type database struct {
	application string          // DSN of the account that reads and writes rows
	migration   string          // DSN of the account that changes the schema
	server      *mariadb.Server // nil for the user's own database
}

// newDatabase describes the database, MYSQL_DSN or a private server; it starts nothing.
func newDatabase(folder string, secrets map[string]string) (*database, error) {
	if dsn := os.Getenv("MYSQL_DSN"); dsn != "" {
		return &database{application: dsn, migration: dsn}, nil
	}
	number, err := port.Choose("MYSQL")
	if err != nil {
		return nil, err
	}
	accounts := []mariadb.Account{
		{Name: "snaptask", Password: secrets[mysqlApplication], Rights: "SELECT, INSERT, UPDATE, DELETE ON " + mariadb.Database + ".*"},
		{Name: "snaptask_migration", Password: secrets[mysqlMigration], Rights: "ALL PRIVILEGES ON " + mariadb.Database + ".*"},
	}
	server := &mariadb.Server{Dir: filepath.Join(folder, "mariadb"), Port: number, Accounts: accounts}
	return &database{
		application: server.DSN(accounts[0], mariadb.Database),
		migration:   server.DSN(accounts[1], mariadb.Database),
		server:      server,
	}, nil
}

// start starts the private server, if there is one, and migrates the schema.
func (d *database) start(ctx context.Context, r *runner) error {
	if d.server != nil {
		var err error
		d.server.Install, err = mariadb.Find(ctx, filepath.Join(r.folder.Path, "mariadb-dist"), func(text string) { r.screen.step("%s", text) })
		if err != nil {
			return err
		}
		if err := d.server.Prepare(ctx); err != nil {
			return err
		}
		if r.database, err = r.launch(d.server.Process(r.program)); err != nil {
			return err
		}
		if err := r.database.Wait(ctx); err != nil {
			return err
		}
		r.screen.step("MariaDB on 127.0.0.1:%d", d.server.Port)
	}
	applied, err := db.Up(ctx, d.migration)
	if err != nil {
		return fmt.Errorf("the database's schema: %w", err)
	}
	r.screen.step("schema: %d new migrations", len(applied))
	return nil
}

// check returns nil when the database accepts the functions' account.
func (d *database) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return mariadb.Ping(ctx, d.application)
}
