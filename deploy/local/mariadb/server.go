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

// Server is a private MariaDB: what it is made of, and how it is reached.
type Server struct {
	Install   Install
	Dir       string // holds its data, its temporary files and its accounts' passwords
	Port      int    // on 127.0.0.1
	Throwaway bool   // speed before durability, for tests
	Accounts  []Account
}

// Prepare makes the server's folder ready for its process to start: the data at the first time, and the accounts.
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

// env is the environment of the server's process.
func (s *Server) env() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LD_LIBRARY_PATH=" + s.Install.Libraries, "TZ=UTC"}
}

// args is what the server's process is started with.
func (s *Server) args() []string {
	args := append(s.options(s.data()),
		"--port="+strconv.Itoa(s.Port),
		"--bind-address=127.0.0.1",
		"--socket=", // none: its path could be too long, and nobody needs one
		"--skip-name-resolve",
		"--init-file="+s.initFile(),
		// MySQL 8's default, so that what passes here passes there.
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

// options are those that making the data and serving it share: the files' sizes among them must agree.
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
		args = append(args, "--user=root") // it refuses to run as root unless told to
	}
	return args
}

// Check is nil when the server answers the first of its accounts.
func (s *Server) Check(ctx context.Context) error {
	pool, err := sql.Open("mysql", s.DSN(s.Accounts[0], ""))
	if err != nil {
		return err
	}
	defer pool.Close()
	return pool.PingContext(ctx)
}

// Process is how to run the server: under a keeper, a mode of program, that ends it when the parent is gone.
func (s *Server) Process(program string, log *process.Log) process.Spec {
	return process.Spec{
		Name:     "mariadb",
		Path:     program,
		Args:     append([]string{"keep", s.Install.Server}, s.args()...),
		Env:      s.env(),
		Log:      log,
		Check:    s.Check,
		Patience: 30 * time.Second,
	}
}
