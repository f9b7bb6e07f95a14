package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/go-sql-driver/mysql"
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

// waiting counts the transactions on this database that wait for a lock, on MariaDB and on MySQL.
var waiting = []string{
	`SELECT COUNT(*) FROM information_schema.INNODB_TRX x JOIN information_schema.PROCESSLIST p
		ON p.ID = x.trx_mysql_thread_id WHERE x.trx_state = 'LOCK WAIT' AND p.DB = DATABASE()`,
	`SELECT COUNT(*) FROM performance_schema.data_lock_waits w JOIN performance_schema.threads t
		ON t.THREAD_ID = w.REQUESTING_THREAD_ID WHERE t.PROCESSLIST_DB = DATABASE()`,
}

// waitForWaiting returns when another transaction on this database waits for a lock. The server caches its answer for 0.1 s
// after each query.
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

// contested returns a task that a store and a rival are about to change. count returns the store's round trips.
func contested(t *testing.T) (s *store.Store, count func() int, owner task.Owner, d task.Task, r rival) {
	t.Helper()
	dsn := testbed.Database(t)
	plain := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, plain)
	d = draft(t, "contested")
	_, err := plain.AddTask(context.Background(), ada.Owner, d)
	require.NoError(t, err)
	through, count := testbed.RoundTrips(t, dsn)
	return testbed.StoreAt(t, through), count, ada.Owner, d, newRival(t, dsn)
}

func (r rival) changeTask(t *testing.T, owner task.Owner, d task.Task) {
	t.Helper()
	r.must(t, `UPDATE tasks SET title = 'mine' WHERE user_id = ? AND id = ?`, owner.UserID[:], d.ID[:])
}

// isLocked reports whether another transaction has locked a row that the SELECT returns.
func (r rival) isLocked(t *testing.T, text string, args ...any) bool {
	t.Helper()
	tx, err := r.db.Begin()
	require.NoError(t, err)
	defer tx.Rollback()
	var one int
	err = tx.QueryRow(text+` FOR UPDATE NOWAIT`, args...).Scan(&one)
	var answer *mysql.MySQLError
	if errors.As(err, &answer) {
		require.Contains(t, []uint16{1205, 3572}, answer.Number, "%v", err)
		return true
	}
	require.NoError(t, err)
	return false
}

const (
	sessionRow = `SELECT 1 FROM sessions WHERE user_id = ? AND id = ?`
	taskRow    = `SELECT 1 FROM tasks WHERE user_id = ? AND id = ?`
)

func TestADeadlockIsRetried(t *testing.T) {
	t.Parallel()
	s, count, owner, d, r := contested(t)
	// The server rolls back the transaction that has changed less: not this one.
	for range 50 {
		r.must(t, `INSERT INTO password_failures (subject, failures, not_before, failed_at) VALUES (?, 1, NOW(6), NOW(6))`, append(make([]byte, 16), newBytes(t)...))
	}
	r.must(t, `INSERT INTO deleted_tasks (user_id, id, deleted_at) VALUES (?, ?, NOW(6))`, owner.UserID[:], d.ID[:])
	done := make(chan error, 1)
	go func() {
		_, err := s.DeleteTask(context.Background(), owner, d.ID)
		done <- err
	}()
	r.waitForWaiting(t) // it has locked the task and waits for the row in deleted_tasks; the rival does the opposite
	r.changeTask(t, owner, d)
	require.NoError(t, r.Commit())
	require.NoError(t, <-done)
	require.Greater(t, count(), deletion+2, "the transaction was retried")
	_, err := s.Task(context.Background(), owner, d.ID)
	requireFault(t, fault.NotFound, err)
}

// deletion is how many round trips DeleteTask takes for a task without a picture.
const deletion = 5

func TestALockWaitTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	s, count, owner, d, r := contested(t)
	r.changeTask(t, owner, d)
	done := make(chan error, 1)
	go func() {
		_, err := s.DeleteTask(context.Background(), owner, d.ID)
		done <- err
	}()
	const firstTry = 5 // two of the new connection, BEGIN, the lock, ROLLBACK
	for sent := 0; sent < firstTry+2; time.Sleep(10 * time.Millisecond) {
		sent += count()
	}
	require.NoError(t, r.Commit())
	require.NoError(t, <-done)
}

func TestALockThatIsNeverReleasedIsUnavailable(t *testing.T) {
	t.Parallel()
	s, _, owner, d, r := contested(t)
	r.changeTask(t, owner, d)
	_, err := s.DeleteTask(context.Background(), owner, d.ID)
	requireFault(t, fault.Unavailable, err)
	require.NoError(t, r.Rollback())
	_, err = s.DeleteTask(context.Background(), owner, d.ID)
	require.NoError(t, err)
}

