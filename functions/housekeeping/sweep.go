package housekeeping

import (
	"context"
	"log/slog"
	"time"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
)

// sweep finishes what functions left undone. All it does may be done again, and at the same time by another sweep.
type sweep struct {
	db        *store.Store
	pictures  *objects.Store
	model     *classifier.Client
	orphanAge time.Duration // far above the time that an upload may take
	log       *slog.Logger
}

func openSweep(log *slog.Logger) (*sweep, error) {
	c := config.New()
	s := &sweep{store.Open(c), objects.Open(c), classifier.Open(c), c.Duration("ORPHAN_AGE", time.Hour, time.Second), log}
	if err := c.Err(); err != nil {
		return nil, wrongSettings(err)
	}
	return s, nil
}

// run does every part, whatever becomes of the others, and logs each with its counts.
func (s *sweep) run(ctx context.Context) error {
	failed := false
	for _, part := range []struct {
		name string
		do   func(context.Context) ([]any, error)
	}{
		{"deletions", s.deletions},
		{"pending", s.pending},
		{"prune", s.prune},
		{"orphans", func(ctx context.Context) ([]any, error) { return s.orphans(ctx, time.Now().Add(-s.orphanAge)) }},
	} {
		began := time.Now()
		counts, err := part.do(ctx)
		line := append([]any{"part", part.name, "seconds", time.Since(began).Seconds()}, counts...)
		if err != nil {
			failed = true
			s.log.Error("sweep", append(line, "cause", err.Error())...)
			continue
		}
		s.log.Info("sweep", line...)
	}
	if failed {
		return errSweep
	}
	return nil
}

func (s *sweep) deletions(ctx context.Context) ([]any, error) {
	gone, kept, err := deletion.Noted(ctx, s.db, s.pictures)
	return []any{"deleted", gone, "kept", kept}, err
}

func (s *sweep) prune(ctx context.Context) ([]any, error) {
	removed, err := s.db.Prune(ctx)
	return []any{"removed", removed}, err
}
