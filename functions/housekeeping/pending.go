package housekeeping

import (
	"context"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/recognition"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
)

const (
	pendingLimit = 500 // pictures that one sweep sends to the classifier, which also serves users
	pendingPage  = 50
)

// pending recognises pictures that were stored while the classifier was unavailable. It gives up if the classifier still is.
// A picture that is lost or damaged counts as refused; otherwise it would be retried forever.
func (s *sweep) pending(ctx context.Context) ([]any, error) {
	recognised, refused, kept := 0, 0, 0
	counts := func() []any { return []any{"recognised", recognised, "refused", refused, "kept", kept} }
	var failed failures
	var after store.Picture
	for range pendingLimit / pendingPage {
		page, err := s.db.PendingPictures(ctx, after, pendingPage)
		if err != nil {
			return counts(), err
		}
		for _, p := range page {
			after = p
			result, err := recognition.Again(ctx, s.model, s.pictures, p.ImageKey)
			switch {
			case permanent(err):
				s.log.Warn("a stored picture can't be recognised", "key", p.ImageKey, "cause", err.Error())
				result = recognition.Result{Status: task.ImageFailed}
			case err != nil:
				kept++
				if failed.add(err) {
					return counts(), failed.first
				}
				continue
			case result.Problem != nil:
				kept++
				return counts(), result.Problem
			}
			failed.success()
			changed, err := s.db.SetPendingPredictions(ctx, p, result.Status, result.Predictions)
			switch {
			case fault.Is(err, fault.Conflict): // its task can't be changed any more
				s.log.Warn("a recognised picture can't be saved", "key", p.ImageKey, "cause", err.Error())
				kept++
			case err != nil:
				return counts(), err
			case !changed: // replaced, removed or recognised in the meantime
			case result.Status == task.ImageDone:
				recognised++
			default:
				refused++
			}
		}
		if len(page) < pendingPage {
			break
		}
	}
	return counts(), failed.first
}

// permanent reports whether retrying recognition.Again can't help against err.
func permanent(err error) bool {
	for _, kind := range []fault.Kind{fault.NotFound, fault.Invalid, fault.Unprocessable, fault.UnsupportedMedia, fault.TooLarge} {
		if fault.Is(err, kind) {
			return true
		}
	}
	return false
}
