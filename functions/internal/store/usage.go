package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// Usage is how much a user's tasks take in total, how much a transaction adds to that, or a quota.
type Usage struct {
	Tasks      int64
	TextBytes  int64 // of titles and bodies, in UTF-8
	Photos     int64
	PhotoBytes int64 // in the object store
}

// usageColumns are the columns of user_usage. amounts has their values in the same order.
var usageColumns = []string{"tasks", "text_bytes", "photos", "photo_bytes"}

func (u *Usage) amounts() []*int64 { return []*int64{&u.Tasks, &u.TextBytes, &u.Photos, &u.PhotoBytes} }

// plus returns the sum, in which nothing is less than 0.
func (u Usage) plus(v Usage) Usage {
	for i, amount := range u.amounts() {
		*amount = max(*amount+*v.amounts()[i], 0)
	}
	return u
}

// usageChange returns by how much a user's usage changes when one task does. A task that does not exist is the zero Task.
func usageChange(from, to task.Task) Usage {
	change, before := usageOf(to), usageOf(from)
	for i, amount := range change.amounts() {
		*amount -= *before.amounts()[i]
	}
	return change
}

func usageOf(t task.Task) Usage {
	if t.ID == uuid.Nil {
		return Usage{}
	}
	u := Usage{Tasks: 1, TextBytes: int64(len(t.Title) + len(t.Body))}
	if t.ImageKey != "" {
		u.Photos, u.PhotoBytes = 1, t.ImageBytes
	}
	return u
}

// use adds a change of the user's usage, which this transaction has made, to the user's row in user_usage. It has to be the
// last statement, so that a user's transactions wait for each other no longer than a COMMIT takes. The fault is Forbidden if
// an amount that grows is then above its quota.
func (s *Store) use(ctx context.Context, tx *sql.Tx, userID uuid.UUID, change Usage) error {
	if change == (Usage{}) {
		return nil
	}
	text, args := useStatement(userID, s.quota, change)
	updated, err := rowsFound(tx.ExecContext(ctx, text, args...))
	if err != nil || updated == 1 {
		return err
	}
	// A quota is exceeded, or the user has no row yet.
	added, err := rowsFound(tx.ExecContext(ctx, `INSERT IGNORE INTO user_usage (user_id, counted_at) VALUES (?, UTC_TIMESTAMP(6))`, userID[:]))
	if err != nil {
		return err
	}
	var now Usage
	if added == 1 {
		now, err = countUsage(ctx, tx, userID) // includes the change
	} else if now, err = lockUsage(ctx, tx, userID); err == nil {
		now = now.plus(change)
	}
	if err != nil {
		return err
	}
	if err := exceeded(s.quota, now, change); err != nil {
		return err
	}
	return saveUsage(ctx, tx, userID, now)
}

// useStatement adds a change to the user's row unless a quota is exceeded.
func useStatement(userID uuid.UUID, quota, change Usage) (text string, args []any) {
	var set, where []string
	limits := quota.amounts()
	for i, by := range change.amounts() {
		if *by != 0 {
			set = append(set, fmt.Sprintf("%[1]s = GREATEST(%[1]s + ?, 0)", usageColumns[i]))
			args = append(args, *by)
		}
	}
	args = append(args, userID[:])
	for i, by := range change.amounts() {
		if *by > 0 && *limits[i] > 0 {
			where = append(where, fmt.Sprintf(" AND %s + ? <= ?", usageColumns[i]))
			args = append(args, *by, *limits[i])
		}
	}
	return `UPDATE user_usage SET ` + strings.Join(set, ", ") + ` WHERE user_id = ?` + strings.Join(where, ""), args
}

// lockUsage returns the user's row in user_usage, and locks it.
func lockUsage(ctx context.Context, tx *sql.Tx, userID uuid.UUID) (Usage, error) {
	return scanUsage(tx.QueryRowContext(ctx, `SELECT `+strings.Join(usageColumns, ", ")+` FROM user_usage WHERE user_id = ? FOR UPDATE`, userID[:]))
}

// countUsage counts what the user's tasks take. The user's row in user_usage has to be locked, and the transaction must not have
// read without a lock before: its snapshot then includes every transaction that has changed the row.
func countUsage(ctx context.Context, tx *sql.Tx, userID uuid.UUID) (Usage, error) {
	return scanUsage(tx.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(LENGTH(title) + LENGTH(body)), 0), COALESCE(SUM(image_key <> ''), 0),
		COALESCE(SUM(CASE image_key WHEN '' THEN 0 ELSE image_bytes END), 0) FROM tasks WHERE user_id = ?`, userID[:]))
}

func scanUsage(row scanner) (u Usage, err error) {
	var into []any
	for _, amount := range u.amounts() {
		into = append(into, amount)
	}
	err = row.Scan(into...)
	return u, err
}

func saveUsage(ctx context.Context, tx *sql.Tx, userID uuid.UUID, u Usage) error {
	_, err := tx.ExecContext(ctx, `UPDATE user_usage SET `+strings.Join(usageColumns, " = ?, ")+` = ?, counted_at = UTC_TIMESTAMP(6) WHERE user_id = ?`,
		u.Tasks, u.TextBytes, u.Photos, u.PhotoBytes, userID[:])
	return err
}

// Recount counts again what the tasks of at most limit users take, of those that were counted longest ago and more than a day
// ago. It corrects what replicas of an older version left uncounted while they ran. It returns how many users it counted, and
// for how many the result was another.
func (s *Store) Recount(ctx context.Context, limit int) (counted, corrected int, err error) {
	users, err := query(ctx, s, scanValue[uuid.UUID], `SELECT user_id FROM user_usage
		WHERE counted_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY ORDER BY counted_at LIMIT ?`, limit)
	if err != nil {
		return 0, 0, err
	}
	for _, id := range users {
		differs := false
		err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			was, err := lockUsage(ctx, tx, id)
			if errors.Is(err, sql.ErrNoRows) { // removed since
				return nil
			}
			if err != nil {
				return err
			}
			now, err := countUsage(ctx, tx, id)
			if err != nil {
				return err
			}
			differs = now != was
			return saveUsage(ctx, tx, id, now)
		})
		if err == nil {
			err = s.correctLabels(ctx, id)
		}
		if err != nil {
			return counted, corrected, err
		}
		counted++
		if differs {
			corrected++
		}
	}
	return counted, corrected, nil
}

// correctLabels copies the time of creation to labels of the user's tasks that a replica of an older version added without it.
func (s *Store) correctLabels(ctx context.Context, userID uuid.UUID) error {
	tasks, err := query(ctx, s, scanValue[uuid.UUID], `SELECT DISTINCT t.id FROM task_labels l JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id
		WHERE l.user_id = ? AND l.created_at <> t.created_at`, userID[:])
	if err != nil {
		return err
	}
	for _, id := range tasks {
		if _, err := s.exec(ctx, `UPDATE task_labels l JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id
			SET l.created_at = t.created_at WHERE l.user_id = ? AND l.task_id = ?`, userID[:], id[:]); err != nil {
			return err
		}
	}
	return nil
}