func TestASessionCantEndBeforeItsTransaction(t *testing.T) {
	t.Parallel()
	s, _, owner, d, r := contested(t)
	other, err := s.AddTask(t.Context(), owner, draft(t, "another"))
	require.NoError(t, err)
	r.changeTask(t, owner, d)
	done := make(chan error, 1)
	go func() {
		_, err := s.DeleteTask(context.Background(), owner, d.ID)
		done <- err
	}()
	r.waitForWaiting(t)
	require.True(t, r.isLocked(t, sessionRow, owner.UserID[:], owner.SessionID[:]))
	_, err = s.DeleteTask(t.Context(), owner, other.ID)
	require.NoError(t, err, "a transaction of the same session must not wait")
	require.NoError(t, r.Commit())
	require.NoError(t, <-done)
	require.False(t, r.isLocked(t, sessionRow, owner.UserID[:], owner.SessionID[:]))
}

// TestASessionIsDecidedOncePerTransaction lets the session expire after the transaction's first statement, while others are
// still to come: all of them take effect, or none.
func TestASessionIsDecidedOncePerTransaction(t *testing.T) {
	t.Parallel()
	s, _, owner, d, r := contested(t)
	_, _, err := s.SetPicture(t.Context(), owner, d.ID, "before", 1000, task.ImageDone, pier)
	require.NoError(t, err)
	// The transaction waits for this row after it has locked the task.
	r.must(t, `INSERT INTO object_deletions (user_id, task_id, object_key, created_at) VALUES (?, ?, 'before', NOW(6))`, owner.UserID[:], d.ID[:])
	_, err = r.db.Exec(`UPDATE sessions SET expires_at = UTC_TIMESTAMP(6) + INTERVAL 1 SECOND WHERE user_id = ?`, owner.UserID[:])
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, _, err := s.SetPicture(context.Background(), owner, d.ID, "after", 1000, task.ImageDone, pier)
		done <- err
	}()
	r.waitForWaiting(t)
	require.Eventually(t, func() bool {
		_, err := s.Task(t.Context(), owner, d.ID)
		return fault.Is(err, fault.Unauthorized)
	}, 3*time.Second, 50*time.Millisecond, "the session does not expire")
	require.NoError(t, r.Rollback())
	require.NoError(t, <-done)
	var key string
	require.NoError(t, r.db.QueryRow(`SELECT image_key FROM tasks WHERE id = ?`, d.ID[:]).Scan(&key))
	require.Equal(t, "after", key)
	var noted, labels int
	require.NoError(t, r.db.QueryRow(`SELECT (SELECT COUNT(*) FROM object_deletions WHERE object_key = 'before'), (SELECT COUNT(*) FROM task_labels)`).Scan(&noted, &labels))
	require.Equal(t, []int{1, 1}, []int{noted, labels})

	_, _, err = s.SetPicture(t.Context(), owner, d.ID, "late", 1000, task.ImageDone, pier)
	requireFault(t, fault.Unauthorized, err)
	_, err = s.AddTask(t.Context(), owner, draft(t, "late"))
	requireFault(t, fault.Unauthorized, err)
	require.NoError(t, r.db.QueryRow(`SELECT image_key FROM tasks`).Scan(&key))
	require.Equal(t, "after", key)
}

func TestARejectedCallLeavesNoTransactionOpen(t *testing.T) {
	t.Parallel()
	s, _, owner, d, r := contested(t)
	stale := uint32(7)
	_, err := s.UpdateTask(t.Context(), owner, d.ID, task.Change{Title: &d.Title, Version: &stale})
	requireFault(t, fault.Conflict, err)
	_, _, err = s.RemovePicture(t.Context(), owner, d.ID)
	requireFault(t, fault.NotFound, err)
	_, err = s.SetPredictions(t.Context(), owner, d.ID, "key", task.ImageDone, nil)
	requireFault(t, fault.Conflict, err)
	requireFault(t, fault.Unavailable, s.DeleteUser(t.Context(), owner, "another hash"))
	requireFault(t, fault.Unavailable, s.ChangePassword(t.Context(), owner, "another hash", "new"))
	require.NoError(t, s.CheckSession(t.Context(), owner), "the session goes on")
	require.False(t, r.isLocked(t, taskRow, owner.UserID[:], d.ID[:]))
	require.False(t, r.isLocked(t, sessionRow, owner.UserID[:], owner.SessionID[:]))
}

func TestNothingIsCommittedWithoutTimeForTheAnswer(t *testing.T) {
	t.Parallel()
	s, _, owner, d, _ := contested(t)
	_, err := s.Task(t.Context(), owner, d.ID) // connects
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	_, err = s.DeleteTask(ctx, owner, d.ID)
	requireFault(t, fault.Unavailable, err)
	_, err = s.Task(t.Context(), owner, d.ID)
	require.NoError(t, err)
}

func newBytes(t *testing.T) []byte {
	t.Helper()
	id := testbed.NewID(t)
	return id[:]
}
