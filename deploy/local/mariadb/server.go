package mariadb

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"snaptask/deploy/local/process"
	"snaptask/deploy/local/state"
)

// Server is a private MariaDB server.
type Server struct {
	Install   Install
	Dir       string // of its data, temporary files and accounts
	Port      int    // on 127.0.0.1
	Throwaway bool   // fast instead of durable, for tests
	Accounts  []Account
}

// Prepare writes the server's folder: its data, if there is none, and its accounts.
func (s *Server) Prepare(ctx context.Context) error {
	if err := os.MkdirAll(s.temporary(), 0o700); err != nil {
		return err
	}
	if err := s.bootstrap(ctx); err != nil {
		return err
	}
	return state.WriteFile(s.initFile(), []byte(initStatements(s.Accounts)))
}

func (s *Server) data() string      { return filepath.Join(s.Dir, "data") }
func (s *Server) temporary() string { return filepath.Join(s.Dir, "tmp") }
func (s *Server) initFile() string  { return filepath.Join(s.Dir, "accounts.sql") }

func (s *Server) env() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LD_LIBRARY_PATH=" + s.Install.Libraries, "TZ=UTC"}
}

func (s *Server) args() []string {
	args := append(s.options(s.data()),
		"--port="+strconv.Itoa(s.Port),
		"--bind-address=127.0.0.1",
		"--socket=", // none: its path could be too long
		"--skip-name-resolve",
		"--init-file="+s.initFile(),
		// The default of MySQL 8, so that statements behave the same on both.
		"--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
		"--default-time-zone=+00:00",
		"--character-set-server=utf8mb4",
		"--collation-server=utf8mb4_unicode_520_ci",
		"--local-infile=0",
		"--secure-file-priv="+s.temporary(),
		"--max-connections=250",
		"--max-allowed-packet=16M",
	)
	if s.Throwaway {
		return append(args, "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--sync-frm=0")
	}
	return append(args, "--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1")
}

// options are common to bootstrap and server: the sizes of files must agree.
func (s *Server) options(data string) []string {
	args := []string{
		"--no-defaults",
		"--basedir=" + filepath.Join(s.Install.Share, "..", ".."),
		"--datadir=" + data,
		"--tmpdir=" + s.temporary(),
		"--lc-messages-dir=" + s.Install.Share,
		"--character-sets-dir=" + filepath.Join(s.Install.Share, "charsets"),
		"--pid-file=" + filepath.Join(s.Dir, "pid"),
		"--skip-log-bin",
		"--performance-schema=OFF",
		"--innodb-buffer-pool-size=64M",
		"--innodb-log-file-size=32M",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root") // else it refuses to run as root
	}
	return args
}

// Ping connects to the database of a DSN.
func Ping(ctx context.Context, dsn string) error {
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	return pool.PingContext(ctx)
}

// Process returns how to run the server: in `program wrap`, which stops it when the parent ends.
func (s *Server) Process(program string) process.Spec {
	return process.Spec{
		Name:        "mariadb",
		Path:        program,
		Args:        append([]string{"wrap", s.Install.Server}, s.args()...),
		Env:         s.env(),
		Check:       func(ctx context.Context) error { return Ping(ctx, s.DSN(s.Accounts[0], "")) },
		StopTimeout: 30 * time.Second,
	}
}
