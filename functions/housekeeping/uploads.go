package housekeeping

import (
	"context"
	"errors"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/upload"

	"github.com/google/uuid"
)

const (
	eventTime = time.Minute // after which the event of an upload counts as lost
	// expiredTime is how long after its announcement no upload comes any more: a PUT can begin as long as its URL is valid, ten minutes,
	// and the web server acknowledges none that takes longer than six (its WriteTimeout). The rest is for clocks that differ.
	expiredTime = 20 * time.Minute
	// finishLimit is how many uploads one sweep sends to the classifier, which also serves users. They are listed user by user, and of one
	// user store.MaxAwaited are awaited at most, so that nobody keeps all others waiting.
	finishLimit = 500
	uploadPage  = 100

	// finishTime is how long one sweep finishes uploads. It must end within activeDeadlineSeconds of the CronJob, and its other parts
	// come after this one.
	finishTime = 5 * time.Minute
)

// errLimit ends a listing of uploads.
var errLimit = errors.New("enough for one sweep")

// uploadSweep is the part of a sweep that looks at uploads.
type uploadSweep struct {
	*sweep
	now    time.Time
	until  time.Time // no more uploads are finished after it
	n      uploadCounts
	failed failures
}

// uploadCounts counts uploads by what the sweep did with them.
type uploadCounts struct {
	labelled, refused, expired, removed, young, kept, strange int
}

// uploads does what the events of uploads would have done that were lost, and ends the waiting for uploads that never came. It
// removes uploads that no task awaits when they are as old as orphans. As there, one of a user whom this database never had stays.
func (s *sweep) uploads(ctx context.Context, now time.Time) ([]any, error) {
	u := &uploadSweep{sweep: s, now: now, until: time.Now().Add(finishTime)}
	err := s.pictures.ListUploads(ctx, func(key string, stored time.Time) error { return u.visit(ctx, key, stored) })
	if err == nil {
		err = u.expire(ctx)
	}
	if err == nil || errors.Is(err, errLimit) {
		err = u.failed.first
	}
	return []any{"labelled", u.n.labelled, "refused", u.n.refused, "expired", u.n.expired, "removed", u.n.removed, "young", u.n.young,
		"kept", u.n.kept, "strange", u.n.strange}, err
}

// visit finishes or removes an upload that the object store has.
func (u *uploadSweep) visit(ctx context.Context, key string, stored time.Time) error {
	k, err := objects.ParseUploadKey(key)
	if err != nil {
		return err
	}
	if !stored.Before(u.now.Add(-eventTime)) {
		u.n.young++
		return nil
	}
	one := store.Upload{UserID: k.UserID, TaskID: k.TaskID, ID: k.ID}
	awaited, err := u.db.AwaitsUpload(ctx, one)
	if err != nil {
		return err
	}
	if awaited {
		return u.finish(ctx, one)
	}
	if before := u.now.Add(-u.orphanAge); !stored.Before(before) || !k.Made.Before(before) {
		u.n.young++
		return nil
	}
	known, err := u.db.KnownUsers(ctx, []uuid.UUID{k.UserID})
	if err != nil {
		return err
	}
	if !known[k.UserID] {
		u.n.strange++
		return nil
	}
	if err := u.pictures.DeleteUpload(ctx, key); err != nil {
		return u.keep(err)
	}
	u.n.removed++
	u.failed.success()
	return nil
}

// expire ends the waiting of tasks for uploads that never came.
func (u *uploadSweep) expire(ctx context.Context) error {
	for after := (store.Upload{}); ; {
		page, err := u.db.AwaitedUploads(ctx, u.now.Add(-expiredTime), after, uploadPage)
		if err != nil {
			return err
		}
		for _, one := range page {
			after = one
			if err := u.finish(ctx, one); err != nil {
				return err
			}
		}
		if len(page) < uploadPage {
			return nil
		}
	}
}

// finish makes an upload the photo of its task, or says in the task that it never came.
func (u *uploadSweep) finish(ctx context.Context, one store.Upload) error {
	outcome, err := upload.Finish(ctx, upload.Deps{Tasks: u.db, Pictures: u.pictures, Model: u.model}, one)
	made := time.Unix(one.ID.Time().UnixTime())
	expired := err == nil && outcome == upload.Missing && made.Before(u.now.Add(-expiredTime))
	if expired {
		expired, err = u.db.FailUpload(ctx, one, "upload_expired")
	}
	if err != nil {
		return u.keep(err)
	}
	u.failed.success()
	switch {
	case expired:
		u.n.expired++
	case outcome == upload.Labelled:
		u.n.labelled++
	case outcome == upload.Refused:
		u.n.refused++
	}
	if u.n.labelled+u.n.refused == finishLimit || time.Now().After(u.until) {
		return errLimit
	}
	return nil
}

// keep counts an upload that could not be finished or removed. It returns the first error after several in a row.
func (u *uploadSweep) keep(err error) error {
	u.n.kept++
	if u.failed.add(err) {
		return u.failed.first
	}
	return nil
}
