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

// Over limits what a Load may replace in the database.
type Over struct {
	Everything bool   // all data
	User       string // the user with this name, if the user has no tasks
}

// Load fills the database with the rows of a backup, in one transaction: all of them or none.
type Load struct {
	tx      *sql.Tx
	timeout time.Duration              // for one statement
	columns map[string]map[string]bool // by table and column: whether it holds ids
}

// Loadable returns the faults that Load would return now.
func (s *Store) Loadable(ctx context.Context, of int64, over Over) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return loadable(ctx, tx, of, over, "") })
}

// loadable checks the schema, and that the database has nothing that must not be replaced, by reads with the given locking
// clause.
func loadable(ctx context.Context, tx *sql.Tx, of int64, over Over, lock string) error {
	has, err := schema(ctx, tx)
	if err != nil {
		return asFault(err)
	}
	if of > has {
		return fault.New(fault.Invalid, "schema_older",
			fmt.Sprintf("The backup is of schema %d and the database has %d: run migrate first.", of, has))
	}
	if over.Everything {
		return nil
	}
	for text, args := range map[string][]any{`SELECT 1 FROM users WHERE username <> ? LIMIT 1`: {over.User}, `SELECT 1 FROM users u JOIN tasks t ON t.user_id = u.id LIMIT 1`: nil} {
		_, err := scanValue[int](tx.QueryRowContext(ctx, text+lock, args...))
		if err == nil {
			return fault.New(fault.Conflict, "not_empty", "The database is not empty: its data would be lost.")
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return asFault(err)
		}
	}
	return nil
}

// Load begins a Load of a backup with the schema of. The fault is Invalid if the database has an older schema, Conflict if
// it has data that over does not allow to replace. All data in the database is removed, including sessions and failed
// logins, and its pictures are noted for deletion. Nobody can register until the Load ends.
func (s *Store) Load(ctx context.Context, of int64, over Over) (*Load, error) {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, asFault(err)
	}
	l := &Load{tx, s.timeout, map[string]map[string]bool{}}
	if err := l.begin(ctx, of, over); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Load) begin(ctx context.Context, of int64, over Over) error {
	// On an empty table, a locking read prevents other transactions from adding rows.
	if err := loadable(ctx, l.tx, of, over, " FOR UPDATE"); err != nil {
		return err
	}
	if err := l.exec(ctx, `INSERT INTO object_deletions (user_id, task_id, object_key, created_at)
		SELECT user_id, id, image_key, UTC_TIMESTAMP(6) FROM tasks WHERE image_key <> '' ON DUPLICATE KEY UPDATE created_at = VALUES(created_at)`); err != nil {
		return err
	}
	for _, table := range []string{"password_failures", "registrations", "sessions", "deleted_tasks", "task_labels", "tasks", "user_usage", "deleted_users", "users"} {
		if err := l.exec(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	return nil
}

// Add adds rows of a table, all with the same columns. The fault is Invalid if they don't fit the table.
func (l *Load) Add(ctx context.Context, of Table, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	holdsIDs, err := l.columnsOf(ctx, of)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(rows[0]))
	if len(names) == 0 {
		return wrongRows("a row of %s is empty", of.Name)
	}
	for _, name := range names {
		if _, found := holdsIDs[name]; !found {
			return wrongRows("the table %s has no column %s", of.Name, name)
		}
	}
	var args []any
	for _, row := range rows {
		if len(row) != len(names) {
			return wrongRows("rows of %s have other columns than those before them", of.Name)
		}
		for _, name := range names {
			value, found := row[name]
			switch {
			case !found:
				return wrongRows("a row of %s lacks %s", of.Name, name)
			case value == nil:
				args = append(args, nil)
			case holdsIDs[name]:
				id, err := uuid.Parse(*value)
				if err != nil {
					return wrongRows("%s.%s: %v", of.Name, name, err)
				}
				args = append(args, id[:])
			default:
				args = append(args, *value)
			}
		}
	}
	one := "(?" + strings.Repeat(", ?", len(names)-1) + ")"
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES %s%s", of.Name, strings.Join(names, ", "), one, strings.Repeat(", "+one, len(rows)-1))
	if of.Name == "object_deletions" { // has those of the rows that were replaced
		statement += " ON DUPLICATE KEY UPDATE created_at = VALUES(created_at)"
	}
	return l.exec(ctx, statement, args...)
}

func wrongRows(format string, args ...any) error {
	return fault.New(fault.Invalid, "wrong_rows", "The backup doesn't fit: "+fmt.Sprintf(format, args...)+".")
}

// columnsOf returns the columns of a table, and for each whether it holds ids.
func (l *Load) columnsOf(ctx context.Context, of Table) (map[string]bool, error) {
	if holdsIDs := l.columns[of.Name]; holdsIDs != nil {
		return holdsIDs, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	rows, err := l.tx.QueryContext(ctx, "SELECT * FROM "+of.Name+" LIMIT 0")
	if err != nil {
		return nil, asFault(err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, asFault(err)
	}
	holdsIDs := map[string]bool{}
	for _, c := range columns {
		holdsIDs[c.Name()] = holdsID(c)
	}
	l.columns[of.Name] = holdsIDs
	return holdsIDs, asFault(rows.Err())
}

// Commit commits the rows. Pictures that a task has again are no longer noted for deletion. What users' tasks take is not in a
// backup: it is counted at the first write.
func (l *Load) Commit(ctx context.Context) error {
	// Backups of earlier schemas have labels without the time.
	if err := l.exec(ctx, `UPDATE task_labels l JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id
		SET l.created_at = t.created_at WHERE l.created_at <> t.created_at`); err != nil {
		return err
	}
	if err := l.exec(ctx, `DELETE d FROM object_deletions d JOIN tasks t
		ON t.user_id = d.user_id AND t.id = d.task_id AND t.image_key = d.object_key`); err != nil {
		return err
	}
	return asFault(orCommitUnknown(l.tx.Commit()))
}

// Close ends the Load and, unless Commit succeeded, rolls it back.
func (l *Load) Close() { l.tx.Rollback() }

func (l *Load) exec(ctx context.Context, text string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	_, err := l.tx.ExecContext(ctx, text, args...)
	return asFault(err)
}
