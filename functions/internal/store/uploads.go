package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// Upload is an upload to the object store that was announced for a task.
type Upload struct {
	UserID, TaskID uuid.UUID
	ID             uuid.UUID // UUIDv7
}

// MaxAwaited is how many of a user's tasks can await an upload. Uploads are labelled one after the other, so thousands of one user
// would keep those of all others waiting.
const MaxAwaited = 100

// BeginUpload makes one of the owner's tasks await an upload instead of any earlier one, and returns the task. The fault is
// NotFound if the owner has no such task, Forbidden if its picture would exceed a quota, Throttled if MaxAwaited others await one.
func (s *Store) BeginUpload(ctx context.Context, owner task.Owner, taskID, uploadID uuid.UUID) (task.Task, error) {
	return s.changeTask(ctx, owner, taskID, func(ctx context.Context, tx *sql.Tx, t *task.Task) error {
		if err := s.checkUpload(ctx, tx, owner.UserID, t); err != nil {
			return err
		}
		t.SetUpload(uploadID, "")
		return saveTask(ctx, tx, owner.UserID, t)
	})
}

// checkUpload returns the fault of a task that may not await an upload. It locks nothing, so a picture that it lets pass can still exceed
// a quota when it has come, and announcements at the same moment can exceed MaxAwaited by their number.
func (s *Store) checkUpload(ctx context.Context, tx *sql.Tx, userID uuid.UUID, t *task.Task) error {
	var change Usage
	if t.ImageKey == "" {
		change = Usage{Photos: 1, PhotoBytes: 1}
	}
	if t.Uploading && change == (Usage{}) {
		return nil
	}
	var awaited int
	var now Usage // stays 0 if nothing is counted yet
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM tasks WHERE user_id = ? AND upload_id IS NOT NULL LIMIT ?) awaited),
		COALESCE(MAX(photos), 0), COALESCE(MAX(photo_bytes), 0) FROM user_usage WHERE user_id = ?`,
		userID[:], MaxAwaited, userID[:]).Scan(&awaited, &now.Photos, &now.PhotoBytes); err != nil {
		return err
	}
	if err := exceeded(s.quota, now.plus(change), change); err != nil {
		return err
	}
	if !t.Uploading && awaited >= MaxAwaited {
		return &fault.Error{
			Kind: fault.Throttled, Code: "too_many_uploads",
			Message:    fmt.Sprintf("You have %d photos on their way. Please wait until some have arrived.", MaxAwaited),
			RetryAfter: 5 * time.Second,
		}
	}
	return nil
}

// WithdrawUpload makes one of the owner's tasks await no upload, and forgets why the last one failed. It returns the task, unchanged
// if there is neither. The fault is NotFound if the owner has no such task.
func (s *Store) WithdrawUpload(ctx context.Context, owner task.Owner, taskID uuid.UUID) (task.Task, error) {
	return s.changeTask(ctx, owner, taskID, func(ctx context.Context, tx *sql.Tx, t *task.Task) error {
		if !t.Uploading && t.UploadError == "" {
			return nil
		}
		t.SetUpload(uuid.Nil, "")
		return saveTask(ctx, tx, owner.UserID, t)
	})
}

// AwaitsUpload reports whether the upload's task awaits it.
func (s *Store) AwaitsUpload(ctx context.Context, u Upload) (bool, error) {
	found, err := query(ctx, s, scanValue[int], `SELECT 1 FROM tasks WHERE user_id = ? AND id = ? AND upload_id = ?`, u.UserID[:], u.TaskID[:], u.ID[:])
	return len(found) > 0, err
}

// FinishUpload is SetPicture for the upload that a task awaits. It needs no session. The fault is Conflict with the code
// upload_not_awaited if the task does not exist or does not await this upload, Forbidden if the picture exceeds a quota.
func (s *Store) FinishUpload(ctx context.Context, u Upload, key string, bytes int64, status task.ImageStatus, predictions []task.Prediction) (replaced []string, err error) {
	err = s.changeAwaiting(ctx, u, func(ctx context.Context, tx *sql.Tx, t *task.Task) (err error) {
		if replaced, err = detachPicture(ctx, tx, u.UserID, t, key); err != nil {
			return err
		}
		t.SetUpload(uuid.Nil, "")
		t.ImageBytes = bytes
		return attachPicture(ctx, tx, u.UserID, t, key, status, predictions)
	})
	return replaced, err
}

// FailUpload sets the task's upload error to this code if the task awaits the upload: the task no longer awaits it, and keeps
// its picture. It needs no session. It reports whether the task awaited the upload. A task at its last version stays at it, so that
// it does not wait forever.
func (s *Store) FailUpload(ctx context.Context, u Upload, code string) (failed bool, err error) {
	err = s.changeAwaiting(ctx, u, func(ctx context.Context, tx *sql.Tx, t *task.Task) error {
		t.SetUpload(uuid.Nil, task.UploadError(code))
		t.Version = min(t.Version, math.MaxUint32-1)
		return saveTask(ctx, tx, u.UserID, t)
	})
	if IsNotAwaited(err) {
		return false, nil
	}
	return err == nil, err
}

// changeAwaiting runs f in a transaction in which the upload's task is locked. The fault is that of FinishUpload.
func (s *Store) changeAwaiting(ctx context.Context, u Upload, f func(context.Context, *sql.Tx, *task.Task) error) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// By the primary key alone, so that only this row is locked, not others in the index of uploads.
		t, err := taskScanner()(tx.QueryRowContext(ctx, selectTask+` FROM tasks t WHERE t.user_id = ? AND t.id = ? FOR UPDATE`, u.UserID[:], u.TaskID[:]))
		if errors.Is(err, sql.ErrNoRows) || err == nil && (!t.Uploading || t.UploadID != u.ID) {
			return notAwaited()
		}
		if err != nil {
			return err
		}
		before := t
		if err := f(ctx, tx, &t); err != nil {
			return err
		}
		return s.use(ctx, tx, u.UserID, usageChange(before, t))
	})
}

// AwaitedUploads returns the uploads that tasks await and whose ids were made before a time, at most limit, in the order of
// their ids, starting after the given one.
func (s *Store) AwaitedUploads(ctx context.Context, before time.Time, after Upload, limit int) ([]Upload, error) {
	end := firstID(before)
	return query(ctx, s, scanUpload, `SELECT user_id, id, upload_id FROM tasks WHERE upload_id > ? AND upload_id < ? ORDER BY upload_id LIMIT ?`,
		after.ID[:], end[:], limit)
}

func scanUpload(row scanner) (u Upload, err error) {
	err = row.Scan(&u.UserID, &u.TaskID, &u.ID)
	return u, err
}

// firstID returns the least UUIDv7 of a time, in milliseconds.
func firstID(at time.Time) (id uuid.UUID) {
	ms := uint64(max(at.UnixMilli(), 0))
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	return id
}

const uploadNotAwaited = "upload_not_awaited"

func notAwaited() error {
	return fault.New(fault.Conflict, uploadNotAwaited, "The task does not await this upload.")
}

// IsNotAwaited reports whether err is the fault of an upload that its task does not await.
func IsNotAwaited(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code == uploadNotAwaited
}
