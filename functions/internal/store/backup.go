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

// Tables are what a backup holds, each by its primary key, in the order in which it is written. Sessions and failed logins
// are not among them: restored, they would bring sessions back to life that were ended since.
var Tables = []Table{
	{"users", []string{"id"}},
	{"deleted_users", []string{"id"}},
	{"tasks", []string{"user_id", "id"}},
	{"task_labels", []string{"user_id", "task_id", "label"}},
	{"deleted_tasks", []string{"user_id", "id"}},
	{"object_deletions", []string{"user_id", "task_id", "object_key"}},
}

// Table is one of the database's.
type Table struct {
	Name string
	key  []string
}

// Row is a row by its columns, each as text that any MySQL or MariaDB reads back: numbers and UTC times as SQL writes them,
// ids as UUIDs. NULL is nil.
type Row map[string]*string

// Snapshot is the database as it was at one moment, whatever is written meanwhile. It holds a connection until it is closed.
type Snapshot struct {
	Taken  time.Time // UTC
	Schema int64     // the number of the newest migration
	conn   *sql.Conn
	time   time.Duration // for one statement
}

// Snapshot takes one. The fault is Unavailable.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return nil, away(err)
	}
	shot := &Snapshot{conn: conn, time: s.timeout}
	for _, text := range []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"} {
		if err := shot.exec(ctx, text); err != nil {
			shot.Close()
			return nil, err
		}
	}
	err = conn.QueryRowContext(ctx, "SELECT UTC_TIMESTAMP(6)").Scan(&shot.Taken)
	if err == nil {
		shot.Schema, err = schema(ctx, conn)
	}
	if err != nil {
		shot.Close()
		return nil, away(err)
	}
	return shot, nil
}

func (t *Snapshot) exec(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, t.time)
	defer cancel()
	_, err := t.conn.ExecContext(ctx, text)
	return away(err)
}

// Close ends the snapshot and its connection.
func (t *Snapshot) Close() {
	// The transaction may still be open: the connection must not serve another one.
	t.conn.Raw(func(any) error { return errBroken })
	t.conn.Close()
}

// schema is the number of the newest migration that the database has, 0 if it has none.
func schema(ctx context.Context, conn *sql.Conn) (version int64, err error) {
	err = conn.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	if number(err) == 1146 { // no such table
		return 0, nil
	}
	return version, err
}

// page is how many rows one statement reads: a task has up to 64 KiB of text.
const page = 200

// Rows calls visit with every row of a table, in the order of its primary key. An error of visit ends it and is given back
// as it is; other faults are Unavailable.
func (t *Snapshot) Rows(ctx context.Context, of Table, visit func(Row) error) error {
	var behind []any
	for {
		rows, last, err := t.page(ctx, of, behind)
		if err != nil {
			return away(err)
		}
		for _, row := range rows {
			if err := visit(row); err != nil {
				return err
			}
		}
		if len(rows) < page {
			return nil
		}
		behind = last
	}
}

// page reads the rows that come behind the one with the given key, and gives the key of the last of them.
func (t *Snapshot) page(ctx context.Context, of Table, behind []any) (all []Row, last []any, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.time)
	defer cancel()
	where, args := after(of.key, behind)
	rows, err := t.conn.QueryContext(ctx, fmt.Sprintf("SELECT * FROM %s WHERE %s ORDER BY %s LIMIT %d", of.Name, where, strings.Join(of.key, ", "), page), args...)
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
			if row[c.Name()], err = text(c, values[i]); err != nil {
				return nil, nil, fmt.Errorf("%s.%s: %w", of.Name, c.Name(), err)
			}
			byName[c.Name()] = values[i]
		}
		last = nil
		for _, name := range of.key {
			last = append(last, byName[name])
		}
		all = append(all, row)
	}
	return all, last, rows.Err()
}

// after is the condition for the rows behind the one with these values of the key, written out so that both MySQL and
// MariaDB begin there in the primary key.
func after(key []string, values []any) (where string, args []any) {
	if values == nil {
		return "TRUE", nil
	}
	var ways []string
	for i := range key {
		way := key[i] + " > ?"
		for j := i - 1; j >= 0; j-- {
			way = key[j] + " = ? AND " + way
		}
		ways = append(ways, "("+way+")")
		args = append(args, values[:i+1]...)
	}
	return strings.Join(ways, " OR "), args
}

// text is a value of a column as Row has it.
func text(column *sql.ColumnType, value any) (*string, error) {
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
		if binary(column) {
			id, err := uuid.FromBytes(v)
			if err != nil {
				return nil, err
			}
			s = id.String()
		}
	default:
		return nil, fmt.Errorf("a %T is not expected", value)
	}
	return &s, nil
}

func binary(column *sql.ColumnType) bool { return column.DatabaseTypeName() == "BINARY" }

// Pictures calls visit with every picture that a task has, in the order of users and tasks. Its errors are those of Rows.
func (t *Snapshot) Pictures(ctx context.Context, visit func(Picture) error) error {
	const limit = 1000
	var behind []any
	for {
		found, err := t.pictures(ctx, behind, limit)
		if err != nil {
			return away(err)
		}
		for _, p := range found {
			if err := visit(p); err != nil {
				return err
			}
		}
		if len(found) < limit {
			return nil
		}
		last := found[limit-1]
		behind = []any{last.UserID[:], last.TaskID[:]}
	}
}

func (t *Snapshot) pictures(ctx context.Context, behind []any, limit int) (all []Picture, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.time)
	defer cancel()
	where, args := after([]string{"user_id", "id"}, behind)
	rows, err := t.conn.QueryContext(ctx, "SELECT user_id, id, image_key FROM tasks WHERE image_key <> '' AND ("+where+") ORDER BY user_id, id LIMIT ?",
		append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	err = each(rows, func(rows *sql.Rows) error {
		var p Picture
		err := rows.Scan(&p.UserID, &p.TaskID, &p.ImageKey)
		all = append(all, p)
		return err
	})
	return all, err
}
