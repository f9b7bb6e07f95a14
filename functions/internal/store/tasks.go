package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"

	"github.com/google/uuid"
)

// taskColumns are the columns of a task besides its key, user_id and id. taskFields has their fields in the same order.
var taskColumns = []string{
	"title", "body", "due_date", "completed", "created_at", "updated_at", "version", "image_key", "image_bytes", "image_status", "predictions", "upload_id", "upload_error",
}

// taskFields returns pointers to the fields of a task that taskColumns hold, to scan into or as values of a statement.
func taskFields(t *task.Task) []any {
	return []any{
		&t.Title, &t.Body, (*dateColumn)(&t.DueDate), &t.Completed, (*timeColumn)(&t.CreatedAt), (*timeColumn)(&t.UpdatedAt), &t.Version, &t.ImageKey, &t.ImageBytes,
		(*string)(&t.ImageStatus), (*predictionsColumn)(&t.Predictions), (*idColumn)(&t.UploadID), (*string)(&t.UploadError),
	}
}

// The statements that read or write whole tasks are made of taskColumns and writtenColumns.
var (
	selectTask = `SELECT t.id, t.` + strings.Join(taskColumns, `, t.`)
	insertTask = `INSERT INTO tasks (user_id, id, ` + strings.Join(writtenColumns, `, `) + `)
		SELECT s.user_id, ?` + strings.Repeat(`, ?`, len(writtenColumns)) + ` FROM sessions s
		WHERE ` + validSession + ` AND NOT EXISTS (SELECT 1 FROM deleted_tasks d WHERE d.user_id = s.user_id AND d.id = ?) LOCK IN SHARE MODE`
	updateTask = `UPDATE tasks SET ` + strings.Join(writtenColumns, ` = ?, `) + ` = ? WHERE user_id = ? AND id = ?`
)

// taskScanner returns a function that scans one row of selectTask after another.
func taskScanner() func(scanner) (task.Task, error) {
	var t task.Task
	into := append([]any{&t.ID}, taskFields(&t)...)
	return func(row scanner) (task.Task, error) {
		err := row.Scan(into...)
		t.SetPhoto(t.ImageKey, t.ImageStatus, t.Predictions)
		t.SetUpload(t.UploadID, t.UploadError)
		return t, err
	}
}

// AddTask stores a task that task.New made for its owner. It returns the stored task if the owner already has one with this
// id: the call was repeated. The fault is Conflict if the owner had such a task and deleted it, Forbidden if the task exceeds
// a quota.
func (s *Store) AddTask(ctx context.Context, owner task.Owner, t task.Task) (task.Task, error) {
	args := append([]any{t.ID[:]}, writtenFields(&t)...)
	args = append(append(args, sessionOf(owner)...), t.ID[:])
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		added, err := rowsFound(tx.ExecContext(ctx, insertTask, args...))
		if err != nil {
			return err
		}
		if added == 0 {
			return sql.ErrNoRows
		}
		return s.use(ctx, tx, owner.UserID, usageChange(task.Task{}, t))
	})
	switch {
	case number(err) == duplicateKey:
		t, err = s.Task(ctx, owner, t.ID)
		if fault.Is(err, fault.NotFound) { // deleted since
			err = taskDeleted()
		}
	case errors.Is(err, sql.ErrNoRows):
		err = s.orSessionEnded(ctx, owner, taskDeleted())
	}
	if err != nil {
		return task.Task{}, err
	}
	return t, nil
}

// Task returns one of the owner's tasks. The fault is NotFound if the owner has none with this id.
func (s *Store) Task(ctx context.Context, owner task.Owner, id uuid.UUID) (task.Task, error) {
	found, err := query(ctx, s, taskScanner(), selectTask+` FROM sessions s JOIN tasks t ON t.user_id = s.user_id WHERE `+validSession+` AND t.id = ?`,
		append(sessionOf(owner), id[:])...)
	switch {
	case err != nil:
		return task.Task{}, err
	case len(found) == 0:
		return task.Task{}, s.orSessionEnded(ctx, owner, noSuchTask())
	}
	return found[0], nil
}

// ImageKey returns the key of the photo of one of the owner's tasks. The fault is NotFound if the owner has no such task or
// it has no photo.
func (s *Store) ImageKey(ctx context.Context, owner task.Owner, id uuid.UUID) (string, error) {
	t, err := s.Task(ctx, owner, id)
	if err == nil && !t.Upload {
		err = noPicture()
	}
	return t.ImageKey, err
}

