package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Tables are the tables in a backup, in the order in which it is written. Sessions and failed logins are not among them: a
// restore would revive sessions that have ended since. Neither is user_usage: it is counted from the tasks.
var Tables = []Table{
	{Name: "users", key: []string{"id"}},
	{Name: "deleted_users", key: []string{"id"}},
	{Name: "tasks", key: []string{"user_id", "id"}, only: ofUsers},
	{Name: "task_labels", key: []string{"user_id", "task_id", "label"}, only: ofUsers},
	{Name: "deleted_tasks", key: []string{"user_id", "id"}, only: ofUsers},
	{Name: "object_deletions", key: []string{"user_id", "task_id", "object_key"}},
}

// ofUsers is the condition for rows of users who have not been deleted: a backup has none of those that EmptyUser has yet to
// delete.
const ofUsers = "NOT EXISTS (SELECT 1 FROM deleted_users d WHERE d.id = t.user_id AND d.emptied_at IS NULL)"

// Table is a table of the database.
type Table struct {
	Name string
	key  []string // the columns of the primary key
	only string   // a condition for the rows to back up; empty for all of them
}

// Row maps the columns of a row to their values, as text that any MySQL or MariaDB can read: numbers and UTC times as in SQL,
// ids as UUIDs. NULL is nil.
type Row map[string]*string

// Snapshot is a consistent view of the database at one point in time. It holds a connection until it is closed.
type Snapshot struct {
	Taken   time.Time // UTC
	Schema  int64     // the number of the newest migration
	tx      *sql.Tx
	timeout time.Duration // for one statement
}

// Snapshot takes a snapshot. The fault is Unavailable.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	tx, err := s.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, asFault(err)
	}
	t := &Snapshot{tx: tx, timeout: s.timeout}
	t.Schema, err = schema(ctx, tx) // the first read determines the point in time
	if err == nil {
		err = tx.QueryRowContext(ctx, "SELECT UTC_TIMESTAMP(6)").Scan(&t.Taken)
	}
	if err != nil {
		t.Close()
		return nil, asFault(err)
	}
	return t, nil
}

// Close ends the snapshot.
func (t *Snapshot) Close() { t.tx.Rollback() }

// schema returns the number of the newest migration that the database has, 0 if it has none.
func schema(ctx context.Context, tx *sql.Tx) (version int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	if number(err) == noSuchTable {
		return 0, nil
	}
	return version, err
}

// pageRows is how many rows one statement reads: a task has up to 64 KiB of text.
const pageRows = 200

// Rows calls visit with every row of a table, in the order of its primary key. It returns an error of visit unchanged; other
// faults are Unavailable.
func (t *Snapshot) Rows(ctx context.Context, of Table, visit func(Row) error) error {
	var last []any
	for {
		var rows []Row
		var err error
		if rows, last, err = t.page(ctx, of, last); err != nil {
			return asFault(err)
		}
		for _, row := range rows {
			if err := visit(row); err != nil {
				return err
			}
		}
		if len(rows) < pageRows {
			return nil
		}
	}
}

// page reads the rows that follow the key last, and returns them with the key of the last one.
func (t *Snapshot) page(ctx context.Context, of Table, last []any) (all []Row, next []any, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	where, args := after(of.key, last)
	if of.only != "" {
		where = "(" + where + ") AND " + of.only
	}
	rows, err := t.tx.QueryContext(ctx, fmt.Sprintf("SELECT t.* FROM %s t WHERE %s ORDER BY %s LIMIT %d", of.Name, where, strings.Join(of.key, ", "), pageRows), args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, nil, err
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, nil, err
		}
		row := Row{}
		byName := map[string]any{}
		for i, c := range columns {
			if row[c.Name()], err = asText(c, values[i]); err != nil {
				return nil, nil, fmt.Errorf("%s.%s: %w", of.Name, c.Name(), err)
			}
			byName[c.Name()] = values[i]
		}
		next = nil
		for _, name := range of.key {
			next = append(next, byName[name])
		}
		all = append(all, row)
	}
	return all, next, rows.Err()
}

// after returns the condition for the rows that follow the one with these values of the key. It is written out so that both
// MySQL and MariaDB seek in the primary key.
func after(key []string, values []any) (where string, args []any) {
	if values == nil {
		return "TRUE", nil
	}
	var alternatives []string
	for i := range key {
		one := key[i] + " > ?"
		for j := i - 1; j >= 0; j-- {
			one = key[j] + " = ? AND " + one
		}
		alternatives = append(alternatives, "("+one+")")
		args = append(args, values[:i+1]...)
	}
	return strings.Join(alternatives, " OR "), args
}

// asText converts a value of a column to the form that it has in a Row.
func asText(column *sql.ColumnType, value any) (*string, error) {
	var s string
	switch v := value.(type) {
	case nil:
		return nil, nil
	case time.Time:
		s = v.UTC().Format("2006-01-02 15:04:05.000000")
		if column.DatabaseTypeName() == "DATE" {
			s = v.Format(time.DateOnly)
		}
	case int64:
		s = strconv.FormatInt(v, 10)
	case []byte:
		s = string(v)
		if holdsID(column) {
			id, err := uuid.FromBytes(v)
			if err != nil {
				return nil, err
			}
			s = id.String()
		}
	default:
		return nil, fmt.Errorf("unexpected type %T", value)
	}
	return &s, nil
}

// holdsID reports whether a column holds ids: no other columns of these tables are binary.
func holdsID(column *sql.ColumnType) bool { return column.DatabaseTypeName() == "BINARY" }

// Pictures calls visit with every picture that a task in the backup has, in the order of users and tasks. Its errors are those of Rows.
func (t *Snapshot) Pictures(ctx context.Context, visit func(Picture) error) error {
	const limit = 1000
	var last []any
	for {
		page, err := t.pictures(ctx, last, limit)
		if err != nil {
			return asFault(err)
		}
		for _, p := range page {
			if err := visit(p); err != nil {
				return err
			}
			last = []any{p.UserID[:], p.TaskID[:]}
		}
		if len(page) < limit {
			return nil
		}
	}
}

func (t *Snapshot) pictures(ctx context.Context, last []any, limit int) ([]Picture, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	where, args := after([]string{"user_id", "id"}, last)
	rows, err := t.tx.QueryContext(ctx, "SELECT user_id, id, image_key FROM tasks t WHERE image_key <> '' AND "+ofUsers+" AND ("+where+") ORDER BY user_id, id LIMIT ?",
		append(args, limit)...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanPicture)
}
