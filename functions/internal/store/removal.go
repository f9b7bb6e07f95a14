package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
)

// removeUser deletes a user who is locked in this transaction: the name is free and no session is valid from now on. The
// user's other rows stay until EmptyUser deletes them.
func removeUser(ctx context.Context, tx *sql.Tx, userID uuid.UUID) error {
	for _, text := range []string{
		`DELETE FROM sessions WHERE user_id = ?`,
		`INSERT INTO deleted_users (id, deleted_at) VALUES (?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE deleted_at = VALUES(deleted_at), emptied_at = NULL`,
		`DELETE FROM users WHERE id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, text, userID[:]); err != nil {
			return err
		}
	}
	return nil
}

// UsersToEmpty returns deleted users whose rows are not all deleted yet, at most limit, starting after the given one.
func (s *Store) UsersToEmpty(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return query(ctx, s, scanValue[uuid.UUID], `SELECT id FROM deleted_users WHERE emptied_at IS NULL AND id > ? ORDER BY id LIMIT ?`, after[:], limit)
}

// emptyChunk is the most tasks that one transaction of EmptyUser deletes, so that none holds locks for long.
const emptyChunk = 500

// EmptyUser deletes the rows of a deleted user in several transactions, notes every picture for deletion, and returns how many
// tasks it deleted. If it fails, or if the process ends, another call continues.
func (s *Store) EmptyUser(ctx context.Context, userID uuid.UUID) (tasks int, err error) {
	for {
		deleted, err := s.deleteTasks(ctx, userID)
		tasks += deleted
		if err != nil {
			return tasks, err
		}
		if deleted == 0 {
			break
		}
	}
	if err := s.deleteChunks(ctx, `DELETE FROM deleted_tasks WHERE user_id = ? LIMIT ?`, userID); err != nil {
		return tasks, err
	}
	if _, err := s.exec(ctx, `DELETE FROM user_usage WHERE user_id = ?`, userID[:]); err != nil {
		return tasks, err
	}
	_, err = s.exec(ctx, `UPDATE deleted_users SET emptied_at = UTC_TIMESTAMP(6) WHERE id = ?`, userID[:])
	return tasks, err
}

// deleteTasks deletes the first tasks of a user without sessions, and notes their pictures for deletion. It returns how many
// it deleted.
func (s *Store) deleteTasks(ctx context.Context, userID uuid.UUID) (deleted int, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		last, err := scanValue[uuid.UUID](tx.QueryRowContext(ctx, `SELECT MAX(id) FROM (SELECT id FROM tasks WHERE user_id = ? ORDER BY id LIMIT ?) chunk
			HAVING MAX(id) IS NOT NULL`, userID[:], emptyChunk))
		if errors.Is(err, sql.ErrNoRows) {
			deleted = 0
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO object_deletions (user_id, task_id, object_key, created_at)
			SELECT user_id, id, image_key, UTC_TIMESTAMP(6) FROM tasks WHERE user_id = ? AND id <= ? AND image_key <> '' FOR UPDATE
			ON DUPLICATE KEY UPDATE created_at = VALUES(created_at)`, userID[:], last[:]); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM task_labels WHERE user_id = ? AND task_id <= ?`, userID[:], last[:]); err != nil {
			return err
		}
		rows, err := rowsFound(tx.ExecContext(ctx, `DELETE FROM tasks WHERE user_id = ? AND id <= ?`, userID[:], last[:]))
		deleted = int(rows)
		return err
	})
	return deleted, err
}

// deleteChunks repeats a DELETE of a user's rows with a LIMIT until it finds none.
func (s *Store) deleteChunks(ctx context.Context, text string, userID uuid.UUID) error {
	for {
		rows, err := s.exec(ctx, text, userID[:], emptyChunk)
		if err != nil || rows < emptyChunk {
			return err
		}
	}
}
