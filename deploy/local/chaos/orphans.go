package main

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/go-sql-driver/mysql"
)

// bucket is where the application keeps pictures.
const bucket = "snaptask"

// checkOrphans compares the pictures in the object store with those that the database names.
func (a *application) checkOrphans(ctx context.Context, found *report) error {
	named, noted, err := a.namedPictures(ctx)
	if err != nil {
		return err
	}
	stored, err := a.storedPictures()
	if err != nil {
		return err
	}
	unnamed := 0
	for key := range stored {
		if !named[key] {
			unnamed++
		}
	}
	for key := range named {
		if stored[key] != 2 {
			found.violated("a task names the picture %s, of which %d of 2 sizes are stored", key, stored[key])
		}
	}
	found.fact("pictures: %d named by tasks, %d stored that no task names, %d noted for deletion", len(named), unnamed, len(noted))
	return nil
}

// namedPictures gives the keys of the pictures that tasks have, and of those that are noted for deletion.
func (a *application) namedPictures(ctx context.Context) (named, noted map[string]bool, err error) {
	dsn, err := os.ReadFile(filepath.Join(a.state, "secrets", "get-tasks", "mysql-dsn"))
	if err != nil {
		return nil, nil, err
	}
	pool, err := sql.Open("mysql", strings.TrimSpace(string(dsn)))
	if err != nil {
		return nil, nil, err
	}
	defer pool.Close()
	named, err = keys(ctx, pool, `SELECT image_key FROM tasks WHERE image_key <> ''`)
	if err != nil {
		return nil, nil, err
	}
	noted, err = keys(ctx, pool, `SELECT object_key FROM object_deletions`)
	return named, noted, err
}

func keys(ctx context.Context, pool *sql.DB, statement string) (map[string]bool, error) {
	rows, err := pool.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		all[key] = true
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
