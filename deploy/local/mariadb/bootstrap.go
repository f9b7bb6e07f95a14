package mariadb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// systemTables returns the SQL files of MariaDB's own tables in the order in which they must run. MariaDB 11 renamed them.
func systemTables(share string) ([]string, error) {
	var paths []string
	for _, name := range []string{"system_tables.sql", "performance_tables.sql", "system_tables_data.sql"} {
		for _, prefix := range []string{"mariadb_", "mysql_"} {
			path := filepath.Join(share, prefix+name)
			if _, err := os.Stat(path); err == nil {
				paths = append(paths, path)
				break
			}
		}
	}
	if len(paths) != 3 {
		return nil, errors.New("no system tables in " + share)
	}
	return paths, nil
}

// bootstrap creates the server's data folder, atomically, unless it exists.
func (s *Server) bootstrap(ctx context.Context) error {
	data := s.data()
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	scripts, err := systemTables(s.Install.Share)
	if err != nil {
		return err
	}
	// The administrator root may only connect through a socket file, and this server opens none.
	sql := bytes.NewBufferString("CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket='root';\nSET @skip_auth_anonymous=1;\n")
	for _, path := range scripts {
		script, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sql.Write(script)
	}
	fresh := data + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.MkdirAll(fresh, 0o700)); err != nil {
		return err
	}
	args := append(s.options(fresh), "--bootstrap", "--innodb-flush-log-at-trx-commit=0", "--log-warnings=0")
	cmd := exec.CommandContext(ctx, s.Install.Server, args...)
	cmd.Env = s.env()
	cmd.Stdin = sql
	printed, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("create MariaDB's system tables: %w\n%s", err, bytes.TrimSpace(printed))
	}
	return os.Rename(fresh, data)
}