// UpdateTask changes one of the owner's tasks and returns it. If the task has the version after that of the change and its
// values already, it returns the task as it is: the call was repeated. The fault is Conflict if the task has another version,
// NotFound if the owner has no such task, Forbidden if the change exceeds a quota.
func (s *Store) UpdateTask(ctx context.Context, owner task.Owner, id uuid.UUID, c task.Change) (task.Task, error) {
	return s.changeTask(ctx, owner, id, func(ctx context.Context, tx *sql.Tx, t *task.Task) error {
		if t.Version-1 == *c.Version && c.IsApplied(*t) {
			return nil
		}
		if t.Version != *c.Version {
			return fault.New(fault.Conflict, "stale_version", "The task was changed since you saw it.")
		}
		c.Apply(t)
		return saveTask(ctx, tx, owner.UserID, t)
	})
}

// DeleteTask removes one of the owner's tasks and notes its picture for deletion. It returns the key of the picture, if
// the task had one. The fault is NotFound if the owner has no such task.
func (s *Store) DeleteTask(ctx context.Context, owner task.Owner, id uuid.UUID) (imageKeys []string, err error) {
	_, err = s.changeTask(ctx, owner, id, func(ctx context.Context, tx *sql.Tx, t *task.Task) (err error) {
		if imageKeys, err = detachPicture(ctx, tx, owner.UserID, t, ""); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO deleted_tasks (user_id, id, deleted_at) VALUES (?, ?, UTC_TIMESTAMP(6))
			ON DUPLICATE KEY UPDATE deleted_at = VALUES(deleted_at)`, owner.UserID[:], id[:]); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM tasks WHERE user_id = ? AND id = ?`, owner.UserID[:], id[:])
		*t = task.Task{}
		return err
	})
	return imageKeys, err
}

// changeTask runs f in a transaction in which one of the owner's tasks is locked, and returns the task as f leaves it: the zero
// Task if f deletes it. The fault is Unauthorized if the session has ended, NotFound if the owner has no such task, Forbidden
// if the change exceeds a quota.
func (s *Store) changeTask(ctx context.Context, owner task.Owner, id uuid.UUID, f func(context.Context, *sql.Tx, *task.Task) error) (task.Task, error) {
	var t task.Task
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		// The subquery takes a shared lock on the session, so other transactions of the session need not wait.
		t, err = taskScanner()(tx.QueryRowContext(ctx, selectTask+` FROM tasks t
			WHERE t.user_id = (SELECT s.user_id FROM sessions s WHERE `+validSession+` LOCK IN SHARE MODE) AND t.id = ? FOR UPDATE`,
			append(sessionOf(owner), id[:])...))
		if err != nil {
			return err
		}
		before := t
		if err := f(ctx, tx, &t); err != nil {
			return err
		}
		return s.use(ctx, tx, owner.UserID, usageChange(before, t))
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = s.orSessionEnded(ctx, owner, noSuchTask())
	}
	if err != nil {
		return task.Task{}, err
	}
	return t, nil
}

// saveTask writes a task that is locked in this transaction, as its next version. The fault is Conflict if there is none.
func saveTask(ctx context.Context, tx *sql.Tx, userID uuid.UUID, t *task.Task) error {
	if t.Version == math.MaxUint32 {
		return fault.New(fault.Conflict, "last_version", "This task was changed too often to be changed again. Please create it again.")
	}
	t.Version++
	t.UpdatedAt = task.NewTime(now())
	_, err := tx.ExecContext(ctx, updateTask, append(writtenFields(t), userID[:], t.ID[:])...)
	return err
}

// idColumn is an id in a BINARY(16) column. Nil is NULL.
type idColumn uuid.UUID

func (c *idColumn) Scan(value any) error {
	*c = idColumn{}
	return (*uuid.UUID)(c).Scan(value)
}

func (c idColumn) Value() (driver.Value, error) {
	if c == (idColumn{}) {
		return nil, nil
	}
	return c[:], nil
}

// timeColumn is a task.Time in a DATETIME column.
type timeColumn task.Time

func (t *timeColumn) Scan(value any) error {
	moment, ok := value.(time.Time)
	if !ok {
		return fmt.Errorf("unexpected type %T for a time", value)
	}
	*t = timeColumn(task.NewTime(moment))
	return nil
}

// Value returns the time as SQL writes it, with a space instead of the T and without the Z.
func (t timeColumn) Value() (driver.Value, error) {
	return strings.TrimSuffix(strings.Replace(string(t), "T", " ", 1), "Z"), nil
}

// dateColumn is a task.Date in a DATE column.
type dateColumn task.Date

func (d *dateColumn) Scan(value any) error {
	day, ok := value.(time.Time)
	if !ok {
		return fmt.Errorf("unexpected type %T for a date", value)
	}
	*d = dateColumn(day.Format(time.DateOnly))
	return nil
}
