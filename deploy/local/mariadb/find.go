// Package mariadb runs a private MariaDB server out of a state folder: found on the machine or fetched with apt, with
// MySQL 8's strictness, accounts of its own and no way in but 127.0.0.1.
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

// Install is a MariaDB server as it lies on the disk.
type Install struct {
	Server    string // path of mariadbd
	Share     string // folder of the system tables' SQL, the error messages and the character sets
	Libraries string // LD_LIBRARY_PATH that the server needs; "" if none
}

// Find gives the MariaDB of this machine or the one fetched into dir before; on a machine with apt it is fetched now, and
// say is told so. The error names what to install where that can't be.
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
	if found, err := fetched(ctx, dir); err == nil {
		return found, nil
	}
	if ctx.Err() != nil { // then nothing above could be tried
		return Install{}, ctx.Err()
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return Install{}, errors.New("MariaDB is not on this machine and there is no apt to fetch it with: " + advice())
	}
	if err := fetch(ctx, dir, say); err != nil {
		return Install{}, fmt.Errorf("MariaDB could not be fetched: %w\n%s", err, advice())
	}
	return fetched(ctx, dir)
}

func advice() string {
	how := "install the package mariadb-server"
	if runtime.GOOS == "darwin" {
		how = "brew install mariadb"
	}
	return how + " (10.11 or later; it need not be started), or set MYSQL_DSN=USER:PASSWORD@tcp(HOST:PORT)/DATABASE to use a server of yours"
}

// isMariaDB says whether the program at path runs and is MariaDB; MySQL goes by the name of mysqld too.
func isMariaDB(ctx context.Context, path, libraries string) bool {
	cmd := exec.CommandContext(ctx, path, "--no-defaults", "--version")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries)
	out, err := cmd.Output()
	return err == nil && strings.Contains(string(out), "MariaDB")
}

// shareOf finds the shared files of the server at path, which packagers put at different places beside it.
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

// fetched gives the MariaDB that fetch has put into dir.
func fetched(ctx context.Context, dir string) (Install, error) {
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
		return Install{}, errors.New("the MariaDB fetched before does not run")
	}
	share, err := shareOf(server)
	return Install{Server: server, Share: share, Libraries: joined}, err
}
