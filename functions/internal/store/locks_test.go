package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// rival is another client of the store's database, with a transaction of its own.
type rival struct {
	*sql.Tx
	db *sql.DB
}

func newRival(t *testing.T, dsn string) rival {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	tx, err := db.Begin()
	require.NoError(t, err)
	t.Cleanup(func() {
		tx.Rollback()
		require.NoError(t, db.Close())
	})
	return rival{tx, db}
}

func (r rival) must(t *testing.T, text string, args ...any) {
	t.Helper()
	_, err := r.Exec(text, args...)
	require.NoError(t, err, text)
}

// waiting counts the transactions on this database that wait for a lock: on MariaDB, and on MySQL.
var waiting = []string{
	`SELECT COUNT(*) FROM information_schema.INNODB_TRX x JOIN information_schema.PROCESSLIST p
		ON p.ID = x.trx_mysql_thread_id WHERE x.trx_state = 'LOCK WAIT' AND p.DB = DATABASE()`,
	`SELECT COUNT(*) FROM performance_schema.data_lock_waits w JOIN performance_schema.threads t
		ON t.THREAD_ID = w.REQUESTING_THREAD_ID WHERE t.PROCESSLIST_DB = DATABASE()`,
}

// waitForWaiting returns when another transaction on this database waits for a lock. The server looks anew only when it
// was not asked for a tenth of a second.
func (r rival) waitForWaiting(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, text := range waiting {
			var count int
			if err := r.db.QueryRow(text).Scan(&count); err == nil && count > 0 {
				return true
			}
		}
		return false
	}, 4*time.Second, 200*time.Millisecond, "nothing waits for a lock")
}

// contested is a task of someone that a store, which was counted on the way to the database, and a rival are after.
func contested(t *testing.T, parameter string) (s *store.Store, trips func() int, owner task.Owner, d task.Draft, r rival) {
	t.Helper()
	dsn := testbed.Database(t)
	plain := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, plain)
	d = draft(t, "contested")
	_, err := plain.AddTask(context.Background(), ada.Owner, d)
	require.NoError(t, err)
	through, trips := testbed.Trips(t, dsn+parameter)
	return testbed.StoreAt(t, through), trips, ada.Owner, d, newRival(t, dsn)
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, trips, owner, d, r := contested(t, "")
	// The server gives up the transaction that has changed less: not this one.
	for range 50 {
		r.must(t, `INSERT INTO login_failures (subject, failed_at, id) VALUES (?, NOW(6), ?)`, make([]byte, 32), newBytes(t))
	}
	r.must(t, `INSERT INTO deleted_tasks (user_id, id, deleted_at) VALUES (?, ?, NOW(6))`, owner.UserID[:], d.ID[:])
	done := make(chan error, 1)
	go func() {
		_, err := s.DeleteTask(context.Background(), owner, d.ID)
		done <- err
	}()
	r.waitForWaiting(t) // it has the task, wants to write its id down too, and the rival the other way round
	r.must(t, `UPDATE tasks SET title = 'mine' WHERE user_id = ? AND id = ?`, owner.UserID[:], d.ID[:])
	require.NoError(t, r.Commit())
	require.NoError(t, <-done)
	require.GreaterOrEqual(t, trips(), 2, "one that ends in a deadlock, and more")
	_, err := s.Task(context.Background(), owner, d.ID)
	requireFault(t, fault.NotFound, err)
}

func TestALongWaitForALockIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, trips, owner, d, r := contested(t, "&innodb_lock_wait_timeout=1")
	r.must(t, `UPDATE tasks SET title = 'mine' WHERE user_id = ? AND id = ?`, owner.UserID[:], d.ID[:])
	done := make(chan error, 1)
	go func() {
		_, err := s.DeleteTask(context.Background(), owner, d.ID)
		done <- err
	}()
	const setting = 1
	for sent := 0; sent < setting+2; time.Sleep(10 * time.Millisecond) {
		sent += trips()
	}
	require.NoError(t, r.Commit())
	require.NoError(t, <-done)
}

func TestALockThatIsNeverFreeIsAFaultOfTheDatabase(t *testing.T) {
	t.Parallel()
	s, _, owner, d, r := contested(t, "&innodb_lock_wait_timeout=1")
	r.must(t, `UPDATE tasks SET title = 'mine' WHERE user_id = ? AND id = ?`, owner.UserID[:], d.ID[:])
	_, err := s.DeleteTask(context.Background(), owner, d.ID)
	requireFault(t, fault.Unavailable, err)
	require.NoError(t, r.Rollback())
	_, err = s.DeleteTask(context.Background(), owner, d.ID)
	require.NoError(t, err)
}

func newBytes(t *testing.T) []byte {
	t.Helper()
	id := testbed.NewID(t)
	return id[:]
}
