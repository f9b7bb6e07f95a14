package main

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/go-sql-driver/mysql"

	"snaptask/tests/crowd"
)

// bucket is where the application keeps pictures.
const bucket = "snaptask"

// checkRemains looks, after a sweep, for what should be gone: pictures in the object store that the database does not name,
// and users who deleted their accounts.
func (a *application) checkRemains(ctx context.Context, found *crowd.Report) error {
	dsn, err := os.ReadFile(filepath.Join(a.state, "secrets", "get-tasks", "mysql-dsn"))
	if err != nil {
		return err
	}
	pool, err := sql.Open("mysql", strings.TrimSpace(string(dsn)))
	if err != nil {
		return err
	}
	defer pool.Close()
	named, err := column(ctx, pool, `SELECT image_key FROM tasks WHERE image_key <> ''`)
	if err != nil {
		return err
	}
	noted, err := column(ctx, pool, `SELECT object_key FROM object_deletions`)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`SELECT username FROM users WHERE username LIKE 'visitor-%'`,
		`SELECT title FROM tasks WHERE user_id NOT IN (SELECT id FROM users)`,
		`SELECT label FROM task_labels WHERE (user_id, task_id) NOT IN (SELECT user_id, id FROM tasks)`,
		`SELECT created_at FROM sessions WHERE user_id NOT IN (SELECT id FROM users)`,
	} {
		left, err := column(ctx, pool, statement)
		if err != nil {
			return err
		}
		for value := range left {
			found.Violated("left behind: %s, as %s finds", value, statement)
		}
	}
	stored, err := a.storedPictures()
	if err != nil {
		return err
	}
	for key := range stored {
		if !named[key] {
			found.Violated("no task names the picture %s, and it is still stored", key)
		}
	}
	for key := range noted {
		found.Violated("the picture %s is still noted for deletion", key)
	}
	for key := range named {
		if stored[key] != 2 {
			found.Violated("a task names the picture %s, of which %d of 2 sizes are stored", key, stored[key])
		}
	}
	found.Fact("after the last sweep: %d pictures stored, %d named by tasks, %d noted for deletion", len(stored), len(named), len(noted))
	return nil
}

// column gives the values of a statement's one column.
func column(ctx context.Context, pool *sql.DB, statement string) (map[string]bool, error) {
	rows, err := pool.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		all[value] = true
	}
	return all, rows.Err()
}

// storedPictures gives the keys of the pictures that the object store has, each with the number of its objects. The
// store keeps an object as a file that has its name for a path.
func (a *application) storedPictures() (map[string]int, error) {
	folder := filepath.Join(a.state, "s3")
	all := map[string]int{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(path) != ".jpg" {
			return err
		}
		_, name, ours := strings.Cut(filepath.ToSlash(path), "/"+bucket+"/")
		if ours {
			all[strings.TrimSuffix(name, "/"+filepath.Base(path))]++
		}
		return nil
	})
	return all, err
}
