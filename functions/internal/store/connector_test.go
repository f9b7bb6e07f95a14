package store_test

import (
	"context"
	"database/sql"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// observer counts what the server runs for the database at dsn, on connections that have another database.
type observer struct {
	*sql.DB
	database string
}

func newObserver(t *testing.T, dsn string) observer {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	o := observer{database: config.DBName}
	config.DBName = "information_schema"
	o.DB, err = sql.Open("mysql", config.FormatDSN())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.DB.Close()) })
	return o
}

// count returns how many connections have a matching command.
func (o observer) count(t *testing.T, matches func(command string) bool) (n int) {
	t.Helper()
	rows, err := o.Query(`SHOW PROCESSLIST`)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	values := make([]sql.RawBytes, len(columns)) // Id, User, Host, db, Command and more
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		require.NoError(t, rows.Scan(into...))
		if string(values[3]) == o.database && matches(string(values[4])) {
			n++
		}
	}
	require.NoError(t, rows.Err())
	return n
}

func anyConnection(string) bool { return true }

func running(command string) bool { return command != "Sleep" && command != "Connect" }

func TestAbandonedStatementsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	plain := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, plain)
	mine := testbed.AddTask(t, plain, ada.Owner)
	require.NoError(t, plain.Close()) // its connections don't count
	const maxOpen, callers = 2, 12
	s, err := store.New(store.Config{DSN: dsn, MaxOpen: maxOpen, MaxLifetime: time.Minute, Timeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })

	o := newObserver(t, dsn)
	lock := newRival(t, dsn)
	lock.must(t, `UPDATE sessions SET expires_at = expires_at + INTERVAL 1 DAY WHERE user_id = ?`, ada.UserID[:])

	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range 4 { // each caller gives up soon and tries again
				ctx, cancel := context.WithTimeout(context.Background(), 1100*time.Millisecond)
				_, err := s.DeleteTask(ctx, ada.Owner, mine.ID)
				cancel()
				assert.True(t, fault.Is(err, fault.Unavailable), "%v", err)
			}
		})
	}
	stop := make(chan struct{})
	go func() { group.Wait(); close(stop) }()
	most := 0
	for waiting := true; waiting; {
		most = max(most, o.count(t, running))
		select {
		case <-stop:
			waiting = false
		case <-time.After(5 * time.Millisecond):
		}
	}
	require.GreaterOrEqual(t, most, maxOpen, "nothing waited for the lock")
	require.LessOrEqual(t, most, maxOpen+1, "statements at once")

	require.NoError(t, lock.Rollback())
	require.Eventually(t, func() bool { return o.count(t, running) == 0 }, 5*time.Second, 10*time.Millisecond, "an abandoned statement is left")
	_, err = s.DeleteTask(t.Context(), ada.Owner, mine.ID)
	require.NoError(t, err, "nothing was done before")
	var held []*sql.Conn
	for range maxOpen { // every place is free again
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		c, err := s.Pool().Conn(ctx)
		cancel()
		require.NoError(t, err)
		held = append(held, c)
	}
	for _, c := range held {
		require.NoError(t, c.Close())
	}
}

func TestClosingAStoreLeavesNoConnection(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	o := newObserver(t, dsn)
	s, err := store.New(store.Config{DSN: dsn, MaxOpen: 2, MaxLifetime: time.Minute, Timeout: 5 * time.Second})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = s.Pool().QueryContext(ctx, `SELECT SLEEP(60)`)
	require.Error(t, err)
	require.NoError(t, s.Close())
	require.Eventually(t, func() bool { return o.count(t, anyConnection) == 0 }, 5*time.Second, 10*time.Millisecond)
}

