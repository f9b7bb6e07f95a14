// Package mariadb runs a private MariaDB server, found on the machine or downloaded with apt. It listens on 127.0.0.1 only, and
// has its data in a state folder, the SQL mode of MySQL 8, and its own accounts.
package mariadb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Install is an installation of MariaDB.
type Install struct {
	Server    string // path of mariadbd
	Share     string // folder of the system tables' SQL, the error messages and the character sets
	Libraries string // LD_LIBRARY_PATH of the server; may be empty
}

// Find returns the MariaDB of this machine or, if it has none, a copy in dir, which it downloads with apt if missing. It
// reports progress to say. Without apt, the error names the package to install.
func Find(ctx context.Context, dir string, say func(string)) (Install, error) {
	for _, name := range []string{"mariadbd", "mysqld"} {
		for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
			path, err := exec.LookPath(candidate)
			if err != nil || !isMariaDB(ctx, path, "") {
				continue
			}
			if share, err := shareOf(path); err == nil {
				return Install{Server: path, Share: share}, nil
			}
		}
	}
	if found, err := downloaded(ctx, dir); err == nil {
		return found, nil
	}
	if ctx.Err() != nil { // the attempts above failed because of it
		return Install{}, ctx.Err()
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return Install{}, errors.New("MariaDB is not on this machine and there is no apt to download it with: " + advice())
	}
	if err := download(ctx, dir, say); err != nil {
		return Install{}, fmt.Errorf("download MariaDB: %w\n%s", err, advice())
	}
	return downloaded(ctx, dir)
}

func advice() string {
	how := "install the package mariadb-server"
	if runtime.GOOS == "darwin" {
		how = "brew install mariadb"
	}
	return how + " (10.11 or later; it need not run), or set MYSQL_DSN=USER:PASSWORD@tcp(HOST:PORT)/DATABASE to use a server of your own"
}

// isMariaDB reports whether the program at path runs and is MariaDB; MySQL's is called mysqld too.
func isMariaDB(ctx context.Context, path, libraries string) bool {
	cmd := exec.CommandContext(ctx, path, "--no-defaults", "--version")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries)
	out, err := cmd.Output()
	return err == nil && strings.Contains(string(out), "MariaDB")
}

// shareOf returns the share folder of the server at path, whose location depends on the packager.
func shareOf(server string) (string, error) {
	real, err := filepath.EvalSymlinks(server)
	if err != nil {
		return "", err
	}
	for _, sub := range []string{"mysql", "mariadb", ""} {
		share := filepath.Join(filepath.Dir(real), "..", "share", sub)
		if _, err := systemTables(share); err == nil {
			return share, nil
		}
	}
	return "", errors.New("no system tables beside " + server)
}

// downloaded returns the MariaDB that download installed in dir.
func downloaded(ctx context.Context, dir string) (Install, error) {
	root := filepath.Join(dir, "root")
	server := filepath.Join(root, "usr/sbin/mariadbd")
	libraries := map[string]bool{}
	for _, pattern := range []string{"lib/*.so*", "lib/*/*.so*", "usr/lib/*.so*", "usr/lib/*/*.so*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return Install{}, err
		}
		for _, file := range found {
			libraries[filepath.Dir(file)] = true
		}
	}
	var path []string
	for folder := range libraries {
		path = append(path, folder)
	}
	joined := strings.Join(path, ":")
	if !isMariaDB(ctx, server, joined) {
		return Install{}, errors.New("the downloaded MariaDB does not run")
	}
	share, err := shareOf(server)
	return Install{Server: server, Share: share, Libraries: joined}, err
}
