package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// TestAPageReadsFewMoreRowsThanItReturns counts the rows that the database reads for a page of a user with 4,000 tasks. Except
// for text search it must follow an index and stop early, whatever the filter, the order and the cursor, and whether half of
// the tasks are done or one in fifty.
func TestAPageReadsFewMoreRowsThanItReturns(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]int{"half are done": 2, "few are done": 50} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			countRowsRead(t, every)
		})
	}
}

// countRowsRead runs the test with one in every tasks done.
func countRowsRead(t *testing.T, every int) {
	dsn, ctx := testbed.Database(t), context.Background()
	ada := testbed.SignIn(t, testbed.StoreAt(t, dsn))
	pool, err := sql.Open("mysql", dsn+"&interpolateParams=true")
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	conn, err := pool.Conn(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	numbers := `(WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999) SELECT i FROM n)`
	for block := range 4 {
		_, err = conn.ExecContext(ctx, `INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)
			SELECT ?, UNHEX(CONCAT('0190', LPAD(HEX(? * 1000 + n.i), 12, '0'), '7000800000000000')), 'a task', '', '2026-01-01' + INTERVAL MOD(n.i, 300) DAY,
				MOD(n.i, ?) = 0, '2026-01-01' - INTERVAL ? * 1000 + MOD(n.i * 7, 1000) SECOND, NOW(6), 1, '', 'none', '[]' FROM `+numbers+` n`, ada.UserID[:], block, every, block)
		require.NoError(t, err)
	}
	_, err = conn.ExecContext(ctx, `INSERT INTO task_labels (user_id, task_id, label, created_at) SELECT user_id, id, 'pier', created_at FROM tasks`)
	require.NoError(t, err)
	for _, table := range []string{"tasks", "task_labels"} {
		var a, b, c, d string
		require.NoError(t, conn.QueryRowContext(ctx, `ANALYZE TABLE `+table).Scan(&a, &b, &c, &d))
	}

	for _, fields := range []map[string]string{
		{},
		{"status": "open"},
		{"status": "done"},
		{"sort": "due"},
		{"sort": "due", "status": "open"},
		{"due": "overdue", "sort": "due", "today": "2026-06-01"},
		{"due": "week", "sort": "due", "today": "2026-06-01"},
		{"label": "pier"},
	} {
		fields["limit"] = "20"
		for range 3 {
			f, err := task.ParseFilter(query(fields), time.Now())
			require.NoError(t, err)
			text, args := store.ListStatement(ada.Owner, f)
			read, last := rowsRead(t, conn, text, args)
			require.LessOrEqual(t, read, 120, "%v", fields)
			fields["cursor"] = f.Cursor(last)
		}
	}
}

// rowsRead runs a statement and returns how many rows were read from the storage engine, and the last task of the page.
func rowsRead(t *testing.T, conn *sql.Conn, text string, args []any) (read int, last task.Task) {
	t.Helper()
	ctx := context.Background()
	_, err := conn.ExecContext(ctx, `FLUSH STATUS`)
	require.NoError(t, err)
	rows, err := conn.QueryContext(ctx, text, args...)
	require.NoError(t, err)
	defer rows.Close()
	shown := 0
	for rows.Next() {
		last, err = store.ScanTask(rows)
		require.NoError(t, err)
		shown++
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Equal(t, 21, shown)
	return rowsSinceFlush(t, conn), last
}

// rowsSinceFlush returns how many rows were read from the storage engine for a connection since FLUSH STATUS.
func rowsSinceFlush(t *testing.T, conn interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}) (read int) {
	t.Helper()
	status, err := conn.QueryContext(t.Context(), `SHOW SESSION STATUS LIKE 'Handler_read%'`)
	require.NoError(t, err)
	defer status.Close()
	for status.Next() {
		var name string
		var count int
		require.NoError(t, status.Scan(&name, &count))
		read += count
	}
	require.NoError(t, status.Err())
	return read
}
