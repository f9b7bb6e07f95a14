package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
)

// Over says what a Load may find in the database.
type Over struct {
	Everything bool   // whatever there is, which goes
	User       string // a user of this name without tasks, who goes
}

// Load fills the database with the rows of a backup, in one transaction: all of them or none.
type Load struct {
	conn   *sql.Conn
	time   time.Duration
	binary map[string]map[string]bool // by table: its columns, and whether one holds ids
}

// Loadable says whether a Load of a backup with this schema could begin now; its faults are those of Load.
func (s *Store) Loadable(ctx context.Context, of int64, over Over) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return away(err)
	}
	defer conn.Close()
	return loadable(ctx, conn, of, over, "")
}

// loadable checks the schema and that there is only what may be, in reads that lock or not.
func loadable(ctx context.Context, conn *sql.Conn, of int64, over Over, lock string) error {
	has, err := schema(ctx, conn)
	if err != nil {
		return away(err)
	}
	if of > has {
		return fault.New(fault.Invalid, "schema_older",
			fmt.Sprintf("The backup is of schema %d and the database has %d: bring it up with migrate first.", of, has))
	}
	if over.Everything {
		return nil
	}
	for _, rows := range []statement{
		{"SELECT 1 FROM users WHERE username <> ? LIMIT 1", []any{over.User}},
		{"SELECT 1 FROM tasks LIMIT 1", nil},
	} {
		var one int
		switch err := conn.QueryRowContext(ctx, rows.text+lock, rows.args...).Scan(&one); {
		case err == nil:
			return fault.New(fault.Conflict, "not_empty", "The database is not empty: what it has would be lost.")
		case !errors.Is(err, sql.ErrNoRows):
			return away(err)
		}
	}
	return nil
}

// Load begins one. The backup's schema must not be newer than the database's. All that the database
// has and that over says may go does, sessions and failed logins too, and its pictures are noted for deletion; if there is
// more, the fault is Conflict. Nobody can register until the Load ends.
func (s *Store) Load(ctx context.Context, of int64, over Over) (*Load, error) {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return nil, away(err)
	}
	l := &Load{conn, s.timeout, map[string]map[string]bool{}}
	if err := l.begin(ctx, of, over); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Load) begin(ctx context.Context, of int64, over Over) error {
	if err := l.exec(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	// On an empty table a locking read keeps others from adding rows.
	if err := loadable(ctx, l.conn, of, over, " FOR UPDATE"); err != nil {
		return err
	}
	if err := l.exec(ctx, `INSERT INTO object_deletions (user_id, task_id, object_key, created_at)
		SELECT user_id, id, image_key, UTC_TIMESTAMP(6) FROM tasks WHERE image_key <> '' ON DUPLICATE KEY UPDATE created_at = VALUES(created_at)`); err != nil {
		return err
	}
	for _, table := range []string{"login_failures", "sessions", "deleted_tasks", "task_labels", "tasks", "deleted_users", "users"} {
		if err := l.exec(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	return nil
}

// Add adds rows of a table, all of the same columns, in one statement.
func (l *Load) Add(ctx context.Context, of Table, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	holdsIDs, err := l.columns(ctx, of)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(rows[0]))
	if len(names) == 0 {
		return damaged("a row of %s is empty", of.Name)
	}
	for _, name := range names {
		if _, there := holdsIDs[name]; !there {
			return damaged("the table %s has no column %s", of.Name, name)
		}
	}
	var args []any
	for _, row := range rows {
		if len(row) != len(names) {
			return damaged("rows of %s have other columns than those before them", of.Name)
		}
		for _, name := range names {
			value, there := row[name]
			switch {
			case !there:
				return damaged("a row of %s lacks %s", of.Name, name)
			case value == nil:
				args = append(args, nil)
			case holdsIDs[name]:
				id, err := uuid.Parse(*value)
				if err != nil {
					return damaged("%s.%s: %v", of.Name, name, err)
				}
				args = append(args, id[:])
			default:
				args = append(args, *value)
			}
		}
	}
	one := "(?" + strings.Repeat(", ?", len(names)-1) + ")"
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES %s%s", of.Name, strings.Join(names, ", "), one, strings.Repeat(", "+one, len(rows)-1))
	if of.Name == "object_deletions" { // those of what is replaced are there
		statement += " ON DUPLICATE KEY UPDATE created_at = VALUES(created_at)"
	}
	return l.exec(ctx, statement, args...)
}

func damaged(format string, args ...any) error {
	return fault.New(fault.Invalid, "wrong_rows", "The backup doesn't fit: "+fmt.Sprintf(format, args...)+".")
}

// columns says of each column of a table whether it holds ids.
func (l *Load) columns(ctx context.Context, of Table) (map[string]bool, error) {
	if known := l.binary[of.Name]; known != nil {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.time)
	defer cancel()
	rows, err := l.conn.QueryContext(ctx, "SELECT * FROM "+of.Name+" LIMIT 0")
	if err != nil {
		return nil, away(err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, away(err)
	}
	known := map[string]bool{}
	for _, c := range columns {
		known[c.Name()] = binary(c)
	}
	l.binary[of.Name] = known
	return known, away(rows.Err())
}

// Commit makes the rows last. A picture that a task has again is not to be deleted.
func (l *Load) Commit(ctx context.Context) error {
	if err := l.exec(ctx, `DELETE d FROM object_deletions d JOIN tasks t
		ON t.user_id = d.user_id AND t.id = d.task_id AND t.image_key = d.object_key`); err != nil {
		return err
	}
	return l.exec(ctx, "COMMIT")
}

// Close ends the Load; without Commit before it, nothing has happened.
func (l *Load) Close() {
	l.conn.Raw(func(any) error { return errBroken })
	l.conn.Close()
}

func (l *Load) exec(ctx context.Context, text string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, l.time)
	defer cancel()
	_, err := l.conn.ExecContext(ctx, text, args...)
	return away(err)
}
