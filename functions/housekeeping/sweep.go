package housekeeping

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/telemetry"
)

// sweep finishes what functions left undone. It may be repeated, and run concurrently with another sweep.
type sweep struct {
	db        *store.Store
	pictures  *objects.Store
	model     *classifier.Client
	orphanAge time.Duration // far longer than an upload may take
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

// service is the sweep's name in logs and traces.
const service = "housekeeping"

// errSweep means that part of the sweep failed. The log has the cause.
var errSweep = errors.New("part of the sweep failed")

// run runs every part, even if others fail, and logs each with its counts.
func (s *sweep) run(ctx context.Context) error {
	failed := false
	for _, part := range []struct {
		name string
		do   func(context.Context) ([]any, error)
	}{
		{"accounts", s.accounts}, // before deletions, since it notes pictures
		{"deletions", s.deletions},
		{"uploads", func(ctx context.Context) ([]any, error) { return s.uploads(ctx, time.Now()) }}, // before pending, since it may leave photos so
		{"pending", s.pending},
		{"prune", s.prune},
		{"usage", s.usage},
		{"search", s.search},
		{"orphans", func(ctx context.Context) ([]any, error) { return s.orphans(ctx, time.Now().Add(-s.orphanAge)) }},
	} {
		failed = !s.runPart(ctx, part.name, part.do) || failed
	}
	if failed {
		return errSweep
	}
	return nil
}

// runPart runs a part, measured as a call of its own, and logs it. It reports whether the part succeeded.
func (s *sweep) runPart(ctx context.Context, name string, do func(context.Context) ([]any, error)) (done bool) {
	began := time.Now()
	ctx, call := telemetry.Start(ctx, "sweep "+name, "")
	counts, err := do(ctx)
	call.End(err != nil)
	line := []any{"function", service, "part", name, "ms", telemetry.Milliseconds(time.Since(began))}
	for _, field := range call.Fields() {
		line = append(line, field)
	}
	line = append(line, counts...)
	if err != nil {
		s.log.Error("sweep", append(line, "cause", err.Error())...)
		return false
	}
	s.log.Info("sweep", line...)
	return true
}

func (s *sweep) prune(ctx context.Context) ([]any, error) {
	removed, err := s.db.Prune(ctx)
	return []any{"removed", removed}, err
}

// usage counts what users' tasks take. The next sweep continues with other users.
func (s *sweep) usage(ctx context.Context) ([]any, error) {
	const users = 100
	counted, corrected, err := s.db.Recount(ctx, users)
	return []any{"counted", counted, "corrected", corrected}, err
}

// search makes tasks searchable that an earlier version of the functions wrote. The next sweep continues with other tasks.
func (s *sweep) search(ctx context.Context) ([]any, error) {
	const tasks = 50_000
	changed, err := s.db.UpdateSearch(ctx, tasks)
	return []any{"changed", changed}, err
}

// failures records the first error and counts consecutive ones, to decide when to give up.
type failures struct {
	first error
	inRow int
}

// add counts a failure. It reports whether there were so many in a row that the server counts as unavailable.
func (f *failures) add(err error) (giveUp bool) {
	if f.first == nil {
		f.first = err
	}
	f.inRow++
	return f.inRow == 3
}

// success resets the count of consecutive failures.
func (f *failures) success() { f.inRow = 0 }

// deletions deletes the pictures that functions noted for deletion. One that can't be deleted stays noted.
func (s *sweep) deletions(ctx context.Context) ([]any, error) {
	const page = 100
	deleted, kept := 0, 0
	counts := func() []any { return []any{"deleted", deleted, "kept", kept} }
	var failed failures
	for after := (store.Picture{}); ; {
		noted, err := s.db.NotedDeletions(ctx, after, page)
		if err != nil {
			return counts(), errors.Join(failed.first, err)
		}
		for _, p := range noted {
			after = p
			gone, err := deletion.Delete(ctx, s.db, s.pictures, p)
			switch {
			case err == nil && gone:
				deleted++
				failed.success()
			case err == nil:
				failed.success()
			default:
				kept++
				if failed.add(err) {
					return counts(), failed.first
				}
			}
		}
		if len(noted) < page {
			return counts(), failed.first
		}
	}
}
