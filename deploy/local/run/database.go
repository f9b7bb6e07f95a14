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
	accounts  map[string]string // DSNs of the application's accounts, by their names in db/rights.sql
	migration string            // DSN of the account that changes the schema
	admin     string            // DSN of the account that creates the others; empty for the user's own database
	server    *mariadb.Server   // nil for the user's own database
}

// newDatabase describes the database, MYSQL_DSN or a private server; it starts nothing. With MYSQL_DSN there is one account for
// everything.
func newDatabase(folder string, secrets map[string]string) (*database, error) {
	d := &database{accounts: map[string]string{}}
	if dsn := os.Getenv("MYSQL_DSN"); dsn != "" {
		d.migration = dsn
		for _, name := range db.AccountNames() {
			d.accounts[name] = dsn
		}
		return d, nil
	}
	number, err := port.Choose("MYSQL")
	if err != nil {
		return nil, err
	}
	admin := mariadb.Account{Name: "administrator", Password: secrets[mysqlAdmin], Rights: "ALL PRIVILEGES ON *.*", Grants: true}
	d.server = &mariadb.Server{Dir: filepath.Join(folder, "mariadb"), Port: number, Accounts: []mariadb.Account{admin}}
	dsn := func(name, password string) string {
		return d.server.DSN(mariadb.Account{Name: "snaptask_" + name, Password: secrets[password]}, mariadb.Database)
	}
	for _, name := range db.AccountNames() {
		d.accounts[name] = dsn(name, mysqlPassword(name))
	}
	d.migration, d.admin = dsn("migration", mysqlMigration), d.server.DSN(admin, "")
	return d, nil
}

// start starts the private server, if there is one, creates its accounts, and migrates the schema.
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
		if err := db.Create(ctx, d.admin, d.migration, 0); err != nil {
			return err
		}
	}
	applied, err := db.Up(ctx, d.migration)
	if err != nil {
		return fmt.Errorf("the database's schema: %w", err)
	}
	r.screen.step("schema: %d new migrations", len(applied))
	if d.server == nil {
		return nil
	}
	return db.Accounts(ctx, d.admin, d.accounts, 0)
}

// check returns nil when the database accepts housekeeping's account.
func (d *database) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return mariadb.Ping(ctx, d.accounts[housekeepingName])
}
