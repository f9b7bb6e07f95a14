package housekeeping

import (
	"context"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/recognition"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
)

// pendingLimit is how many pictures one sweep shows to the classifier, which has those of people waiting to look at too;
// pendingPage is how many are listed at once.
const (
	pendingLimit = 500
	pendingPage  = 50
)

// strikes is how often in a row the object store may fail before it counts as away.
const strikes = 3

// pending recognises pictures that were kept while the classifier was away. It gives up when that still is; a picture that
// is lost or damaged counts as refused, or it would be tried for ever.
func (s *sweep) pending(ctx context.Context) ([]any, error) {
	recognised, refused, kept := 0, 0, 0
	counts := func() []any { return []any{"recognised", recognised, "refused", refused, "kept", kept} }
	var first error
	failures := 0 // of the object store, in a row
	var behind store.Picture
	for range pendingLimit / pendingPage {
		page, err := s.db.PendingPictures(ctx, behind, pendingPage)
		if err != nil {
			return counts(), err
		}
		for _, p := range page {
			behind = p
			seen, err := recognition.Again(ctx, s.model, s.pictures, p.ImageKey)
			switch {
			case unreadable(err):
				s.log.Warn("a stored picture can't be recognised", "key", p.ImageKey, "cause", err.Error())
				seen = recognition.Result{Status: task.ImageFailed}
			case err != nil:
				kept++
				if first == nil {
					first = err
				}
				if failures++; failures == strikes {
					return counts(), first
				}
				continue
			case seen.Problem != nil:
				kept++
				return counts(), seen.Problem
			}
			failures = 0
			changed, err := s.db.SetPendingPredictions(ctx, p, seen.Status, seen.Predictions)
			switch {
			case err != nil:
				return counts(), err
			case !changed: // replaced or removed meanwhile, or recognised by someone else
			case seen.Status == task.ImageDone:
				recognised++
			default:
				refused++
			}
		}
		if len(page) < pendingPage {
			break
		}
	}
	return counts(), first
}

// unreadable says whether an error of recognition.Again will come again whenever it is tried.
func unreadable(err error) bool {
	for _, kind := range []fault.Kind{fault.NotFound, fault.Invalid, fault.Unprocessable, fault.UnsupportedMedia, fault.TooLarge} {
		if fault.Is(err, kind) {
			return true
		}
	}
	return false
}