func TestTheServerGivesUpBeforeTheStore(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	var version string
	var wait, limit float64
	require.NoError(t, s.Pool().QueryRow(`SELECT VERSION(), @@innodb_lock_wait_timeout`).Scan(&version, &wait))
	require.Equal(t, 2.0, wait)
	if strings.Contains(version, "MariaDB") {
		require.NoError(t, s.Pool().QueryRow(`SELECT @@max_statement_time`).Scan(&limit))
		require.Equal(t, 3.0, limit)
	}
	err := s.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, information_schema.COLUMNS c`).Scan(&wait)
	})
	requireFault(t, fault.Unavailable, err)
	require.ErrorAs(t, err, new(*mysql.MySQLError), "the store gave up first")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		timeout time.Duration
		want    string
	}{
		{"11.8.3-MariaDB-log", 5 * time.Second, "SET SESSION innodb_lock_wait_timeout = 2, max_statement_time = 3.000"},
		{"11.8.3-MariaDB-log", 300 * time.Millisecond, "SET SESSION innodb_lock_wait_timeout = 1, max_statement_time = 0.180"},
		{"9.7.2", 5 * time.Second, "SET SESSION innodb_lock_wait_timeout = 2, max_execution_time = 3000"},
		{"8.4.0", 2 * time.Second, "SET SESSION innodb_lock_wait_timeout = 1, max_execution_time = 1200"},
	} {
		require.Equal(t, c.want, store.Limits(c.version, c.timeout))
	}
}

func TestAStatementThatIsTooLargeIsNotSent(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	var limit int
	require.NoError(t, s.Pool().QueryRow(`SELECT @@max_allowed_packet`).Scan(&limit))
	for range 5 { // sent, the error would often be lost with the connection that the server closes
		requireFault(t, fault.TooLarge, s.AddUser(t.Context(), "ada", strings.Repeat("x", limit)))
	}
}

func TestAnIdOfAnotherServerIsNotKilled(t *testing.T) {
	t.Parallel()
	now := time.Now()
	require.True(t, store.IsOf("a", now, "a", now.Add(-time.Hour)))
	require.True(t, store.IsOf("a", now, "a", now.Add(900*time.Millisecond)), "the start is known to the second")
	require.False(t, store.IsOf("a", now, "a", now.Add(time.Minute)), "restarted since")
	require.False(t, store.IsOf("a", now, "b", now.Add(-time.Hour)))
}

func TestARefusedConnectionIsDialledAgain(t *testing.T) {
	t.Parallel()
	dsn := testbed.Database(t)
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	target, address := config.Addr, listener.Addr().String()
	require.NoError(t, listener.Close())
	config.Addr = address
	s := testbed.StoreAt(t, config.FormatDSN())
	done := make(chan error, 1)
	go func() {
		_, err := s.UserByName(context.Background(), "ada")
		done <- err
	}()
	time.Sleep(300 * time.Millisecond)
	listener, err = net.Listen("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go testbed.Forward(listener, target)
	require.NoError(t, <-done)
}

// TestALostAnswerIsAnUnknownOutcome loses the answer to one command of a write.
func TestALostAnswerIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, command string // whose answer is lost
		unknown       bool
		done          bool
		write         func(s *store.Store, ada task.Owner, mine task.Task) error
	}{
		{"a transaction at COMMIT", "COMMIT", true, true, deleteTask},
		{"a transaction at its last statement", "DELETE FROM tasks", false, false, deleteTask},
		{"a transaction at its start", "START TRANSACTION", false, false, deleteTask},
		{"a statement that commits by itself", "UPDATE sessions", true, true, func(s *store.Store, ada task.Owner, _ task.Task) error {
			return s.EndSession(context.Background(), ada)
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			dsn := testbed.Database(t)
			plain := testbed.StoreAt(t, dsn)
			ada := testbed.SignIn(t, plain)
			mine := testbed.AddTask(t, plain, ada.Owner)
			s := testbed.StoreAt(t, testbed.LoseAnswers(t, dsn, c.command))
			err := c.write(s, ada.Owner, mine)
			requireFault(t, fault.Unavailable, err)
			require.Equal(t, c.unknown, codeOf(err) == "outcome_unknown", "%v", err)
			_, err = plain.Task(t.Context(), ada.Owner, mine.ID)
			require.Equal(t, c.done, err != nil)
			_, err = s.UserByName(t.Context(), "ada")
			require.NoError(t, err, "the next statement has a connection")
		})
	}
}

func deleteTask(s *store.Store, ada task.Owner, mine task.Task) error {
	_, err := s.DeleteTask(context.Background(), ada, mine.ID)
	return err
}
