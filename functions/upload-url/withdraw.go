package function

import (
	"context"

	"snaptask/functions/internal/task"
	"snaptask/functions/internal/web"
)

// withdraw makes the task await no photo, and forgets why the last one failed. The file, if it has come, is deleted by its event or by
// the sweep.
func (d *deps) withdraw(ctx context.Context, owner task.Owner, r web.Request[web.NoBody]) (any, error) {
	id, err := r.TaskID()
	if err != nil {
		return nil, err
	}
	return d.tasks.WithdrawUpload(ctx, owner, id)
}
