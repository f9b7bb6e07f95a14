package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// backlogRows is how many rows Backlog reads of each kind at most, so that it takes tens of milliseconds however much is waiting.
const backlogRows = 10_000

// Waiting is how much of one kind of work waits, and for how long the oldest has.
type Waiting struct {
	Count  int // at most backlogRows
	Oldest time.Duration
}

// Backlog is the work that waits for functions or for the sweep.
type Backlog struct {
	PendingPhotos Waiting // stored, but not classified yet
	Uploads       Waiting // that tasks await
	Deletions     Waiting // pictures that are noted for deletion
}

// Backlog reads the backlog of all users. If there are more than backlogRows of a kind, the oldest is that of as many.
func (s *Store) Backlog(ctx context.Context) (b Backlog, err error) {
	// The last part of a picture's key, and the id of an upload, are UUIDv7, so the least is the oldest.
	if b.PendingPhotos, err = s.waiting(ctx, `SELECT COUNT(*), MIN(RIGHT(k, 36)) FROM (
			SELECT image_key k FROM tasks WHERE image_status = 'pending' LIMIT ?) pending`); err != nil {
		return Backlog{}, err
	}
	if b.Uploads, err = s.waiting(ctx, `SELECT COUNT(*), MIN(HEX(upload_id)) FROM (
			SELECT upload_id FROM tasks WHERE upload_id IS NOT NULL ORDER BY upload_id LIMIT ?) awaited`); err != nil {
		return Backlog{}, err
	}
	noted, err := query(ctx, s, func(row scanner) (w Waiting, err error) {
		var micros int64
		err = row.Scan(&w.Count, &micros)
		w.Oldest = time.Duration(max(micros, 0)) * time.Microsecond
		return w, err
	}, `SELECT COUNT(*), COALESCE(TIMESTAMPDIFF(MICROSECOND, MIN(created_at), UTC_TIMESTAMP(6)), 0) FROM (
			SELECT created_at FROM object_deletions LIMIT ?) noted`, backlogRows)
	if err != nil {
		return Backlog{}, err
	}
	b.Deletions = noted[0]
	return b, nil
}

// waiting runs a statement that selects how many there are and the least of their UUIDv7.
func (s *Store) waiting(ctx context.Context, text string) (Waiting, error) {
	found, err := query(ctx, s, func(row scanner) (w Waiting, err error) {
		var least sql.NullString
		if err := row.Scan(&w.Count, &least); err != nil || !least.Valid {
			return w, err
		}
		id, err := uuid.Parse(least.String)
		if err != nil {
			return w, fmt.Errorf("the oldest of the backlog: %w", err)
		}
		w.Oldest = max(0, time.Since(time.Unix(id.Time().UnixTime())))
		return w, nil
	}, text, backlogRows)
	if err != nil {
		return Waiting{}, err
	}
	return found[0], nil
}
