// Package upload turns what was uploaded to the object store into photos of tasks.
package upload

import (
	"context"
	"errors"
	"log/slog"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/deletion"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/recognition"
	"snaptask/functions/internal/store"
	"snaptask/functions/telemetry"
)

// Deps are the servers that an upload needs.
type Deps struct {
	Tasks    *store.Store
	Pictures *objects.Store
	Model    *classifier.Client
}

// Outcome is what became of an upload.
type Outcome string

const (
	Labelled   Outcome = "labelled"    // it is the task's photo
	Refused    Outcome = "refused"     // the task has the reason
	Missing    Outcome = "missing"     // the task awaits it, but it is not in the object store
	NotAwaited Outcome = "not awaited" // another call was faster, or the task awaits another one or none
)

// Finish makes the upload the photo of its task, with labels, if the task awaits it, or sets the task's upload error if it can't be
// a photo. Then, or if the task does not await it, it deletes the upload. A photo that the classifier does not label for now is
// attached as pending. The fault is Unavailable: the call can be repeated, and may run several times at once.
func Finish(ctx context.Context, d Deps, u store.Upload) (Outcome, error) {
	key := objects.UploadKey(u.UserID, u.TaskID, u.ID)
	outcome, err := d.finish(ctx, u, key)
	if err != nil || outcome == Missing {
		return outcome, err
	}
	err = d.Pictures.DeleteUpload(ctx, key)
	if err != nil && outcome != NotAwaited { // the task has been changed: this is done
		slog.Warn("an upload is left to the sweep", "key", key, "cause", err.Error())
		err = nil
	}
	return outcome, err
}

func (d Deps) finish(ctx context.Context, u store.Upload, key string) (Outcome, error) {
	awaited, err := d.Tasks.AwaitsUpload(ctx, u)
	if err != nil || !awaited {
		return NotAwaited, err
	}
	uploaded, err := d.Pictures.GetUpload(ctx, key)
	if fault.Is(err, fault.NotFound) {
		return Missing, nil
	}
	if err == nil {
		err = d.attach(ctx, u, uploaded)
	}
	switch reason := refusal(err); {
	case err == nil:
		return Labelled, nil
	case store.IsNotAwaited(err):
		return NotAwaited, nil
	case reason == "":
		return "", err
	default:
		slog.Info("an upload is refused", "key", key, "cause", err.Error())
		failed, err := d.Tasks.FailUpload(ctx, u, reason)
		if !failed {
			return NotAwaited, err
		}
		return Refused, nil
	}
}

// attach stores the photo, then sets it on the task, then deletes the photo that it replaces. It does so in the trace of the call that
// announced the upload.
func (d Deps) attach(ctx context.Context, u store.Upload, uploaded objects.Upload) (err error) {
	ctx, end := telemetry.Continue(ctx, "label an upload", uploaded.Trace)
	defer func() { end(err) }()
	photo, err := picture.Decode(ctx, uploaded.Data)
	if err != nil {
		return err
	}
	key := objects.NewKey(u.UserID, u.TaskID)
	seen, err := recognition.Store(ctx, d.Model, d.Pictures, key, photo)
	if err != nil {
		return err
	}
	replaced, err := d.Tasks.FinishUpload(ctx, u, key, seen.Bytes, seen.Status, seen.Predictions)
	if err != nil {
		return deletion.Unattached(ctx, d.Tasks, d.Pictures, store.Picture{UserID: u.UserID, TaskID: u.TaskID, ImageKey: key}, err)
	}
	deletion.CarryOut(ctx, d.Tasks, d.Pictures, u.UserID, u.TaskID, replaced)
	if seen.Problem != nil {
		slog.Warn("an uploaded photo is pending", "key", key, "cause", seen.Problem.Error())
	}
	return nil
}

// refusal returns the code of a fault that another try would have too, or "".
func refusal(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	switch f.Kind {
	case fault.Invalid, fault.UnsupportedMedia, fault.Unprocessable, fault.TooLarge, fault.Forbidden, fault.Conflict:
		return f.Code
	}
	return ""
}
