package housekeeping

import (
	"context"
	"time"

	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// orphanPage is how many pictures are looked up in one statement.
const orphanPage = 100

// orphanCounts counts the bucket's pictures by what the sweep did with them.
type orphanCounts struct {
	seen, young, removed, kept, strange int
}

// orphans removes pictures that no row refers to: uploads that failed before they were attached to a task. A picture stored
// after before is young and stays, since its upload may be in progress; to be removed, it must be older by both the object
// store's clock and that of the function that made the key. A picture of a user whom this database never had is strange and
// stays too: another database may use the same bucket.
func (s *sweep) orphans(ctx context.Context, before time.Time) ([]any, error) {
	var n orphanCounts
	var old []store.Picture
	var failed failures
	remove := func() error {
		orphans, err := s.withoutRow(ctx, old, &n)
		old = old[:0]
		if err != nil {
			return err
		}
		for _, p := range orphans {
			gone, err := deletion.Delete(ctx, s.db, s.pictures, p)
			switch {
			case err == nil && gone:
				n.removed++
				failed.success()
			case err == nil: // set on its task meanwhile
				failed.success()
			default:
				n.kept++
				if failed.add(err) {
					return failed.first
				}
			}
		}
		return nil
	}
	err := s.pictures.List(ctx, func(key string, modified time.Time) error {
		n.seen++
		k, err := objects.ParseKey(key)
		if err != nil {
			return err
		}
		if !modified.Before(before) || !k.Made.Before(before) {
			n.young++
			return nil
		}
		if old = append(old, store.Picture{UserID: k.UserID, TaskID: k.TaskID, ImageKey: key}); len(old) < orphanPage {
			return nil
		}
		return remove()
	})
	if err == nil {
		err = remove()
	}
	if err == nil {
		err = failed.first
	}
	return []any{"seen", n.seen, "young", n.young, "removed", n.removed, "kept", n.kept, "strange", n.strange}, err
}

// withoutRow returns those pictures that no row refers to and whose users this database has, or had.
func (s *sweep) withoutRow(ctx context.Context, pictures []store.Picture, n *orphanCounts) (orphans []store.Picture, err error) {
	named, err := s.db.Named(ctx, pictures)
	if err != nil {
		return nil, err
	}
	var users []uuid.UUID
	for _, p := range pictures {
		if !named[p.ImageKey] {
			users = append(users, p.UserID)
		}
	}
	ours, err := s.db.KnownUsers(ctx, users)
	if err != nil {
		return nil, err
	}
	for _, p := range pictures {
		switch {
		case named[p.ImageKey]:
		case ours[p.UserID]:
			orphans = append(orphans, p)
		default:
			n.strange++
		}
	}
	return orphans, nil
}
