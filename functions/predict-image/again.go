package function

import (
	"context"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/recognition"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

// again recognises the stored photo once more. If the classifier is unreachable, the earlier labels stay.
func (d *deps) again(ctx context.Context, owner task.Owner, r web.Request[[]byte]) (any, error) {
	id, err := r.TaskID()
	if err != nil {
		return nil, err
	}
	if len(r.Body) > 0 {
		return nil, fault.New(fault.Invalid, "body_not_wanted", "POST recognises the stored photo again; send a new one with PUT.")
	}
	key, err := d.tasks.ImageKey(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	seen, err := recognition.Again(ctx, d.model, d.pictures, key)
	if err != nil {
		return nil, err
	}
	if seen.Problem != nil {
		return nil, seen.Problem
	}
	return d.tasks.SetPredictions(ctx, owner, id, key, seen.Status, seen.Predictions)
}
