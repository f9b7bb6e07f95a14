package chaos

import (
	"database/sql"
	"path"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/workload"
)

// requireNoOrphans checks, after a sweep, that the object store has exactly the images of the existing tasks, that nothing remains
// of deleted tasks and accounts, and that each account's usage is what its tasks take.
func requireNoOrphans(t *testing.T, a *application.Application) {
	pool, err := sql.Open("mysql", a.DSN(t))
	require.NoError(t, err)
	defer pool.Close()
	for _, statement := range []string{
		`SELECT username FROM users WHERE username LIKE '` + workload.Leaving + `%'`,
		`SELECT title FROM tasks WHERE user_id NOT IN (SELECT id FROM users)`,
		`SELECT label FROM task_labels WHERE (user_id, task_id) NOT IN (SELECT user_id, id FROM tasks)`,
		`SELECT created_at FROM sessions WHERE user_id NOT IN (SELECT id FROM users)`,
		`SELECT object_key FROM object_deletions`,
		`SELECT l.label FROM task_labels l JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id WHERE l.created_at <> t.created_at`,
		`SELECT HEX(user_id) FROM user_usage WHERE user_id NOT IN (SELECT id FROM users)`,
		`SELECT HEX(u.user_id) FROM user_usage u LEFT JOIN (SELECT user_id, COUNT(*) AS tasks, SUM(LENGTH(title) + LENGTH(body)) AS text_bytes,
			SUM(image_key <> '') AS photos, SUM(image_bytes) AS photo_bytes FROM tasks GROUP BY user_id) t ON t.user_id = u.user_id
			WHERE (u.tasks, u.text_bytes, u.photos, u.photo_bytes)
				<> (COALESCE(t.tasks, 0), COALESCE(t.text_bytes, 0), COALESCE(t.photos, 0), COALESCE(t.photo_bytes, 0))`,
	} {
		assert.Empty(t, column(t, pool, statement), statement)
	}
	sizes := map[string]int{} // by image
	for _, key := range a.Objects(t) {
		sizes[path.Dir(key)]++
	}
	for _, image := range column(t, pool, `SELECT image_key FROM tasks WHERE image_key <> ''`) {
		assert.Equal(t, 2, sizes[image], "a task refers to %s, of which 2 sizes are stored", image)
		delete(sizes, image)
	}
	assert.Empty(t, sizes, "images that no task refers to")
}

// column returns the values of a statement's only column.
func column(t *testing.T, pool *sql.DB, statement string) (values []string) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), statement)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var value string
		require.NoError(t, rows.Scan(&value))
		values = append(values, value)
	}
	require.NoError(t, rows.Err())
	return values
}
