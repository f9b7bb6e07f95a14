package housekeeping

import (
	"context"
	"fmt"
	"strings"
	"time"

	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// lookup is how many pictures are looked up in the database at once.
const lookup = 100

// orphans counts pictures of the bucket by what became of them.
type orphans struct {
	seen, young, removed, kept, strange int
}

// orphans removes pictures that no row names: uploads that died before the task knew of them. One that came after before is
// young and stays, since it may belong to an upload that is under way; both the object store's clock and that of the
// function that made the key must say that it is not. One of a user whom this database never had is strange and stays too:
// the bucket may be another database's as well.
func (s *sweep) orphans(ctx context.Context, before time.Time) ([]any, error) {
	var o orphans
	var old []store.Picture
	failures := 0 // in a row
	var first error
	look := func() error {
		strays, err := s.strays(ctx, old, &o)
		old = old[:0]
		if err != nil {
			return err
		}
		for _, p := range strays {
			if err := s.pictures.Delete(ctx, p.ImageKey); err != nil {
				o.kept++
				if first == nil {
					first = err
				}
				if failures++; failures == strikes {
					return first
				}
				continue
			}
			failures = 0
			o.removed++
		}
		return nil
	}
	err := s.pictures.List(ctx, func(key string, modified time.Time) error {
		o.seen++
		p, made, err := place(key)
		if err != nil {
			return err
		}
		if !modified.Before(before) || !made.Before(before) {
			o.young++
			return nil
		}
		if old = append(old, p); len(old) < lookup {
			return nil
		}
		return look()
	})
	if err == nil {
		err = look()
	}
	if err == nil {
		err = first
	}
	return []any{"seen", o.seen, "young", o.young, "removed", o.removed, "kept", o.kept, "strange", o.strange}, err
}

// strays keeps those pictures that no row names and whose users this database has, or had.
func (s *sweep) strays(ctx context.Context, pictures []store.Picture, o *orphans) ([]store.Picture, error) {
	named, err := s.db.Named(ctx, pictures)
	if err != nil {
		return nil, err
	}
	var nameless []store.Picture
	var users []uuid.UUID
	for _, p := range pictures {
		if !named[p.ImageKey] {
			nameless = append(nameless, p)
			users = append(users, p.UserID)
		}
	}
	known, err := s.db.KnownUsers(ctx, users)
	if err != nil {
		return nil, err
	}
	var strays []store.Picture
	for _, p := range nameless {
		if !known[p.UserID] {
			o.strange++
			continue
		}
		strays = append(strays, p)
	}
	return strays, nil
}

// place reads a key, as objects.NewKey makes it: whose the picture is, of which task, and when the key was made.
func place(key string) (p store.Picture, made time.Time, err error) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 {
		return p, made, fmt.Errorf("the key %q has not three parts", key)
	}
	var ids [3]uuid.UUID
	for i, part := range parts {
		if ids[i], err = uuid.Parse(part); err != nil {
			return p, made, fmt.Errorf("the key %q: %w", key, err)
		}
	}
	if ids[2].Version() == 7 {
		made = time.Unix(ids[2].Time().UnixTime())
	}
	return store.Picture{UserID: ids[0], TaskID: ids[1], ImageKey: key}, made, nil
}
