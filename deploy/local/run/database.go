package run

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"snaptask/db"
	"snaptask/deploy/local/gateway"
	"snaptask/deploy/local/mariadb"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/state"
)

// ownDSN names a database of the person's own, to use instead of a private server.
const ownDSN = "MYSQL_DSN"

// database is the one that the functions use.
type database struct {
	application string          // DSN of the account that reads and writes rows
	migration   string          // DSN of the account that may change the schema
	server      *mariadb.Server // nil for a person's own
}

// newDatabase says how the database will be reached; nothing is started.
func newDatabase(folder *state.Folder) (*database, error) {
	if dsn := os.Getenv(ownDSN); dsn != "" {
		return &database{application: dsn, migration: dsn}, nil
	}
	number, err := chosenPort("MYSQL_PORT")
	if err != nil {
		return nil, err
	}
	application, err := secret(folder, "mysql-application")
	if err != nil {
		return nil, err
	}
	migration, err := secret(folder, "mysql-migration")
	if err != nil {
		return nil, err
	}
	accounts := []mariadb.Account{
		{Name: "snaptask", Password: application, Rights: "SELECT, INSERT, UPDATE, DELETE ON " + mariadb.Database + ".*"},
		{Name: "snaptask_migration", Password: migration, Rights: "ALL PRIVILEGES ON " + mariadb.Database + ".*"},
	}
	server := &mariadb.Server{Dir: filepath.Join(folder.Path, "mariadb"), Port: number, Accounts: accounts}
	return &database{
		application: server.DSN(accounts[0], mariadb.Database),
		migration:   server.DSN(accounts[1], mariadb.Database),
		server:      server,
	}, nil
}

// chosenPort gives the port that a variable asks for, if nobody has it, or any free one.
func chosenPort(variable string) (int, error) {
	number, err := port.FromEnv(variable, 0)
	if err != nil {
		return 0, err
	}
	if number == 0 {
		return port.Free()
	}
	listener, err := port.Open("127.0.0.1", number, variable)
	if err != nil {
		return 0, err
	}
	return number, listener.Close()
}

// start brings the database up and its schema to the newest one.
func (d *database) start(ctx context.Context, r *runner) error {
	if d.server != nil {
		install, err := mariadb.Find(ctx, filepath.Join(r.folder.Path, "mariadb-dist"), func(text string) { r.screen.step("%s", text) })
		if err != nil {
			return err
		}
		d.server.Install = install
		if err := d.server.Prepare(ctx); err != nil {
			return err
		}
		log, err := r.log("mariadb")
		if err != nil {
			return err
		}
		r.database = r.launch(d.server.Process(r.program, log))
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

// part is the database as a part of the gateway's health.
func (d *database) part() gateway.Part {
	return gateway.Part{Name: "database", Check: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		pool, err := sql.Open("mysql", d.application)
		if err != nil {
			return err
		}
		defer pool.Close()
		return pool.PingContext(ctx)
	}}
}
