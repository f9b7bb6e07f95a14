package housekeeping

import (
	"context"
	"time"
)

// patience is how long a command waits for its servers: one may be restarting, and a scheduled sweep starts before network
// policies know its pod.
const patience = 30 * time.Second

// wait returns when every server is ready, or after patience. Then the command itself reports what is wrong.
func wait(ctx context.Context, servers ...func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, ready := range servers {
		for ready(ctx) != nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}
}
