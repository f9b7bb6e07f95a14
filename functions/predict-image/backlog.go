package function

import (
	"snaptask/functions/internal/backlog"
	"snaptask/functions/internal/store"
)

// The backlog is exported by this function because it works on most of it, and because its account may read all of it.
func init() {
	backlog.Export(func() (*store.Store, error) {
		d, err := function.Deps()
		if err != nil {
			return nil, err
		}
		return d.tasks, nil
	})
}
